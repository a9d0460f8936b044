"""Template spectra of galaxies and AGN from files and other codes."""
