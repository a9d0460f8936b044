"""Light of the nuclei of galaxies in several bands, at one resolution."""
