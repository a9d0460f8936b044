"""What is made of measured bandpowers: noise-free power, beams, coherence, stacks, covariances, jackknife."""
