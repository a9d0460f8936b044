"""How two backgrounds fluctuate together: maps, masks, auto- and cross-power, noise and null spectra, a fit."""
