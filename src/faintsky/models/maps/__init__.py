"""Simulated maps."""
