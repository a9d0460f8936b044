"""Samples of X-ray sources: which of them count, in which band."""
