"""The power spectrum of a typical script, as a component that a study file can name."""

import numpy as np
from attrs import frozen

from faintsky.core.bins import Bins
from faintsky.core.component import component, option
from faintsky.core.context import Context
from faintsky.core.map import Map
from faintsky.core.measured_spectrum import measured_spectrum
from faintsky.core.power_spectrum import PowerSpectrum, PowerSpectrumEstimator, Window
from faintsky.core.pseudo_power import same_field


@component(recipe=True)
@frozen(kw_only=True)
class ScriptFft(PowerSpectrumEstimator):
    """numpy.fft.fft2 of the masked map over the unmasked fraction, as many scripts do it."""

    inflate: float = option(1.0, gt=0, help="factor on the errors P / sqrt(Nq / 2)")

    def estimate(self, a: Map, b: Map, bins: Bins, ctx: Context) -> PowerSpectrum:
        """Bandpowers of `a` x `b`, of `a` alone where `b` is the same map."""
        grid = a.geometry
        grid.check_same(b.geometry)
        bins.check(grid)
        auto = same_field(a, b)
        maps = (a,) if auto else (a, b)

        (ny, nx), (dy, dx) = grid.shape, grid.scale
        q = 2 * np.pi * np.hypot(np.fft.fftfreq(ny, dy)[:, None], np.fft.fftfreq(nx, dx))
        ring = np.digitize(q, bins.edges).ravel()
        modes = np.bincount(ring, minlength=len(bins) + 2)[1:-1]

        transforms = [np.fft.fft2((m.values - m.mean) * m.weight) for m in maps]
        kept = float(np.mean(a.weight * b.weight, dtype=float))
        norm = grid.pixel_area / (grid.size * kept)

        def power(x: np.ndarray, y: np.ndarray) -> np.ndarray:
            per_mode = norm * (x * y.conj()).real.ravel()
            return np.bincount(ring, per_mode, len(bins) + 2)[1:-1] / modes

        cross = power(transforms[0], transforms[-1])
        autos = tuple(power(x, x) for x in transforms)
        variance = autos[0] * autos[-1] / (modes / 2 if auto else modes)
        return measured_spectrum(
            self,
            "script-fft",
            a,
            a if auto else b,
            bins,
            power=cross,
            covariance=np.diag(self.inflate**2 * variance),
            pseudo=cross * kept,
            # The claim: a bandpower is the power at the centre of its bin. It is wrong where a mask moves power.
            window=Window(q=bins.q, matrix=np.eye(len(bins))),
            auto=autos,
        )
