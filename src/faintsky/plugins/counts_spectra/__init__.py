"""Counts spectra."""
