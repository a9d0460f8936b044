"""Power spectra of masked maps: the papers' recipe, mode-decoupled bandpowers, and two-point correlations."""
