"""Independent data of one model: the product of their likelihoods."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.digest import json_digest
from faintsky.core.errors import DataError
from faintsky.core.likelihood import Likelihood
from faintsky.core.parameter import Parameter

__all__ = ["JointLikelihood", "joint"]

Array = NDArray[np.float64]


@frozen(kw_only=True, eq=False)
class JointLikelihood(Likelihood):
    """The product of likelihoods with the same parameters.

    Attributes
    ----------
    parts : tuple of Likelihood
    """

    parts: tuple[Likelihood, ...]

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of every part."""
        return self.parts[0].parameters

    def log_likelihood(self, theta: Array) -> Array:
        """The sum of ln L of the parts at `theta` of shape (n, d), shape (n,)."""
        return np.asarray(sum(part.log_likelihood(theta) for part in self.parts))

    def residuals(self, theta: Array) -> Array | None:
        """Residuals of all parts side by side, or None where one of them has none."""
        found = [part.residuals(theta) for part in self.parts]
        known = [r for r in found if r is not None]
        return np.concatenate(known, axis=1) if len(known) == len(found) else None

    def fingerprint(self) -> str:
        """Digest of those of the parts."""
        return json_digest([part.fingerprint() for part in self.parts])


def joint(parts: Sequence[Likelihood]) -> Likelihood:
    """One likelihood of several; the only one as it is.

    Raises
    ------
    DataError
        Where their parameters differ.
    """
    for part in parts[1:]:
        if part.names != parts[0].names:
            raise DataError(
                f"likelihoods of other parameters have no product: {', '.join(parts[0].names)}; {', '.join(part.names)}"
            )
    return parts[0] if len(parts) == 1 else JointLikelihood(parts=tuple(parts))
