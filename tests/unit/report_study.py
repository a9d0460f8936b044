"""A study whose results are known numbers, for tests of the report; studies name it as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from attrs import frozen
from scipy.special import ndtri

from faintsky.core.component import component, option, slot
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.prior import Prior
from faintsky.core.sampler import Posterior
from faintsky.core.step import Pending, Workflow, step
from faintsky.core.study import CellResult, Figure, Headline, Study

__all__ = ["Known", "posterior_of", "spectrum_of"]


def posterior_of(mean: float, sigma: float, log_z: float | None = None, status: str = "converged") -> Posterior:
    """Two thousand draws of a Gaussian of two parameters, at its quantiles, so that median and errors are exact."""
    normal = ndtri((np.arange(2000) + 0.5) / 2000)
    draws = np.column_stack([np.random.default_rng(i).permutation(normal) for i in range(2)])
    samples = np.array([mean, 1.5]) + draws * [sigma, 0.1]
    return Posterior(
        names=("level", "slope"),
        units=("nW2 / (m4 sr)", ""),
        latex=("$A$", "$n$"),
        samples=samples,
        weights=np.full(2000, 1 / 2000),
        log_likelihood=-0.5 * np.sum(draws**2, axis=1),
        calls=4321,
        cpu_seconds=1.25,
        status=status,
        log_z=log_z,
        log_z_error=None if log_z is None else 0.25,
        diagnostics={"ess": 1234.0, "tau": 5.5, "rhat": 1.001}
        | ({} if status == "converged" else {"chi2": 99.0, "dof": 9.0, "pte": 2e-17}),
        notes=("a note <b>of the engine</b>",),
        version="engine 7.8",
    )


def spectrum_of(level: float, unit: str = "nW2 / (m4 sr)", number: int = 8) -> PowerSpectrum:
    """A power law with errors of a tenth, one bandpower of it negative."""
    edges = np.geomspace(1e3, 1e5, number + 1)
    q = np.sqrt(edges[1:] * edges[:-1])
    power = level * (q / 1e4) ** -1.5
    power[-1] *= -1
    modes = np.full(number, 100, dtype=np.int64)
    covariance = np.diag((0.1 * power) ** 2)
    window = Window(q=q, matrix=np.eye(number))
    return PowerSpectrum(
        edges=edges, q=q, modes=modes, power=power, covariance=covariance, pseudo=power, window=window, unit=unit, f_sky=1.0
    )


@step(title="measure")
def measure(*, level: float, ctx: Context) -> PowerSpectrum:
    """The spectrum."""
    if level == 13:
        raise DataError("13 <script>is</script> no level")
    return spectrum_of(level)


@step(title="fit")
def fit(*, spectrum: PowerSpectrum, level: float, prior: Prior, log_z: float, ctx: Context) -> Posterior:
    """A posterior that moves with the lower end of the prior, which stands for the method here."""
    low = float(prior.ppf(np.array(0.158655254)))
    if low < -5:
        raise DataError("this method always fails, <em>always</em>")
    if low < -4:
        ctx.warn("this method is <i>slow</i>")
    return posterior_of(level + 0.02 * low, 0.1 * level, log_z=log_z, status="max_calls" if low > 1.5 else "converged")


@component(references=["Someone2000"])
@frozen(kw_only=True)
class Known(Study):
    """Measures and fits known numbers."""

    level: float = option(2.0, help="the level of the spectrum")
    log_z: float = option(-12.5, help="the evidence")
    called: str = option("a & b", help="a name from outside")
    draws: str = option("good", help="which figures: good, broken")
    method: Prior = slot("normal", help="stands for a method")

    def analyse(self, run: Workflow) -> Mapping[str, Pending[Any]]:
        """A spectrum and its fit."""
        spectrum = run.do(measure, level=self.level)
        return {
            "spectrum": spectrum,
            "fit level": run.do(fit, spectrum=spectrum, level=self.level, prior=self.method, log_z=self.log_z),
        }

    def headline(self, cell: CellResult) -> Headline | None:
        """The level."""
        if "fit level" not in cell.results:
            return None
        value, low, high = cell.results["fit level"].summary("level")
        return Headline(
            quantity=f"level of {self.called}",
            value=value,
            low=low,
            high=high,
            unit="nW2 / (m4 sr)",
            question=f"How high is {self.called}?",
            truth=self.level,
        )

    def tables(self, cells: Sequence[CellResult]) -> Mapping[str, Any]:
        """Spectra of two names of which one ends with the other, and something no figure shows."""
        from astropy.table import QTable

        rows = [
            dict(cell.labels) | {"spectrum": name, "q_low": 1.0, "q": 2.0, "q_high": 3.0, "power": p, "power_error": 0.125}
            for cell in cells
            if "spectrum" in cell.results
            for name in ("b", "a x b")
            for p in (1.5, -2.5)
        ]
        return {"spectra": QTable(rows), "extra": QTable({"who": [self.called], "flag": [True]})} if rows else {}

    def figures(self) -> Mapping[str, Figure]:
        """Spectra, a posterior, and one that cannot be drawn."""
        found = {
            "spectrum-a-x-b": Figure(title="Spectrum a x b", alt=f"Spectrum of {self.called}", draw=_spectra, table="spectra"),
            "posterior": Figure(title="Posterior", alt="Corner plot", draw=_corner),
        }
        if self.draws == "broken":
            found["broken"] = Figure(title="Broken", alt="never seen", draw=partial(_broken, what="no <ink>"))
        return found


def _spectra(cells: Sequence[CellResult], figure: Any) -> None:
    from faintsky.report.spectra import draw_overlay

    draw_overlay(figure, {cell.name: cell.results["spectrum"] for cell in cells if "spectrum" in cell.results}, "a $ b")


def _corner(cells: Sequence[CellResult], figure: Any) -> None:
    from faintsky.report.posteriors import draw_corner

    draw_corner(figure, {cell.name: cell.results["fit level"] for cell in cells if "fit level" in cell.results})


def _broken(cells: Sequence[CellResult], figure: Any, what: str) -> None:
    raise ValueError(what)
