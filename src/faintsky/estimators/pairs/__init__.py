"""What a sample of weighed pairs says: cuts, fractions with redshift, separations, correlations, contamination."""
