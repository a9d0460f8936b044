"""Likelihoods of a population: sources and the area in which they could be detected."""
