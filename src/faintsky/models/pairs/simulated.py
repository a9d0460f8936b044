"""A sample of AGN with projected companions, each of known truth, at the level of catalogues."""

from __future__ import annotations

import numpy as np
from attrs import frozen
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from faintsky.core.angular_scale import kpc_per_arcsec
from faintsky.core.catalogue import Catalogue
from faintsky.core.component import option, slot
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.pair_sample import FieldGalaxies, PairSample
from faintsky.core.redshift import Redshifts
from faintsky.models.pairs.galaxy_counts import GalaxyCounts
from faintsky.models.pairs.photometric_errors import PhotometricErrors

__all__ = ["SimulatedPairs"]

Array = NDArray[np.float64]

#: Mean and width of ln(1 + z) of the AGN, cut at `redshifts`: 38 % below z = 1, 1 % above z = 4, about as in COSMOS-Web.
_LN1PZ = (0.80, 0.36)
#: Host magnitude at z = 1, its rise with redshift, its scatter.
_HOST = (21.0, 0.7, 0.9)
#: Bright companions reach this much above their host.
_BRIGHTER = 1.0
#: Mean and scatter of the logarithms of stellar mass, bolometric luminosity at z = 0 (and its rise with z), column density.
_MASS, _LBOL, _NH = (10.7, 0.4), (44.0, 0.5, 0.6), (22.5, 0.9)
#: Scatter of the mass-to-light ratio [dex].
_MASS_TO_LIGHT = 0.2


@frozen(kw_only=True)
class SimulatedPairs:
    """AGN with real companions, interlopers and stars about them, and a field without AGN.

    Real companions: a Poisson number with expectation f(z) = fraction [(1 + z) / 2.2]^evolution, at the redshift of their AGN,
    evenly spread in separation up to `reach`, and in magnitude from 1 mag above their host to `contrast` below it. Interlopers
    and stars: Poisson numbers by their surface density within the same circle and to the same magnitude, evenly in area. The
    reach in arcsec follows from the best redshift known, as it does for observers.

    Stars are flagged as such with the probability `star_flags`, and are missing in the field. Companions that are real hold an
    AGN of their own with the probability `dual`, and interlopers seem to with `spurious`.
    """

    number: int = option(571, ge=1, help="AGN")
    redshifts: tuple[float, float] = option((0.3, 5.0), gt=0, help="of AGN")
    spectroscopic: float = option(0.55, ge=0, le=1, help="share of AGN with a spectroscopic redshift")
    photo_z: PhotometricErrors = option(factory=PhotometricErrors, help="errors of the photometric redshifts")
    fraction: float = option(0.12, ge=0, help="real companions per AGN at z = 1.2")
    evolution: float = option(1.0, help="their number goes as (1 + z) to this power")
    galaxies: GalaxyCounts = option(factory=GalaxyCounts, help="what interlopers are")
    interlopers: float = option(1.0, ge=0, help="interlopers about AGN and in the field, in units of these counts")
    stars: float = option(
        3.0, ge=0, help="stars brighter than magnitude 24 [arcmin^-2]; their number rises by 0.1 dex per magnitude"
    )
    star_flags: float = option(0.9, ge=0, le=1, help="share of the stars that are flagged")
    reach: float = option(15.0, gt=0, help="largest separation [kpc]")
    contrast: float = option(3.0, gt=0, help="companions are at most so many magnitudes fainter than the host")
    limit: float = option(26.5, help="faintest magnitude of anything")
    dual: float = option(0.65, ge=0, le=1, help="share of the real companions with an AGN")
    spurious: float = option(0.5, ge=0, le=1, help="share of the interlopers that seem to hold one")
    field_area: float = option(50.0, gt=0, help="of the field [arcmin^2]")
    cosmology: Cosmology = slot(help="what turns kpc into arcsec")

    def sample(self, ctx: Context) -> PairSample:
        """Draw a sample; `companions` has the columns ``real`` (1 or 0), ``is_star`` (the truth) and ``z_true``.

        The same context gives the same sample.
        """
        rng = ctx.rng("simulated pairs")
        agn = self._agn(rng)
        z, best, host = agn["z_true"], agn["z"], agn["magnitude"]
        reach, faintest = self.reach / kpc_per_arcsec(best, self.cosmology), np.minimum(host + self.contrast, self.limit)
        parts = [
            self._real(z, host, reach, faintest, rng),
            self._chance(self.interlopers * self.galaxies.below(faintest), reach, faintest, self.galaxies, rng),
            self._chance(self._stars.below(faintest), reach, faintest, self._stars, rng),
        ]
        kind = np.repeat(np.arange(3), [part["owner"].size for part in parts])
        found = {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}
        order = np.argsort(found["owner"], kind="stable")
        found, kind = {key: values[order] for key, values in found.items()}, kind[order]
        owner = found["owner"].astype(np.intp)
        return PairSample(
            agn=agn,
            companions=self._companions(found, kind, owner, agn, rng),
            owner=owner,
            reach=reach,
            faintest=faintest,
            interlopers=self._field(float(faintest.max()), rng),
        )

    @property
    def _stars(self) -> GalaxyCounts:
        return GalaxyCounts(density=max(self.stars, 1e-9), slope=0.1)

    def _agn(self, rng: np.random.Generator) -> Catalogue:
        n, (low, high) = self.number, (ndtr((np.log1p(end) - _LN1PZ[0]) / _LN1PZ[1]) for end in self.redshifts)
        z = np.expm1(_LN1PZ[0] + _LN1PZ[1] * ndtri(low + (high - low) * rng.random(n)))
        host = np.minimum(_HOST[0] + _HOST[1] * (z - 1) + _HOST[2] * rng.standard_normal(n), self.limit - 0.5)
        known = rng.random(n) < self.spectroscopic
        redshifts = self.photo_z.seen(z, host, rng)
        columns = {
            "name": np.array([f"AGN-{i + 1}" for i in range(n)]),
            "z": np.where(known, z, _medians(redshifts)),
            "z_spec": np.where(known, z, np.nan),
            "z_true": z,
            "magnitude": host,
            "log_mass": _MASS[0] + _MASS[1] * rng.standard_normal(n),
            "log_lbol": _LBOL[0] + _LBOL[1] * z + _LBOL[2] * rng.standard_normal(n),
            "log_nh": np.clip(_NH[0] + _NH[1] * rng.standard_normal(n), 20, 25),
        }
        units = {"log_mass": "dex(Msun)", "log_lbol": "dex(erg / s)", "log_nh": "dex(1 / cm2)", "magnitude": "mag"}
        return Catalogue(columns=columns, units=units, redshifts=redshifts, name="simulated AGN")

    def _real(self, z: Array, host: Array, reach: Array, faintest: Array, rng: np.random.Generator) -> dict[str, Array]:
        owner = np.repeat(np.arange(z.size), rng.poisson(self.fraction * ((1 + z) / 2.2) ** self.evolution))
        angle = self.reach * rng.random(owner.size) / kpc_per_arcsec(z[owner], self.cosmology)
        bright = host[owner] - _BRIGHTER
        magnitude = bright + (faintest[owner] - bright) * rng.random(owner.size)
        found = {"owner": owner.astype(float), "angle": angle, "magnitude": magnitude, "z_true": z[owner]}
        return {key: values[angle <= reach[owner]] for key, values in found.items()}

    def _chance(
        self, density: Array, reach: Array, faintest: Array, counts: GalaxyCounts, rng: np.random.Generator
    ) -> dict[str, Array]:
        owner = np.repeat(np.arange(reach.size), rng.poisson(np.pi * reach**2 * density))
        magnitude = counts.magnitudes(faintest[owner], rng)
        return {
            "owner": owner.astype(float),
            "angle": reach[owner] * np.sqrt(rng.random(owner.size)),
            "magnitude": magnitude,
            "z_true": counts.redshifts(magnitude, rng),
        }

    def _companions(
        self, found: dict[str, Array], kind: NDArray[np.intp], owner: NDArray[np.intp], agn: Catalogue, rng: np.random.Generator
    ) -> Catalogue:
        n, real, star = kind.size, kind == 0, kind == 2
        z = np.where(star, np.nan, np.minimum(found["z_true"], self.photo_z.z_max))
        fainter = found["magnitude"] - agn["magnitude"][owner]
        columns = {
            "name": np.array([f"{agn['name'][i]}-{j + 1}" for j, i in enumerate(owner)], dtype=str),
            "separation": found["angle"] * kpc_per_arcsec(agn["z"][owner], self.cosmology),
            "angle": found["angle"],
            "magnitude": found["magnitude"],
            "log_mass": agn["log_mass"][owner] - 0.4 * fainter + _MASS_TO_LIGHT * rng.standard_normal(n),
            "dual": (rng.random(n) < np.where(real, self.dual, self.spurious)).astype(float),
            "star": (star & (rng.random(n) < self.star_flags)).astype(float),
            "real": real.astype(float),
            "is_star": star.astype(float),
            "z_true": z,
        }
        units = {"separation": "kpc", "angle": "arcsec", "magnitude": "mag", "log_mass": "dex(Msun)"}
        redshifts = self.photo_z.seen(z, found["magnitude"], rng)
        return Catalogue(columns=columns, units=units, redshifts=redshifts, name="simulated companions")

    def _field(self, faintest: float, rng: np.random.Generator) -> FieldGalaxies:
        area = 3600 * self.field_area
        number = rng.poisson(area * self.interlopers * float(self.galaxies.below(faintest)))
        magnitude = self.galaxies.magnitudes(np.full(number, faintest), rng)
        z = np.minimum(self.galaxies.redshifts(magnitude, rng), self.photo_z.z_max)
        return FieldGalaxies(area=area, magnitude=magnitude, redshifts=self.photo_z.seen(z, magnitude, rng))


def _medians(redshifts: Redshifts) -> Array:
    return np.array([np.interp(0.5, row, redshifts.z) for row in redshifts.cdf])
