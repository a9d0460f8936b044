"""Power spectra by packages of others: TreeCorr and NaMaster."""
