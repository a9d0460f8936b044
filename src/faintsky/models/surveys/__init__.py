"""Simulated surveys: images and samples of known truth."""
