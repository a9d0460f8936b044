"""Luminosity functions: parametric forms, published sets of parameters, tables."""
