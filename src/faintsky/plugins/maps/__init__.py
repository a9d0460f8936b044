"""Sources of maps that read files."""
