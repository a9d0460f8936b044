"""What is measured from data: power spectra, likelihoods, and later evidences and counts."""
