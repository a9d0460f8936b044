"""How data are compared with models."""
