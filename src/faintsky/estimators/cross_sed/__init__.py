"""Spectral energy distributions of cross-powers, compared with models."""
