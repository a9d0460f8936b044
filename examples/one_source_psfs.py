"""PSF images for the five observations of one_source.toml: counted rays, as a ray-tracer would give them.

    python examples/one_source_psfs.py

Rays of the photons' energies are drawn from the PSF that scattered the photons. So the images are right but for the noise of
a million rays each, which the study puts into the error of the Bayes factor.
"""

from __future__ import annotations

from pathlib import Path

import attrs
import numpy as np
from astropy.io import fits

import faintsky
from faintsky.core.context import Context
from faintsky.core.units import ARCSEC

HERE = Path(__file__).parent
RAYS, PIXEL, SIDE = 1_000_000, 0.1, 401


def main() -> None:
    """Write one image for each observation."""
    folder = HERE / "one_source_psfs"
    folder.mkdir(exist_ok=True)
    plan = faintsky.load_study(HERE / "one_source.toml")
    study, seed = plan.cells[0].study, plan.cells[0].seed
    source = study.photons.load(study.selection, Context(seed=seed)).sources[0]
    energies = np.concatenate([box.energy for box in source.observations])
    rng = np.random.default_rng(7)
    edges = (np.arange(SIDE + 1) - 0.5 * SIDE) * PIXEL
    for box in source.observations:
        image = np.zeros((SIDE, SIDE))
        for energy in np.quantile(energies, (np.arange(20) + 0.5) / 20):
            psf = study.photons.psf.placed(attrs.evolve(box.place, energy=float(energy)))
            dx, dy = psf.drawn(RAYS // 20, rng)
            image += np.histogram2d(dy / ARCSEC, dx / ARCSEC, bins=[edges, edges])[0]
        hdu = fits.PrimaryHDU(image.astype(np.int32))
        # x to the west, y to the north, as sky pixels run.
        for axis, kind, step in ((1, "RA---TAN", -PIXEL), (2, "DEC--TAN", PIXEL)):
            hdu.header[f"CTYPE{axis}"] = kind
            hdu.header[f"CRPIX{axis}"] = 0.5 * (SIDE + 1)
            hdu.header[f"CRVAL{axis}"] = 0.0
            hdu.header[f"CDELT{axis}"] = step / 3600
            hdu.header[f"CUNIT{axis}"] = "deg"
        hdu.writeto(folder / f"{box.name}.fits", overwrite=True)
    print(f"{len(source.observations)} PSF images in {folder}")


if __name__ == "__main__":
    main()
