"""Redshift distributions from files."""
