"""What the likelihoods of a population share: ranges, nodes, what is done without a redshift, exact or on a grid."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from attrs import frozen
from numpy.typing import NDArray

from faintsky.core.component import option
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.luminosity_function import LuminosityFunction
from faintsky.core.luminosity_quadrature import checked_range
from faintsky.core.parameter import with_values
from faintsky.core.source_sample import SourceSample
from faintsky.core.survey_set import SurveySet
from faintsky.estimators.populations.bound_population import BoundPopulation
from faintsky.estimators.populations.expected_number import ExpectedNumber
from faintsky.estimators.populations.projected_sources import ProjectedSources
from faintsky.estimators.populations.source_nodes import SourceNodes

__all__ = ["PopulationRule", "Ranges"]

Array = NDArray[np.float64]

#: What the expected number may be wrong by, absolutely (or relatively, where it is more than the number of sources).
_TOLERANCE = 0.02
#: Sources that are projected at once.
_AT_ONCE = 256


@frozen(kw_only=True)
class Ranges:
    """Ranges of log10 L and redshift that the population is integrated over."""

    log_l: tuple[float, float]
    z: tuple[float, float]

    def holds(self, log_l: Array, z: Array) -> NDArray[np.bool_]:
        """Whether nodes lie inside, ends included."""
        lows = (log_l >= self.log_l[0]) & (z >= self.z[0])
        return np.asarray(lows & (log_l <= self.log_l[1]) & (z <= self.z[1]))


def _range(given: Any) -> Any:
    return given if given is None else checked_range("a range", given)


@frozen(kw_only=True)
class PopulationRule:
    """Options of every likelihood of a population, and how sources and expected number are put together."""

    z_range: tuple[float, float] | None = option(
        None, converter=_range, help="redshifts of the population: they must hold every source; default: validity of the model"
    )
    log_l_range: tuple[float, float] | None = option(
        None,
        converter=_range,
        help="log10 of its luminosities [erg/s]: they must hold every source; default: validity of the model",
    )
    nodes: int = option(128, ge=16, help="nodes in brightness of the expected number; doubled until it is right to 0.02")
    mode: str = option(
        "exact", choices=("exact", "grid"), help="sum over the nodes of each source, or sources projected on a grid"
    )
    grid: tuple[int, int] = option((400, 400), ge=8, help="nodes of the grid in log10 L and in ln(1 + z), for mode = 'grid'")
    without_redshift: str = option(
        "error", choices=("error", "drop"), help="what becomes of a source without redshift: 'drop' leaves it out, with a warning"
    )

    def ranges(self, data: SurveySet, model: LuminosityFunction) -> Ranges:
        """The ranges of the integral: those of the options, else where the model was measured.

        Raises
        ------
        DataError
            Where the model has no finite validity, or a conversion does not reach so far.
        """
        log_l = model.validity.log_l if self.log_l_range is None else self.log_l_range
        z = model.validity.z if self.z_range is None else self.z_range
        for name, ends in (("log_l_range", log_l), ("z_range", z)):
            if not np.all(np.isfinite(ends)):
                raise DataError(f"{model.name} does not say where it ends: give {name}, such as {name} = [low, high]")
        begin, end = (f(s.conversion.z[i] for s in data.samples.values()) for f, i in ((max, 0), (min, -1)))
        if self.z_range is None:
            z = (max(z[0], float(begin)), z[1])
        if z[0] < begin * (1 - 1e-9) or z[1] > end * (1 + 1e-9):
            raise DataError(
                f"z_range = [{z[0]:g}, {z[1]:g}] leaves the conversion to luminosities, which reaches from {begin:g} to {end:g}: "
                "make it for more redshifts, or narrow z_range"
            )
        return Ranges(log_l=(float(log_l[0]), float(log_l[1])), z=(float(z[0]), float(z[1])))

    def bound(self, data: SurveySet, model: LuminosityFunction, ctx: Context) -> BoundPopulation:
        """The likelihood of the free parameters of `model`: shared by all rules, which differ in `nodes_of`.

        Raises
        ------
        DataError
            Where luminosities or cosmologies differ, or a source lies outside of the ranges.
        """
        data.check(model)
        ranges = self.ranges(data, model)
        said = model.validity.extrapolation(ranges.log_l, ranges.z, model.outside, model.name)
        if said:
            ctx.warn(said)
        kept = {name: self.kept(sample) for name, sample in data.samples.items()}
        used = {name: sample.select(kept[name]) for name, sample in data.samples.items()}
        number = sum(len(s) for s in used.values())
        if not number:
            raise DataError("no source is left to constrain the luminosity function")
        if (lost := len(data) - number) > 0:
            ctx.warn(
                f"{lost} of {len(data)} sources without redshift are left out, and the expected number is not lowered for them: "
                f"densities come out low, by a factor of {number / len(data):.3g} if they are like the others"
            )
        self.check_sources(used, ranges, ctx)
        now = with_values(model, {})  # what is fixed and tied is in it
        sources = self._sources(used, ranges, now)
        expected = self._expected(data, now, ranges, number, ctx)
        return BoundPopulation(
            model=model, expected=expected, sources=sources, data=data, rule=self, completeness=number / len(data)
        )

    def kept(self, sample: SourceSample) -> NDArray[np.bool_]:
        """Which sources of a sample are used, shape (n,).

        Raises
        ------
        DataError
            Where a source has no redshift, and `without_redshift` is ``error``.
        """
        known = self.known(sample)
        if self.without_redshift == "error" and not known.all():
            raise DataError(
                f"{(~known).sum()} of {known.size} sources of {sample.name or 'the sample'} have no redshift, the first is "
                f"source {np.flatnonzero(~known)[0]}, counted from 0: {self._remedy()}"
            )
        return known if self.without_redshift == "drop" else np.ones(known.size, dtype=bool)

    def _remedy(self) -> str:
        return "leave them out with without_redshift = 'drop', which lowers all densities, or take the likelihood 'pdf'"

    def known(self, sample: SourceSample) -> NDArray[np.bool_]:
        """Which sources have a redshift of the sort that the rule takes, shape (n,)."""
        return np.isfinite(sample.z)

    def check_sources(self, samples: dict[str, SourceSample], ranges: Ranges, ctx: Context) -> None:
        """Refuse or warn of what the rule cannot do justice to."""

    def nodes_of(self, sample: SourceSample, ranges: Ranges) -> SourceNodes:
        """The nodes of each source of a sample."""
        raise NotImplementedError

    def _sources(
        self, samples: dict[str, SourceSample], ranges: Ranges, model: LuminosityFunction
    ) -> SourceNodes | ProjectedSources:
        if self.mode == "exact":
            return SourceNodes.joined(self._parts(samples, ranges))
        return ProjectedSources.of(self._parts(samples, ranges), model, ranges.log_l, ranges.z, self.grid)

    def _parts(self, samples: dict[str, SourceSample], ranges: Ranges) -> Iterator[SourceNodes]:
        for sample in samples.values():
            for i in range(0, len(sample), _AT_ONCE):
                yield self.nodes_of(sample.select(np.arange(i, min(i + _AT_ONCE, len(sample)))), ranges)

    def _expected(self, data: SurveySet, model: LuminosityFunction, ranges: Ranges, number: int, ctx: Context) -> ExpectedNumber:
        """The expected number with enough nodes at the parameters of the model as it is."""
        found = ExpectedNumber(surveys=data, log_l=ranges.log_l, z=ranges.z, nodes=self.nodes)
        value = found.of(model)
        for _ in range(3):
            finer = ExpectedNumber(surveys=data, log_l=ranges.log_l, z=ranges.z, nodes=2 * found.nodes)
            better = finer.of(model)
            error, value = abs(better - value), better
            if error <= _TOLERANCE * max(1.0, better / number):
                return found
            found = finer
        ctx.warn(
            f"the expected number {value:.6g} of {model.name} changes by {error:.2g} between {found.nodes // 2} and "
            f"{found.nodes} nodes: ln L is as noisy. Does the model tell all its breaks?"
        )
        return found
