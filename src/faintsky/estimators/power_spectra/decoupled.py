"""Mode-decoupled bandpowers, the default estimator."""

from __future__ import annotations

import numpy as np
from attrs import frozen

from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.knox import smooth_auto
from faintsky.core.map import Map
from faintsky.core.measured_spectrum import measured_spectrum
from faintsky.core.modes import mean_wavenumbers
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import pseudo_power, same_field
from faintsky.estimators.power_spectra.coupling import coupling
from faintsky.estimators.power_spectra.covariance import narrow_kernel, paper_errors, totals
from faintsky.estimators.power_spectra.taper import tapered

__all__ = ["Decoupled"]


@component(references=["Hivon2002", "Alonso2019", "Nicola2021"])
@frozen(kw_only=True)
class Decoupled(PowerSpectrumEstimator):
    """Bandpowers with the mode coupling of the mask undone.

    The pseudo spectrum of the masked map is expected to be M P, with M the coupling of rings by the mask; the bandpowers are
    M^-1 pseudo. Rings down to the fundamental mode and up to the corner of the Fourier plane take part and are left out of the
    result. Holes of the mask need no apodisation. Fields steeper than about q^-2 leak through the outer edge of the field: give
    them a `taper` of about 5 % of the field's side.
    """

    taper: float = option(0.0, unit="rad", ge=0, help="cosine taper of the outer edge; never of the holes")
    precision: str = option(
        "auto", choices=("auto", "float32", "float64"), help="of the coupling; auto: float64 up to 2048 x 2048 pixels"
    )
    error: str = option(
        "narrow-kernel",
        choices=("narrow-kernel", "modes"),
        help="Gaussian covariance of the masked field, or the papers' P / sqrt(0.5 Nq), 1.2-1.5 times too small",
    )

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """The power spectrum of `a` x `b`.

        Raises
        ------
        DataError
            Where the maps lie on different grids, a bin holds no mode, the two masks share no pixel, or the bins are so narrow
            that the mask cannot be undone.
        """
        a.grid_.check_same(b.grid_)
        b = a if same_field(a, b) else b
        auto = a is b
        a = tapered(a, self.taper)
        b = a if auto else tapered(b, self.taper)
        mask = coupling(a, b, bins, self.precision)
        if mask.norm <= 0:
            raise DataError("the masks of the two maps share no pixel: there is no cross-power to measure")
        condition = float(np.linalg.cond(mask.matrix))
        if condition > 1e6:
            raise DataError(
                f"the mode coupling cannot be undone (condition number {condition:.2g}): the bins are too narrow for this mask. "
                "Use fewer bins per decade"
            )
        if condition > 1e3:
            ctx.warn(
                f"the mode coupling is nearly singular (condition number {condition:.2g}): the narrowest bins are strongly "
                "anticorrelated; fewer bins per decade are safer"
            )
        kept = mask.kept
        pseudo = pseudo_power(a, b, mask.bins)
        undo = np.linalg.inv(mask.matrix)
        power = (undo @ pseudo)[kept]
        grid, q, modes = a.grid_, mean_wavenumbers(a.grid_, bins), mask.modes[kept]
        if auto:
            of_map = [power]
        else:
            of_map = []
            for m in (a, b):
                own = coupling(m, m, bins, self.precision)
                of_map.append(np.asarray(np.linalg.solve(own.matrix, pseudo_power(m, m, own.bins))[own.kept], dtype=float))
        if self.error == "modes":
            covariance = np.diag(paper_errors(power, of_map[0], of_map[-1], modes, auto) ** 2)
        else:
            total = totals(a, b, mask.bins, pseudo, mask.norm)
            covariance = (undo @ narrow_kernel(mask, total) @ undo.T)[kept, kept]
            of_map = [smooth_auto(q, p, bins.modes(grid)) for p in of_map]
        return measured_spectrum(
            self,
            "decoupled",
            a,
            b,
            bins,
            power=power,
            covariance=covariance,
            pseudo=pseudo[kept],
            window=Window(q=mask.annuli.q, matrix=(undo @ mask.window)[kept]),
            auto=tuple(of_map),
        )
