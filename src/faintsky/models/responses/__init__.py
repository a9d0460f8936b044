"""Responses of idealised detectors."""
