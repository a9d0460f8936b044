"""Spectral models of files and engines."""
