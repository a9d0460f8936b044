"""The analyses: they wire components, asked for by name, into steps."""
