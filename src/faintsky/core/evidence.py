"""Evidences of hypotheses about one set of data, and their ratios."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen

from faintsky.core.errors import DataError

__all__ = ["BayesFactor", "Evidence", "bayes_factor"]

_LN10 = float(np.log(10.0))


@frozen(kw_only=True, eq=False)
class Evidence:
    """ln of the marginal likelihood of one hypothesis.

    Attributes
    ----------
    model : str
        Name of the hypothesis.
    log_z : float
        Natural logarithm; NaN where the sampler gave none.
    error : float
        1 sigma of `log_z`.
    status : str
        ``converged``, or why it is not to be trusted (`faintsky.core.sampler.STATUS`).
    data : str
        Identity of the data.
    priors : tuple of str
        Each parameter with its prior: ln Z depends on every one of them.
    psf : str
        Identity of the PSF.
    sampler : str
    checks : mapping of str to float
        What the self-check measured (``ess``, ``khat``, ``log_z_scatter``, ``reweighted_log_z``, ...).
    notes : tuple of str
    cpu_seconds : float
    calls : int
    """

    model: str
    log_z: float
    error: float
    status: str
    data: str
    priors: tuple[str, ...] = ()
    psf: str = ""
    sampler: str = ""
    checks: Mapping[str, float] = field(factory=dict)
    notes: tuple[str, ...] = ()
    cpu_seconds: float = 0.0
    calls: int = 0


@frozen(kw_only=True, eq=False)
class BayesFactor:
    """How much likelier the data are under one hypothesis than under another one.

    Attributes
    ----------
    ln : float
        Natural logarithm of the ratio of the evidences.
    error : float
        Its 1-sigma error (68.3 %): that of the numerical integrals, and of a noisy PSF where there is one.
    status : str
        ``converged`` where both evidences are.
    models : tuple of str
        Numerator, denominator.
    psf : str
        Identity of the PSF that both assume.
    """

    ln: float
    error: float
    status: str
    models: tuple[str, str]
    psf: str = ""

    @property
    def log10(self) -> float:
        """Decimal logarithm."""
        return self.ln / _LN10

    @property
    def log10_error(self) -> float:
        """1-sigma error of the decimal logarithm."""
        return self.error / _LN10

    @property
    def probability(self) -> float:
        """Of the first hypothesis, where both were equally likely before."""
        return float(1 / (1 + np.exp(-self.ln)))

    def above(self, sigma: float = 3.0) -> bool:
        """Whether the logarithm exceeds 0 by so many of its errors, and its evidences are sound."""
        return self.status == "converged" and self.ln > sigma * self.error


def bayes_factor(first: Evidence, second: Evidence) -> BayesFactor:
    """The Bayes factor of the first hypothesis over the second.

    Raises
    ------
    DataError
        Where the evidences are of different data, or assume different PSFs.
    """
    if first.data != second.data:
        raise DataError(
            f"the evidences of {first.model} and {second.model} are of different data ({first.data[:12]}, {second.data[:12]}): "
            "their ratio means nothing. Compute both on the same photons"
        )
    if first.psf != second.psf:
        raise DataError(f"the evidences of {first.model} and {second.model} assume different PSFs: {first.psf}; {second.psf}")
    bad = [e for e in (first, second) if e.status != "converged"]
    return BayesFactor(
        ln=first.log_z - second.log_z,
        error=float(np.hypot(first.error, second.error)),
        status=bad[0].status if bad else "converged",
        models=(first.model, second.model),
        psf=first.psf,
    )
