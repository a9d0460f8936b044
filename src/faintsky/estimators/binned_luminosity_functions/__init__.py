"""Luminosity functions in bins."""
