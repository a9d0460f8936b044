"""Photons of simulated point sources: like observed ones, from the likelihood itself, or of whole samples."""
