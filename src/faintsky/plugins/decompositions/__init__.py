"""Adapters of codes that fit images."""
