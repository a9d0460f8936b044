"""A small pair of files in AtomDB's format, with contents that a test can integrate in its head."""

import numpy as np
from astropy.io import fits

from faintsky.plugins.spectra.atomdb import KEV_ANGSTROM

#: k T [keV]; emissivities grow as the numbers below.
TEMPERATURES = (0.5, 1.0, 2.0)
LEVELS = (1.0, 3.0, 4.0)
#: Lines: energy [keV], element, ion, photons cm^3 s^-1 at the first temperature.
LINES = ((1.0, 8, 8, 2e-17), (6.7, 26, 25, 5e-17))
#: Continua: element, photons cm^3 s^-1 keV^-1 at 0.01, 10 and 100 keV at the first temperature.
CONTINUA = ((1, (1e-16, 4e-17, 0.0)), (2, (5e-17, 2e-17, 0.0)), (26, (1e-17, 1e-17, 0.0)))
PSEUDO = ((26, (2e-18, 2e-18, 0.0)),)
ENERGIES = (0.01, 10.0, 100.0)


def write_atomdb(folder, temperatures=TEMPERATURES, levels=LEVELS, ion=0):
    """The paths of a file of lines and one of continua."""
    line, coco = folder / "apec_v0.0.0_line.fits", folder / "apec_v0.0.0_coco.fits"
    kt = np.array(temperatures)

    def parameters(**numbers):
        fields = [("kT", "1E", kt), ("EDensity", "1E", np.ones(len(kt))), ("Time", "1E", np.zeros(len(kt)))]
        fields += [(name, "1J", np.full(len(kt), number)) for name, number in numbers.items()]
        return fits.BinTableHDU.from_columns([fits.Column(name=n, format=f, array=a) for n, f, a in fields], name="PARAMETERS")

    def emissivities(fields, temperature):
        hdu = fits.BinTableHDU.from_columns([fits.Column(name=n, format=f, array=a) for n, f, a in fields], name="EMISSIVITY")
        hdu.header["HIERARCH TEMPERATURE"] = temperature * 1.1604505e7
        return hdu

    lines, continua = [parameters(Nelement=2, Nline=len(LINES))], [parameters(NElement=len(CONTINUA), NCont=3, NPseudo=3)]
    for temperature, level in zip(temperatures, levels, strict=True):
        energy, element, ions, strength = (np.array(values) for values in zip(*LINES, strict=True))
        zeros = np.zeros(len(LINES))
        lines.append(
            emissivities(
                [("Lambda", "1E", KEV_ANGSTROM / energy), ("Lambda_Err", "1E", zeros), ("Epsilon", "1E", level * strength),
                 ("Epsilon_Err", "1E", zeros), ("Element", "1J", element), ("Ion", "1J", ions),
                 ("UpperLev", "1J", zeros + 2), ("LowerLev", "1J", zeros + 1)],
                temperature,
            )
        )  # fmt: skip
        z = np.array([c[0] for c in CONTINUA])
        weak = dict(PSEUDO)
        # Columns are as long as the longest continuum; what lies behind N_Cont is filling.
        rows = {
            "E_Cont": [(*ENERGIES, -1.0)] * len(z),
            "Continuum": [(*(level * v for v in values), 9e9) for _, values in CONTINUA],
            "E_Pseudo": [(*ENERGIES, -1.0) if i in weak else (0.0,) * 4 for i in z],
            "Pseudo": [(*(level * v for v in weak[i]), 9e9) if i in weak else (9e9,) * 4 for i in z],
        }
        fields = [("Z", "1J", z), ("rmJ", "1J", np.full(len(z), ion)), ("N_Cont", "1J", np.full(len(z), 3))]
        fields += [("N_Pseudo", "1J", np.array([3 if i in weak else 0 for i in z]))]
        fields += [(name, "4E", np.array(values)) for name, values in rows.items()]
        fields += [(name, "4E", np.zeros((len(z), 4))) for name in ("Cont_Err", "Pseudo_Err")]
        continua.append(emissivities(fields, temperature))
    for path, hdus in ((line, lines), (coco, continua)):
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)
    return line, coco
