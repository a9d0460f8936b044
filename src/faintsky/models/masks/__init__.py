"""Masks that are drawn, not read."""
