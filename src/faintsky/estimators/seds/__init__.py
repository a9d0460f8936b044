"""Fits of template spectra to photometry."""
