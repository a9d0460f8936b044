"""Photoelectric cross-sections per hydrogen atom."""
