"""Masks read from files: regions, catalogues, images."""
