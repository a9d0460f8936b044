"""Unbinned likelihoods of photons around a source: how many point sources, where, and how bright."""
