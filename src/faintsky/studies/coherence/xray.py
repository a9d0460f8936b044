"""From cross-power to the X-ray background: coherent flux, bias of its sources, accreted mass, source density, resolved share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from attrs import field, frozen

from faintsky.core.component import option
from faintsky.core.context import Context
from faintsky.core.cosmology import Cosmology
from faintsky.core.errors import DataError
from faintsky.core.one_sigma import QUANTILES
from faintsky.core.power_spectrum import PowerSpectrum
from faintsky.core.step import step
from faintsky.core.units import ARCSEC, DEG2_PER_SR, unit_factor
from faintsky.estimators.flux.accretion import MassDensity, accreted_mass_density
from faintsky.estimators.flux.coherent_flux import CoherentFlux, coherent_flux
from faintsky.estimators.flux.euclidean_counts import euclidean_density
from faintsky.estimators.flux.resolved_fraction import ResolvedFraction, resolved_fraction, split_normal
from faintsky.estimators.likelihoods.amplitude import solve_amplitude
from faintsky.models.clustering.limber import POWERS, limber
from faintsky.studies.coherence.bias import SourceBias
from faintsky.studies.coherence.spectra import Spectra, cross_name

__all__ = ["CountsChoice", "MassChoice", "ResolvedChoice", "XrayBackground", "XrayChoice", "xray_background"]

_FLUX = "erg / (s cm2 sr)"


@frozen(kw_only=True)
class MassChoice:
    """Soltan's argument, eq. 13: every factor is to be given."""

    infrared: str = option(help="the infrared map whose coherent flux is taken, such as that of the highest redshifts")
    z: float = option(gt=0, help="redshift at which the mass is accreted")
    alpha: float = option(help="energy slope of the AGN spectrum, J ~ E^-alpha")
    efficiency: float = option(gt=0, lt=1, help="mass-energy conversion efficiency")
    bolometric_fraction: float = option(gt=0, le=1, help="f_X = L_X / L_bol of the rest-frame band; the result goes as 1 / f_X")
    band: tuple[float, float] = option(help="rest-frame band of f_X [keV]")
    observed_band: tuple[float, float] = option(help="observed band of the flux [keV]")


@frozen(kw_only=True)
class CountsChoice:
    """Euclidean source counts, eqs. 14-15."""

    infrared: str = option(help="the infrared map whose coherent flux is taken")
    s0: float = option(gt=0, help="flux above which sources are counted [erg / (s cm2)]")
    s_lim: float = option(gt=0, help="flux of the faintest sources that make the background [erg / (s cm2)]")
    s_max: float | None = option(None, gt=0, help="flux of the brightest ones; default: none")


@frozen(kw_only=True)
class ResolvedChoice:
    """The share of the X-ray background that is resolved; (value, low, high) in erg / (s cm2 deg2)."""

    unresolved: tuple[float, float, float] = option(help="unresolved background, and its errors down and up")
    total: tuple[float, float, float] = option(help="total background, and its errors down and up")
    reference: str = option(help="where the total comes from")


@frozen(kw_only=True)
class XrayChoice:
    """``[xray]``: the coherent flux of eq. 11, and what follows from it."""

    xray: str = option(help="the X-ray map, in erg / (s cm2 sr) or a unit of its kind")
    infrared: tuple[str, ...] = option(help="infrared maps, one a redshift bin")
    theta: tuple[float, float] = option(unit="rad", help="smallest and largest scale that take part")
    sign: str = option(
        "signed", choices=("signed", "debiased", "paper"), help="signed vanishes without coherence; paper does not"
    )
    reduction: str = option("mean-q", choices=("mean-q", "max", "sqrt-int-dlnq", "at-scale"), help="how scales become one flux")
    at: float | None = option(None, unit="rad", gt=0, help="scale of the reduction at-scale")
    draws: int = option(10000, ge=100, help="Monte Carlo draws")
    min_beam_power: float = option(0.1, gt=0, le=1, help="bins where the beam leaves less power are left out")
    bias_at: float | None = option(
        None, unit="rad", gt=0, help="scale about which b_X is read off the cross-power; default: not at all"
    )
    cosmology: Cosmology | None = option(None, help="the cosmology of b_X")
    matter: str = option("nonlinear", choices=POWERS, help="matter power of b_X")
    mass: MassChoice | None = option(None, help="[xray.mass]: accreted mass density")
    counts: CountsChoice | None = option(None, help="[xray.counts]: density of sources")
    resolved: ResolvedChoice | None = option(None, help="[xray.resolved]: resolved share of the background")

    def __attrs_post_init__(self) -> None:
        if not self.theta[0] < self.theta[1]:
            raise DataError(f"theta must be [smallest, largest], got {[t / ARCSEC for t in self.theta]} arcsec")
        if self.bias_at is not None and self.cosmology is None:
            raise DataError("b_X needs a cosmology, such as cosmology = { use = 'colossus', name = 'planck18' }")


@frozen(kw_only=True)
class XrayBackground:
    """What the cross-power says of the X-ray background.

    Attributes
    ----------
    flux, recipe : mapping of infrared map to CoherentFlux
        By the chosen form of eq. 11, and as published.
    total : tuple of float
        Sum of `flux` over the redshift bins: value, 1-sigma down and up [erg / (s cm2 deg2)].
    bias : mapping of infrared map to (value, error)
        b_X where it was asked for; its error is that of the cross-power alone.
    mass : MassDensity, optional
    density : float, optional
        Sources above S0 [deg^-2].
    resolved : ResolvedFraction, optional
    assumptions : tuple of str
        What the numbers rest on.
    """

    flux: Mapping[str, CoherentFlux]
    recipe: Mapping[str, CoherentFlux]
    total: tuple[float, float, float]
    bias: Mapping[str, tuple[float, float]] = field(factory=dict)
    mass: MassDensity | None = None
    density: float | None = None
    resolved: ResolvedFraction | None = None
    assumptions: tuple[str, ...] = ()


@step(title="X-ray background")
def xray_background(
    *, spectra: Spectra, biases: Mapping[str, SourceBias | None], choice: XrayChoice, title: str, ctx: Context
) -> XrayBackground:
    """Coherent fluxes of the redshift bins, and what follows from them.

    Raises
    ------
    DataError
        Where a cross-spectrum is missing, or the X-ray map is no flux.
    """
    flux = {name: _coherent(spectra, name, choice, choice.sign, ctx) for name in choice.infrared}
    recipe = {name: _coherent(spectra, name, choice, "paper", ctx) for name in choice.infrared}
    rng = ctx.rng("sum of fluxes")
    drawn = sum(split_normal(f.value, max(f.low, 1e-300), max(f.high, 1e-300), rng, choice.draws) for f in flux.values())
    value = sum(f.value for f in flux.values())
    low, high = np.quantile(drawn, QUANTILES[::2]) - np.median(drawn)
    total = (float(value), float(-low), float(high))
    said = [
        "the coherent rms fluctuation is a lower limit to the flux of the sources that make it",
        f"flux from {choice.theta[0] / ARCSEC:.4g} to {choice.theta[1] / ARCSEC:.4g} arcsec, {choice.sign}, {choice.reduction}",
    ]
    bias = {}
    if choice.bias_at is not None:
        said.append(
            "b_X = P_IRX / (b_IR x template) takes the stochasticity to be r = 1 (else b_X is higher), the coherent flux for the "
            "whole one (else b_X is lower) and dF_X/dz to have the shape of dF_IR/dz"
        )
        bias = {name: _xray_bias(spectra, name, flux[name], biases.get(name), choice) for name in choice.infrared}
    mass = _mass(flux, choice.mass)
    if mass is not None:
        said.append("accreted mass: all of the flux is accretion, and f_X, alpha and the efficiency are those given")
    density = None
    if choice.counts is not None and flux[choice.counts.infrared].value > 0:
        c = choice.counts
        density = euclidean_density(flux_deg2=flux[c.infrared].value, s0=c.s0, s_lim=c.s_lim, s_max=c.s_max)
        said.append("source density: Euclidean counts between the limits given make all of the flux")
    resolved = None
    if choice.resolved is not None:
        r = choice.resolved
        resolved = resolved_fraction(
            coherent=total, unresolved=r.unresolved, total=r.total, total_reference=r.reference, rng=rng, draws=choice.draws
        )
    return XrayBackground(
        flux=flux, recipe=recipe, total=total, bias=bias, mass=mass, density=density, resolved=resolved, assumptions=tuple(said)
    )


def _cross(spectra: Spectra, infrared: str, xray: str) -> PowerSpectrum:
    for name in (cross_name(infrared, xray), cross_name(xray, infrared)):
        if name in spectra.cross:
            return spectra.cross[name]
    raise DataError(f"no cross-spectrum of {infrared!r} and {xray!r} was measured; there are {', '.join(spectra.cross)}")


def _xray_unit(cross: PowerSpectrum, auto: PowerSpectrum) -> float:
    """Factor from the unit of the X-ray map to erg / (s cm2 sr)."""
    from astropy import units as u

    infrared = (u.Unit(auto.unit) / u.sr) ** 0.5
    return unit_factor((u.Unit(cross.unit) / infrared / u.sr).to_string(), _FLUX)


def _coherent(spectra: Spectra, infrared: str, choice: XrayChoice, sign: str, ctx: Context) -> CoherentFlux:
    cross, auto = _cross(spectra, infrared, choice.xray), spectra.auto[infrared]
    factor = _xray_unit(cross, auto)
    # With the beam in the window, its rows sum to the B_X that the cross-power was multiplied with.
    beam = np.ones(len(cross.q)) if cross.beam == "deconvolved" else cross.window.matrix.sum(axis=1) ** 2
    return coherent_flux(
        cross.q,
        cross.power * factor,
        np.nan_to_num(cross.covariance) * factor**2,
        auto.power,
        auto.modes * auto.f_sky,
        np.clip(beam, 0.0, 1.0),
        theta=choice.theta,
        sign=sign,
        reduction=choice.reduction,
        rng=ctx.rng(f"flux {infrared} {sign}"),
        at=choice.at,
        draws=choice.draws,
        min_beam_power=choice.min_beam_power,
    )


def _xray_bias(
    spectra: Spectra, infrared: str, flux: CoherentFlux, bias: SourceBias | None, choice: XrayChoice
) -> tuple[float, float]:
    """b_X and its error: the cross-power within a factor of 2 of `bias_at` over b_IR times the template, eq. 12 in full.

    The printed eq. 12 lacks dF_X/dz and both biases. NaN where the infrared bias is not fitted, or there is no flux.
    """
    cross, auto = _cross(spectra, infrared, choice.xray), spectra.auto[infrared]
    if bias is None or not auto.productions or not flux.value > 0:
        return float("nan"), float("nan")
    assert choice.bias_at is not None
    assert choice.cosmology is not None
    near = (np.abs(np.log(cross.theta / choice.bias_at)) < np.log(2)) & np.isfinite(cross.power)
    if not near.any():
        return float("nan"), float("nan")
    produced = auto.productions[0]
    emitted = produced.normalised_to(flux.value * DEG2_PER_SR)
    unit = limber(np.maximum(cross.window.q, 1.0), choice.cosmology, produced, emitted, power=choice.matter)
    factor = _xray_unit(cross, auto)
    covariance = cross.covariance[np.ix_(near, near)] * factor**2
    found = solve_amplitude(cross.power[near] * factor, covariance, bias.bias * cross.window(unit)[near])
    return found.value, found.error


def _mass(flux: Mapping[str, CoherentFlux], choice: MassChoice | None) -> MassDensity | None:
    if choice is None or not flux[choice.infrared].value > 0:
        return None
    return accreted_mass_density(
        flux_deg2=flux[choice.infrared].value,
        z=choice.z,
        alpha=choice.alpha,
        efficiency=choice.efficiency,
        bolometric_fraction=choice.bolometric_fraction,
        band_kev=choice.band,
        observed_band_kev=choice.observed_band,
    )
