"""The extras of faintsky: which package each brings, and what it enables."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["EXTRAS", "missing_extra"]

#: Extra to the import names it brings, and what becomes possible with it.
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "treecorr": (("treecorr",), "the estimator treecorr"),
    "namaster": (("pymaster",), "the estimator namaster (where pip has no wheel, conda-forge has one)"),
    "dask": (("distributed", "dask_jobqueue"), "the executor dask, for clusters"),
    "ccl": (("pyccl",), "the cosmology ccl"),
    "camb": (("camb",), "the cosmology camb"),
    "sacc": (("sacc",), "faintsky export of power spectra"),
    "detection": (("photutils",), "blind detection of X-ray sources"),
    "nway": (("nwaylib",), "the matcher nway, for comparison (AGPL)"),
    "sherpa": (("sherpa",), "spectral models and folding of sherpa, for comparison (source only: needs compilers)"),
}


def missing_extra(extra: str) -> str:
    """The first package of an extra that is not installed, or an empty text; nothing is imported."""
    packages, _ = EXTRAS.get(extra, ((), ""))
    return next((name for name in packages if find_spec(name) is None), "")
