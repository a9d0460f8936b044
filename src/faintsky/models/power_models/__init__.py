"""Parametric power spectra."""
