"""How likely projected pairs are real ones, from redshift distributions and from the density of interlopers."""
