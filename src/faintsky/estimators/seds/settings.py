"""What a fit of template spectra may be told."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.component import option

__all__ = ["SedFitSettings"]


@frozen(kw_only=True)
class SedFitSettings:
    """Options of `fit_seds`: the screens of dust, what is between, how dust shines, floors and limits."""

    ebv: tuple[float, ...] = option(
        tuple(np.linspace(0, 1, 21).round(6).tolist()), ge=0, help="colour excesses E(B-V) of the screens before the stars [mag]"
    )
    law: str = option("calzetti", help="attenuation law: calzetti, or a class of dust_extinction")
    igm: str = option("inoue14", choices=("inoue14", "none"), help="absorption by the hydrogen between")
    dust: str = option(
        "balance",
        choices=("balance", "free"),
        help="light of dust: what the screen has absorbed, as CIGALE has it, or an amplitude of its own",
    )
    threshold: float = option(10.0, ge=0, help="difference of BIC above which an AGN is said to be there")
    error_floor: float = option(
        0.05,
        ge=0,
        help="error added to every flux in quadrature [mag], for what lies between templates: without it a coarse grid makes AGN",
    )
    min_age: float = option(0.0, ge=0, help="youngest stellar templates that are used [Gyr]")
    max_age: float = option(14.0, gt=0, help="oldest stellar templates that are used [Gyr]")
    young_universe: bool = option(True, help="leave out stellar templates that are older than the universe at the redshift")
