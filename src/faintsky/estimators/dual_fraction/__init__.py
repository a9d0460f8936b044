"""The fraction of dual AGN in a sample: false positives, the sample as a whole, sensitivity, limits, forecasts."""
