"""Files of X-ray spectra and responses, as OGIP/92-007 and CAL/GEN/92-002 define them."""
