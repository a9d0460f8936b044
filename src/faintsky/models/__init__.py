"""What the sky is: spectra, luminosity functions, clustering, PSFs. Parametric, no data."""
