"""The distribution of absorbing columns: f(N_H | L, z) of Ueda et al. 2014."""

from __future__ import annotations

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError

__all__ = ["AbsorptionFunction"]

Array = NDArray[np.float64]

#: Edges of the steps in log10 N_H; that above 24 is Compton-thick and counted beside the others.
_EDGES = np.array([20.0, 21.0, 22.0, 23.0, 24.0, 26.0])


@frozen(kw_only=True)
class AbsorptionFunction:
    """f(N_H | L, z) in steps of log N_H, per decade and per Compton-thin AGN (Ueda et al. 2014, section 3).

    psi is the share of 22 < log N_H < 24 among the Compton-thin AGN: psi(L, z) = psi_0 (1 + min(z, 2))^a1 - beta (log L - 43.75),
    kept between psi_min and psi_max. With e = epsilon the steps 20-21, 21-22, 22-23, 23-24 and 24-26 hold

    ``1 - psi (2 + e) / (1 + e)``, ``psi / (1 + e)``, ``psi / (1 + e)``, ``psi e / (1 + e)`` and ``f_ctk psi / 2`` per decade
    where psi < (1 + e) / (3 + e), and

    ``2/3 - psi (3 + 2 e) / (3 + 3 e)``, ``1/3 - psi e / (3 + 3 e)``, and the same three, above.

    The four thin steps sum to 1; Compton-thick AGN come on top of them, f_ctk psi in all.

    Attributes
    ----------
    psi_0, a1, beta, psi_min, psi_max : float
        Of psi, above.
    epsilon : float
        Ratio of the steps 23-24 and 22-23.
    f_ctk : float
        Compton-thick AGN per absorbed Compton-thin one.

    Examples
    --------
    >>> absorption = AbsorptionFunction()
    >>> round(float(absorption.fraction(20, 24, log_l=43.75, z=0.0)), 12)
    1.0
    >>> round(float(absorption.fraction(22, 24, log_l=43.75, z=0.0)), 12)
    0.43
    """

    psi_0: float = field(default=0.43, converter=float)
    a1: float = field(default=0.48, converter=float)
    beta: float = field(default=0.24, converter=float)
    psi_min: float = field(default=0.2, converter=float)
    psi_max: float = field(default=0.84, converter=float)
    epsilon: float = field(default=1.7, converter=float)
    f_ctk: float = field(default=1.0, converter=float)

    def __attrs_post_init__(self) -> None:
        most = 2 * (1 + self.epsilon) / (3 + 2 * self.epsilon)
        if not 0 <= self.psi_min <= self.psi_max <= most or self.epsilon <= 0 or self.f_ctk < 0:
            raise DataError(
                f"psi must stay between 0 and {most:.4g} for epsilon = {self.epsilon:g}, epsilon above 0, f_ctk at 0 or above; "
                f"got psi_min = {self.psi_min:g}, psi_max = {self.psi_max:g}, f_ctk = {self.f_ctk:g}"
            )

    def psi(self, log_l: ArrayLike, z: ArrayLike) -> Array:
        """Share of 22 < log N_H < 24 among the Compton-thin AGN, broadcast shape of `log_l` (2-10 keV, erg/s) and `z`."""
        at = self.psi_0 * (1 + np.minimum(np.asarray(z, dtype=float), 2.0)) ** self.a1
        return np.asarray(np.clip(at - self.beta * (np.asarray(log_l, dtype=float) - 43.75), self.psi_min, self.psi_max))

    def density(self, log_nh: ArrayLike, log_l: ArrayLike, z: ArrayLike) -> Array:
        """f per decade of N_H, broadcast shape of the arguments; 0 outside of 20 to 26. A step has its lower edge."""
        nh = np.asarray(log_nh, dtype=float)
        steps = self._steps(log_l, z)
        step = np.clip(np.searchsorted(_EDGES, nh, side="right") - 1, 0, len(_EDGES) - 2)
        nh_step, *each = np.broadcast_arrays(step, *steps)
        found = np.choose(nh_step, each)
        return np.where((nh >= _EDGES[0]) & (nh < _EDGES[-1]), found, 0.0)

    def fraction(self, log_nh_low: float, log_nh_high: float, log_l: ArrayLike, z: ArrayLike) -> Array:
        """AGN between two columns per Compton-thin AGN: the integral of f over log N_H, exact.

        Parameters
        ----------
        log_nh_low, log_nh_high : float
            log10 N_H [cm^-2]; what lies outside of 20 to 26 holds nothing.
        log_l, z : array_like

        Returns
        -------
        ndarray
            Broadcast shape of `log_l` and `z`; 1 for 20 to 24, and 1 + f_ctk psi for 20 to 26.

        Raises
        ------
        DataError
            Where the range is reversed.
        """
        if not log_nh_low <= log_nh_high:
            raise DataError(f"a range of log N_H must increase, got {log_nh_low:g} to {log_nh_high:g}")
        width = np.diff(np.clip(_EDGES, log_nh_low, log_nh_high))
        return np.asarray(sum(share * step for share, step in zip(width, self._steps(log_l, z), strict=True)))

    def _steps(self, log_l: ArrayLike, z: ArrayLike) -> tuple[Array, ...]:
        """f per decade in each of the five steps."""
        psi, e = self.psi(log_l, z), self.epsilon
        few = psi < (1 + e) / (3 + e)
        first = np.where(few, 1 - psi * (2 + e) / (1 + e), 2 / 3 - psi * (3 + 2 * e) / (3 + 3 * e))
        second = np.where(few, psi / (1 + e), 1 / 3 - psi * e / (3 + 3 * e))
        return first, second, psi / (1 + e), psi * e / (1 + e), self.f_ctk * psi / 2
