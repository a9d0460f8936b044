"""Simulated counts spectra."""
