"""The study ``pairs``: AGN and their companions in images, from pixels to the fraction of pairs."""
