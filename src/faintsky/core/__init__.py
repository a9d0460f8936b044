"""The interfaces, and what every plugin needs. Imports nothing else of faintsky."""
