"""Classes of column density, and what they correct."""
