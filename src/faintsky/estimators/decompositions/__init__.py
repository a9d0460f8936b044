"""Images taken apart into galaxies and points."""
