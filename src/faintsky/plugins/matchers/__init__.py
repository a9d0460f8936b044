"""Adapters of matching codes."""
