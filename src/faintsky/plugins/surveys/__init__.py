"""Surveys from files."""
