"""The study ``spectrum``: counts spectra, models, what follows from their fit."""
