"""Bolometric corrections."""
