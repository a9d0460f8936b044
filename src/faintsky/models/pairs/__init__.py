"""Samples of projected pairs with known truth."""
