"""Samplers that other people wrote, behind one interface."""
