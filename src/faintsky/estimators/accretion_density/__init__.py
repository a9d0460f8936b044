"""What black holes accrete: from luminosity functions to mass."""
