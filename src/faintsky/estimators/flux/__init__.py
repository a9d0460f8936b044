"""Fluxes from power spectra, and what they imply: accreted mass, number of sources, resolved fraction."""
