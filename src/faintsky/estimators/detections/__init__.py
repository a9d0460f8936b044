"""From an X-ray image to its sources and its sensitivity."""
