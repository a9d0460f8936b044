"""Photons of single sources read from event files."""
