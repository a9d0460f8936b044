"""Redshifts from colours: distributions, their broadening, and their check against spectra."""
