"""Template spectra of galaxies and AGN, made up for demonstrations."""
