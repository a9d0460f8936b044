"""Posteriors that need no engine."""
