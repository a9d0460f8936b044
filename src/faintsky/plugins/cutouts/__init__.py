"""Images about AGN from files."""
