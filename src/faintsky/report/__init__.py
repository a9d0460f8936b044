"""A run directory becomes one HTML page and tables."""
