"""Simulated images about AGN."""
