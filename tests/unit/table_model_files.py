"""Small files of table models, written as OGIP memo 92-009 says."""

from itertools import product

import numpy as np
from astropy.io import fits

#: The table that sherpa's tests call smod: seven bins, one linear parameter from 0 to 10. (The last but one of its second row is
#: what makes the 37.5 at lscale = 5 that its README has.)
SMOD_EDGES = (0.5, 0.6, 0.7, 1.1, 1.5, 2.0, 2.1, 2.2)
SMOD = np.array([[5, 10, 12, 40, 60, 15, 0], [10, 20, 0, 40, 80, 60, 4]], dtype=float)


def write_table_model(path, edges, axes, spectrum, more=(), redshift=False, additive=True, **primary):
    """A table model.

    Parameters
    ----------
    edges : sequence of float
        [keV]
    axes : mapping of name to (method, values)
    spectrum : callable
        Of the values of a point; gives the spectrum and one spectrum for each of `more`.
    more : sequence of str
        Additional parameters, from 0 to 10.
    primary
        Further keywords of the first header.
    """
    head = fits.PrimaryHDU()
    head.header.update(
        HDUCLASS="OGIP", HDUCLAS1="XSPEC TABLE MODEL", HDUVERS="1.0.0", MODLNAME="test", MODLUNIT="photons/cm^2/s",
        REDSHIFT=redshift, ADDMODEL=additive,
    )  # fmt: skip
    head.header.update(primary)
    longest = max(len(values) for _, values in axes.values())
    rows = [
        (name, method, np.median(values), 0.01, values[0], values[0], values[-1], values[-1], len(values),
         np.pad(values, (0, longest - len(values))))
        for name, (method, values) in axes.items()
    ]  # fmt: skip
    rows += [(name, 0, 1.0, 0.01, 0.0, 0.0, 10.0, 10.0, 0, np.zeros(longest)) for name in more]
    names = ("NAME", "METHOD", "INITIAL", "DELTA", "MINIMUM", "BOTTOM", "TOP", "MAXIMUM", "NUMBVALS", "VALUE")
    formats = ("12A", "J", *"EEEEEE", "J", f"{longest}E")
    columns = [
        fits.Column(name=name, format=kind, array=np.array(values))
        for name, kind, values in zip(names, formats, zip(*rows, strict=True), strict=True)
    ]
    parameters = fits.BinTableHDU.from_columns(columns, name="PARAMETERS")
    parameters.header.update(NINTPARM=len(axes), NADDPARM=len(more))
    energies = fits.BinTableHDU.from_columns(
        [fits.Column(name=n, format="E", array=e) for n, e in (("ENERG_LO", edges[:-1]), ("ENERG_HI", edges[1:]))],
        name="ENERGIES",
    )
    points = list(product(*(values for _, values in axes.values())))
    found = [np.atleast_2d(spectrum(*point)) for point in points]
    number = len(edges) - 1
    spectra = [fits.Column(name="PARAMVAL", format=f"{len(axes)}E", array=np.array(points))]
    for i, name in enumerate(["INTPSPEC", *(f"ADDSP{j + 1:03d}" for j in range(len(more)))]):
        spectra.append(fits.Column(name=name, format=f"{number}E", array=np.array([f[i] for f in found])))
    fits.HDUList([head, parameters, energies, fits.BinTableHDU.from_columns(spectra, name="SPECTRA")]).writeto(
        path, overwrite=True
    )
    return path


def write_smod(path, **more):
    """The table `smod`."""
    options = {"LOELIMIT": 0.0, "HIELIMIT": 0.0} | more
    return write_table_model(path, SMOD_EDGES, {"lscale": (0, [0.0, 10.0])}, lambda x: SMOD[int(x / 10)], **options)


#: Parameters of a table like those of a torus.
TORUS = {"PhoIndex": (0, [1.5, 2.0, 2.5]), "log NH": (0, [22.0, 23.0, 24.0]), "Ecut": (1, [100.0, 200.0, 400.0])}


def write_torus(path, edges=None, **more):
    """Photons per bin of a cut-off power law, at the middles of the bins, absorbed a little more for each decade of NH."""
    edges = np.geomspace(0.05, 2000.0, 301) if edges is None else np.asarray(edges)
    middle = np.sqrt(edges[1:] * edges[:-1])

    def spectrum(index, log_nh, cut):
        return middle**-index * np.exp(-middle / cut - 0.1 * (log_nh - 21) / middle) * np.diff(edges)

    return write_table_model(path, edges, TORUS, spectrum, **({"redshift": True} | more))


def write_cover(path, edges=None, **more):
    """Factors 1 - f (1 - exp(-0.1 / E))."""
    edges = np.geomspace(0.05, 2000.0, 301) if edges is None else np.asarray(edges)
    middle = np.sqrt(edges[1:] * edges[:-1])
    axes = {"CvrFract": (0, [0.0, 0.5, 1.0])}
    options = {"redshift": True, "additive": False} | more
    return write_table_model(path, edges, axes, lambda f: 1 - f * (1 - np.exp(-0.1 / middle)), **options)
