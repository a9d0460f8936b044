"""Simulated catalogues."""
