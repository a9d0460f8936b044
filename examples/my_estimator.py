"""The power spectrum of a typical script, as a component that a study file can name."""

import numpy as np
from attrs import frozen

from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.map import Map
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import power_unit


@component(recipe=True)
@frozen(kw_only=True)
class ScriptFft(PowerSpectrumEstimator):
    """numpy.fft.fft2 of the masked map, over the unmasked fraction: what many scripts do."""

    inflate: float = option(1.0, gt=0, help="factor on the errors P / sqrt(Nq / 2)")

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """Bandpowers of `a` x `b`; `b` is `a` for an auto-spectrum."""
        a.geometry.check_same(b.geometry)
        (ny, nx), (dy, dx) = a.geometry.shape, a.geometry.scale
        q = 2 * np.pi * np.hypot(np.fft.fftfreq(ny, dy)[:, None], np.fft.fftfreq(nx, dx))
        which = np.digitize(q, bins.edges).ravel() - 1
        fa, fb = (np.fft.fft2((m.values - m.mean) * m.weight) for m in (a, b))
        norm = a.geometry.pixel_area / (a.geometry.size * np.mean(a.weight * b.weight))

        def binned(mode_power: np.ndarray) -> np.ndarray:
            inside = (which >= 0) & (which < len(bins))
            return np.bincount(which[inside], mode_power.ravel()[inside], len(bins)) / bins.modes(a.geometry)

        power = norm * binned((fa * fb.conj()).real)
        autos = [norm * binned(np.abs(f) ** 2) for f in ((fa,) if b is a else (fa, fb))]
        error = self.inflate * np.sqrt(autos[0] * autos[-1] / (bins.modes(a.geometry) / (2 if b is a else 1)))
        return PowerSpectrum(
            edges=bins.edges,
            q=bins.q,
            modes=bins.modes(a.geometry),
            power=power,
            covariance=np.diag(error**2),
            pseudo=power,
            # The claim: a bandpower is the power at the centre of its bin. It is wrong where a mask moves power.
            window=Window(q=bins.q, matrix=np.eye(len(bins))),
            unit=power_unit(a.unit, b.unit),
            f_sky=a.f_sky,
            estimator="script-fft",
            auto=tuple(autos),
        )
