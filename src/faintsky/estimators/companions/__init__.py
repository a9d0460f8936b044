"""Companions of AGN in images: sources of three runs merged, and the cuts that make them pairs."""
