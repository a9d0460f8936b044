"""Counterparts of sources in other catalogues."""
