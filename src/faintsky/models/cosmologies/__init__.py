"""Cosmologies that need no engine."""
