"""Adapters of cosmology codes."""
