"""What turns rates into fluxes and luminosities: plain objects, made from a spectrum and a response."""
