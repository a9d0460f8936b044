"""SEP and photutils on simulated cutouts of AGN: which serves better.

    python benchmarks/segmentation.py

The cutouts are those of the component `simulated` (COSMOS-Web's bands, 12 arcsec): AGN with a companion each, interlopers, stars
and clumps; three runs each, as `estimators.companions` makes them. Of the true companions and interlopers within 15 kpc of the
AGN that are at most 3 mag fainter than its host in F277W, the share that has a source of its own within 0.1 arcsec is counted, by
separation; then the sources within 15 kpc that no true source explains within 0.15 arcsec (clumps are none), and how far the
fluxes of found companions lie from the truth. CPU seconds are of the three runs with their photometry. It needs the extra
`detection`; the exit code is 1 where a goal is missed.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
from goals import missed

from faintsky.core.ab_magnitude import ab_magnitude
from faintsky.core.context import Context
from faintsky.core.cutout import Cutout
from faintsky.core.errors import DataError
from faintsky.core.registry import make
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.estimators.companions.merged import Companions, DetectionSettings, companions
from faintsky.estimators.companions.separations import separations
from faintsky.models.cutouts.population import CompanionPopulation

NUMBER = 40
BINS = ((0.0, 0.3), (0.3, 0.5), (0.5, 1.0), (1.0, 9.0))


class Score:
    """What one engine found."""

    def __init__(self) -> None:
        self.true = np.zeros(len(BINS), dtype=int)
        self.found = np.zeros(len(BINS), dtype=int)
        self.false = self.lost = self.inconsistent = 0
        self.ratios: list[float] = []
        self.seconds = 0.0

    def add(self, cutout: Cutout, result: Companions, reach: float) -> None:
        """Compare one cutout with its truth."""
        truth, grid = cutout.truth, cutout.images.grid
        assert truth is not None
        agn = int(np.flatnonzero(truth["kind"] == "agn")[0])
        angle = separations(grid, truth["x"], truth["y"], float(truth["x"][agn]), float(truth["y"][agn]))
        flux = truth["galaxy_F277W"] + truth["point_F277W"]
        fainter = ab_magnitude(flux) - ab_magnitude(truth["galaxy_F277W"][agn])
        wanted = (truth["kind"] != "clump") & (np.arange(len(truth)) != agn) & (angle <= reach) & (fainter <= 3)
        sources = result.sources
        for row in np.flatnonzero(wanted):
            away = separations(grid, sources["x_peak"], sources["y_peak"], float(truth["x"][row]), float(truth["y"][row]))
            away[result.primary] = np.inf
            place = next(i for i, (low, high) in enumerate(BINS) if low <= angle[row] < high)
            self.true[place] += 1
            if away.min() < 0.1:
                self.found[place] += 1
                self.ratios.append(float(sources["auto_flux"][int(np.argmin(away))] / flux[row]))
        real = np.flatnonzero(truth["kind"] != "clump")
        for row in np.flatnonzero(sources["angle"] <= reach):
            away = separations(grid, truth["x"][real], truth["y"][real], float(sources["x"][row]), float(sources["y"][row]))
            self.false += bool(away.min() > 0.15)
        self.inconsistent += not result.consistent


def main() -> int:
    """Print the comparison."""
    cosmology = make("cosmologies", "flat", h0=70.0, omega_m0=0.3)
    pairs = CompanionPopulation(fraction=1.0, minor_fraction=0.0)
    source = make("cutouts", "simulated", number=NUMBER, cosmology=cosmology, pairs=pairs)
    ctx, settings = Context(seed=1), DetectionSettings()
    targets = source.targets(ctx)
    scores = {name: Score() for name in ("sep", "photutils")}
    for name, redshift in zip(targets["name"], targets["redshift"], strict=True):
        cutout = source.cutout(str(name), ctx)
        reach = float(PairCuts().reach(redshift, cosmology))
        for engine, score in scores.items():
            start = time.process_time()
            try:
                result = companions(cutout, make("segmentations", engine), settings, ctx)
            except DataError:
                score.lost += 1
                continue
            score.seconds += time.process_time() - start
            score.add(cutout, result, reach)
    print(f"{NUMBER} cutouts; companions found of those that are there, by separation in arcsec")
    for engine, score in scores.items():
        shares = ", ".join(
            f"{low:g}-{high:g}: {found}/{true}" for (low, high), found, true in zip(BINS, score.found, score.true, strict=True)
        )
        low, middle, high = np.percentile(score.ratios, [16, 50, 84])
        print(
            f"{engine:<10} {shares}; false {score.false}, AGN lost {score.lost}, inconsistent {score.inconsistent}; flux over "
            f"truth {middle:.3f} (+{high - middle:.3f} -{middle - low:.3f}); {score.seconds / NUMBER:.2f} CPU s per AGN"
        )
    sep, photutils = scores["sep"], scores["photutils"]
    return missed(
        [
            ("companions found, sep / photutils", sep.found.sum() / photutils.found.sum(), ">=", 0.9),
            ("false sources, sep / photutils", sep.false / max(photutils.false, 1), "<=", 0.5),
            ("CPU seconds, photutils / sep", photutils.seconds / sep.seconds, ">=", 1),
            ("AGN lost by sep", float(sep.lost), "<=", 0),
        ]
    )


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
