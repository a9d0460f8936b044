"""Catalogues from files."""
