"""Masks measured from the maps themselves."""
