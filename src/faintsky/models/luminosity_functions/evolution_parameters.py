"""The parameters of evolution that several forms share, with their default priors."""

from __future__ import annotations

from typing import Any

import numpy as np

from faintsky.core.prior import Uniform
from faintsky.models.luminosity_functions.published_form import published_parameter

__all__ = [
    "break_luminosity",
    "break_redshift",
    "break_slope",
    "held_break",
    "held_index",
    "index",
    "pivot_luminosity",
    "pivot_redshift",
]


def index(default: float, help: str, latex: str, *, low: float = -10.0, high: float = 10.0) -> Any:
    """An index of (1 + z)."""
    return published_parameter(default, prior=Uniform(low=low, high=high), help=help, latex=latex)


def break_redshift(default: float, help: str, latex: str, *, low: float = 0.3, high: float = 4.0) -> Any:
    """A redshift at which the evolution turns."""
    return published_parameter(default, prior=Uniform(low=low, high=high), ge=0.0, help=help, latex=latex)


def break_luminosity(default: float, help: str, latex: str) -> Any:
    """A luminosity below which the break in redshift moves."""
    return published_parameter(default, prior=Uniform(low=42.5, high=47.0), unit="dex(erg / s)", help=help, latex=latex)


def break_slope(default: float, help: str, latex: str) -> Any:
    """An index of (L / La)."""
    return published_parameter(default, prior=Uniform(low=-0.5, high=1.0), help=help, latex=latex)


def pivot_luminosity() -> Any:
    """The luminosity at which an index that changes with luminosity has its quoted value; a fit cannot tell it."""
    return published_parameter(
        44.0, prior=Uniform(low=42.0, high=46.0), unit="dex(erg / s)", frozen=True, help="log10 of the pivot luminosity Lp",
        latex=r"$\log L_p$",
    )  # fmt: skip


def pivot_redshift(default: float) -> Any:
    """The redshift at which the norm (or the break luminosity) has its quoted value; a fit cannot tell it."""
    return published_parameter(
        default, prior=Uniform(low=0.0, high=5.0), frozen=True, ge=0.0, help="redshift at which e = 1", latex=r"$z_0$"
    )


def held_break() -> Any:
    """A break in redshift that is not there unless a set, a value or a prior says so."""
    return published_parameter(
        np.inf, prior=Uniform(low=0.3, high=5.0), frozen=True, ge=0.0, help="redshift of the break; inf: none", latex=r"$z_c$"
    )


def held_index() -> Any:
    """The index above that break."""
    return published_parameter(
        0.0, prior=Uniform(low=-10.0, high=10.0), frozen=True, help="index of (1 + z) above the break zc", latex=r"$p_2$"
    )
