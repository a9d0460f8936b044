"""The study ``dual-agn``: one or two X-ray point sources, by Bayes factor."""
