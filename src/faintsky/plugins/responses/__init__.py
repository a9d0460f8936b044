"""Responses of X-ray telescopes."""
