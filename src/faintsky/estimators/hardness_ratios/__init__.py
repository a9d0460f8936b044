"""Hardness ratios of counts and of signed powers."""
