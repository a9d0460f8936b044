"""The study ``cross-sed``: the spectrum of what is common to two backgrounds, against models."""
