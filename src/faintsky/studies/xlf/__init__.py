"""The study ``xlf``: from X-ray images to the luminosity function and the accretion density."""
