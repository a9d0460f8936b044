"""Spectral models with the names and units of XSPEC."""
