"""Matter clustering, projected on the sky."""
