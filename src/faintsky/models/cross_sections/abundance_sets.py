"""Sets of abundances by number relative to hydrogen, with the names that XSPEC has for them."""

from __future__ import annotations

from collections.abc import Mapping

from faintsky.models.cross_sections.photoionization import ELEMENTS

__all__ = ["ABUNDANCES"]


def _set(*numbers: float) -> Mapping[str, float]:
    return dict(zip(ELEMENTS, numbers, strict=True))


# Each row: H He C N O Ne, then Na Mg Al Si S Cl, then Ar Ca Cr Fe Co Ni.
# fmt: off
#: Atoms of an element per hydrogen atom, by the name of the set and the element.
ABUNDANCES: Mapping[str, Mapping[str, float]] = {
    # Anders & Grevesse 1989, photosphere
    "angr": _set(
        1.0, 9.77e-2, 3.63e-4, 1.12e-4, 8.51e-4, 1.23e-4,
        2.14e-6, 3.80e-5, 2.95e-6, 3.55e-5, 1.62e-5, 3.16e-7,
        3.63e-6, 2.29e-6, 4.68e-7, 4.68e-5, 8.32e-8, 1.78e-6,
    ),
    # Asplund et al. 2009, photosphere
    "aspl": _set(
        1.0, 8.51e-2, 2.69e-4, 6.76e-5, 4.90e-4, 8.51e-5,
        1.74e-6, 3.98e-5, 2.82e-6, 3.24e-5, 1.32e-5, 3.16e-7,
        2.51e-6, 2.19e-6, 4.37e-7, 3.16e-5, 9.77e-8, 1.66e-6,
    ),
    # Grevesse & Sauval 1998, photosphere
    "grsa": _set(
        1.0, 8.51e-2, 3.31e-4, 8.32e-5, 6.76e-4, 1.20e-4,
        2.14e-6, 3.80e-5, 2.95e-6, 3.55e-5, 2.14e-5, 3.16e-7,
        2.51e-6, 2.29e-6, 4.68e-7, 3.16e-5, 8.32e-8, 1.78e-6,
    ),
    # Lodders 2003, photosphere
    "lodd": _set(
        1.0, 7.92e-2, 2.45e-4, 6.76e-5, 4.90e-4, 7.41e-5,
        1.99e-6, 3.55e-5, 2.88e-6, 3.47e-5, 1.55e-5, 1.82e-7,
        3.55e-6, 2.19e-6, 4.47e-7, 2.95e-5, 8.13e-8, 1.66e-6,
    ),
    # Wilms, Allen & McCray 2000, interstellar medium, their table 2
    "wilm": _set(
        1.0, 9.77e-2, 2.40e-4, 7.59e-5, 4.90e-4, 8.71e-5,
        1.45e-6, 2.51e-5, 2.14e-6, 1.86e-5, 1.23e-5, 1.32e-7,
        2.57e-6, 1.58e-6, 3.24e-7, 2.69e-5, 8.32e-8, 1.12e-6,
    ),
}
# fmt: on
