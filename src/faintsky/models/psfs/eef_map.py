"""Radii of enclosed light over a field, from PSF components."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from attrs import field, frozen
from numpy.typing import ArrayLike, NDArray

from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.psf import PSF
from faintsky.core.units import ARCSEC
from faintsky.core.xray_image import EefMap

__all__ = ["Pointing", "eef_map", "eef_map_of_pointings"]

Array = NDArray[np.float64]

#: Steps of the logarithm of the radius, of the enclosed share, of the off-axis angle; points in half a pixel and a half-circle.
_RADII, _SHARES, _ANGLES, _ACROSS, _AROUND = 400, 400, 48, 4, 48
#: Share of the light that tables leave out.
_LOST = 1e-4
#: Pixels between the nodes of a field.
_COARSE = 16


def _by_angle(psfs: Mapping[float, PSF]) -> dict[float, PSF]:
    return dict(sorted(psfs.items()))


@frozen(kw_only=True, eq=False)
class Pointing:
    """One pointing of a mosaic.

    Attributes
    ----------
    x, y : float
        Optical axis on the grid [pixel], 0-based.
    exposure : float or ndarray, shape (ny, nx)
        In any unit that all pointings share; 0 where it saw nothing.
    psfs : mapping of float to PSF
        By off-axis angle [rad]; one alone serves all angles.
    """

    x: float
    y: float
    exposure: ArrayLike = 1.0
    psfs: Mapping[float, PSF] = field(converter=_by_angle)

    def __attrs_post_init__(self) -> None:
        if not self.psfs or min(self.psfs) < 0:
            raise DataError(f"a pointing needs PSFs at off-axis angles of 0 or more [rad], got {list(self.psfs)}")
        if np.min(self.exposure) < 0 or not np.all(np.isfinite(self.exposure)):
            raise DataError("the exposure of a pointing is negative or not finite somewhere")


def _enclosed(psf: PSF, radius: Array, pixel: tuple[float, float]) -> Array:
    """Mean share of light within discs of `radius` whose centre lies anywhere in the pixel of the source, shape of `radius`.

    A disc around a point at the distance s from the source reaches rho = s cos(phi) + sqrt(r^2 - s^2 sin^2(phi)) from it in the
    direction phi, and the share is the mean over phi of the encircled light there.
    """
    if not max(pixel) > 0:
        return np.asarray(psf.encircled(radius))
    nodes, weights = np.polynomial.legendre.leggauss(2 * _ACROSS)
    nodes, weights = nodes[_ACROSS:], weights[_ACROSS:]
    shift = np.hypot(*np.meshgrid(*(0.5 * side * nodes for side in pixel), indexing="ij")).ravel()
    phi = (np.arange(_AROUND) + 0.5) * np.pi / _AROUND
    found = np.zeros(radius.shape)
    for s, weight in zip(shift, np.outer(weights, weights).ravel(), strict=True):
        rest = radius[:, None] ** 2 - (s * np.sin(phi)) ** 2
        root, middle = np.sqrt(np.maximum(rest, 0)), s * np.cos(phi)
        share = psf.encircled(np.maximum(middle + root, 0)) - psf.encircled(np.maximum(middle - root, 0))
        found += weight * np.where(rest > 0, share, 0.0).mean(axis=1)
    return found


def _table(psf: PSF, largest: float, pixel: tuple[float, float]) -> tuple[Array, Array]:
    """Radii [rad] out to where all but 1e-4 of the light is enclosed, and their enclosed share, never falling."""
    most = 1 - min(_LOST, 0.1 * (1 - largest))
    low, high = 1e-12, 1.0
    for _ in range(100):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if float(psf.encircled(middle)) < most else (low, middle)
    inner, outer = 1e-12, high
    for _ in range(100):
        middle = np.sqrt(inner * outer)
        inner, outer = (middle, outer) if float(psf.encircled(middle)) < 1e-3 else (inner, middle)
    radius = np.geomspace(max(outer, 0.01 * np.hypot(*pixel)), high + np.hypot(*pixel), _RADII)
    share = np.maximum.accumulate(_enclosed(psf, radius, pixel))
    if not share[-1] > largest:
        raise DataError(f"a PSF encloses {share[-1]:.3g} of its light at most, not {largest:g}: is it normalised?")
    return radius, share


def _inverse(radius: Array, share: Array, eef: Array) -> Array:
    """Radii of enclosed shares, by interpolation in the logarithm of the radius."""
    rising = np.concatenate([[True], np.diff(share) > 0])
    return np.asarray(np.exp(np.interp(eef, share[rising], np.log(radius[rising]))))


def _shares(eefs: Sequence[float]) -> Array:
    wanted = np.asarray(eefs, dtype=float)
    if not wanted.size or not np.all((wanted > 0) & (wanted < 1)):
        raise DataError(f"enclosed fractions lie between 0 and 1, got {list(eefs)}")
    return wanted


def eef_map(psf: PSF, grid: Grid, eefs: Sequence[float] = (0.7, 0.9, 0.95), *, pixels: bool = True, name: str = "") -> EefMap:
    """Radii that enclose shares of the light of one PSF, the same over the whole field.

    Parameters
    ----------
    psf : PSF
    grid : Grid
        Of the image that apertures are laid on.
    eefs : sequence of float
        Enclosed fractions.
    pixels : bool
        Count the light as apertures do, which take whole pixels by their centres: the radius is that of the PSF spread over the
        pixel, the mean over the places of a source within its pixel. Without it an aperture of 0.7 nominal holds 0.67 of a
        Gaussian of 1 pixel. False gives the plain inverse of `psf.encircled`.

    Raises
    ------
    DataError
        Where a fraction is not between 0 and 1, or the PSF never encloses it.
    """
    wanted = _shares(eefs)
    radii = _inverse(*_refined(psf, wanted, grid.scale if pixels else (0.0, 0.0)), wanted)
    return EefMap(radii=dict(zip(wanted.tolist(), radii, strict=True)), name=name)


def _refined(psf: PSF, wanted: Array, pixel: tuple[float, float]) -> tuple[Array, Array]:
    """A table that is dense around the wanted radii."""
    coarse = _inverse(*_table(psf, float(wanted.max()), pixel), wanted)
    radius = np.unique((coarse[:, None] * np.linspace(0.95, 1.05, 41)).ravel())
    return radius, np.maximum.accumulate(_enclosed(psf, radius, pixel))


def eef_map_of_pointings(
    pointings: Sequence[Pointing],
    grid: Grid,
    eefs: Sequence[float] = (0.7, 0.9, 0.95),
    *,
    pixels: bool = True,
    name: str = "",
) -> EefMap:
    """Radii that enclose shares of the light in a mosaic, where each pointing sees a source through its own PSF.

    At nodes 16 pixels apart the enclosed light is averaged over the pointings, weighted by their exposures there, and the
    average is inverted; between the nodes, and between the off-axis angles of the PSFs, the radius of each share is interpolated
    linearly. Where no pointing has exposure all count alike.

    Parameters
    ----------
    pointings : sequence of Pointing
    grid, eefs, pixels
        As of `eef_map`.

    Raises
    ------
    DataError
        Where a pointing has exposure farther off its axis than its PSFs reach, or an exposure map lies on another grid.
    """
    from scipy.interpolate import RectBivariateSpline

    wanted = _shares(eefs)
    if not pointings:
        raise DataError("a mosaic needs at least one pointing")
    pixel = grid.scale if pixels else (0.0, 0.0)
    every = {id(psf): psf for pointing in pointings for psf in pointing.psfs.values()}
    tables = {key: _table(psf, float(wanted.max()), pixel) for key, psf in every.items()}
    # The radius of a mean lies between the radii of its parts.
    ends = np.concatenate([_inverse(radius, share, wanted) for radius, share in tables.values()])
    log_r = np.linspace(np.log(0.9 * ends.min()), np.log(1.1 * ends.max()), _RADII // 2)
    nodes = [_nodes(n) for n in grid.shape]
    weight = np.zeros([n.size for n in nodes])
    enclosed, plain = (np.zeros((*weight.shape, log_r.size)) for _ in range(2))
    for pointing in pointings:
        exposure = _at_nodes(pointing.exposure, grid, nodes)
        off = np.hypot((nodes[0][:, None] - pointing.y) * grid.scale[0], (nodes[1] - pointing.x) * grid.scale[1])
        light = _light(pointing, off, exposure > 0, tables, log_r)
        enclosed, plain, weight = enclosed + exposure[..., None] * light, plain + light, weight + exposure
    seen = weight[..., None] > 0
    mean = np.where(seen, enclosed / np.where(seen, weight[..., None], 1.0), plain / len(pointings))
    radii = {}
    for eef in wanted.tolist():
        above = np.clip((mean < eef).sum(axis=-1), 1, log_r.size - 1)
        low, high = (np.take_along_axis(mean, (above - k)[..., None], axis=-1)[..., 0] for k in (1, 0))
        share = (eef - low) / np.maximum(high - low, 1e-300)
        coarse = np.exp(log_r[above - 1] + np.clip(share, 0, 1) * (log_r[1] - log_r[0]))
        radii[eef] = RectBivariateSpline(nodes[0], nodes[1], coarse, kx=1, ky=1)(
            np.arange(grid.shape[0]), np.arange(grid.shape[1])
        )
    return EefMap(radii=radii, name=name)


def _nodes(pixels: int) -> Array:
    return np.linspace(0.0, max(pixels - 1, 1), max(2, int(np.ceil(pixels / _COARSE)) + 1))


def _at_nodes(exposure: ArrayLike, grid: Grid, nodes: list[Array]) -> Array:
    """Mean exposure of the pixels around each node."""
    from scipy.ndimage import uniform_filter

    values = np.asarray(exposure, dtype=float)
    if values.ndim == 0:
        return np.full([n.size for n in nodes], float(values))
    if values.shape != grid.shape:
        raise DataError(f"an exposure map of a pointing has the shape {values.shape}, the grid {grid.shape}")
    rows, columns = (np.clip(np.rint(n), 0, size - 1).astype(int) for n, size in zip(nodes, grid.shape, strict=True))
    smooth = np.clip(uniform_filter(values, min(_COARSE, *grid.shape), mode="nearest"), 0, None)
    return np.asarray(np.where(smooth > 1e-9 * values.max(initial=0.0), smooth, 0.0)[np.ix_(rows, columns)])


def _light(
    pointing: Pointing, off: Array, seen: NDArray[np.bool_], tables: dict[int, tuple[Array, Array]], log_r: Array
) -> Array:
    """Share of light within exp(log_r) at off-axis angles, shape (*off.shape, log_r.size)."""
    angles = np.array(list(pointing.psfs))
    each = [tables[id(psf)] for psf in pointing.psfs.values()]
    if len(each) == 1:
        return np.broadcast_to(np.interp(log_r, np.log(each[0][0]), each[0][1]), (*off.shape, log_r.size))
    # Half a node's distance: a map that just reaches the last angle is no error.
    if seen.any() and off[seen].max() > 1.05 * angles[-1]:
        raise DataError(
            f"a pointing has exposure {off[seen].max() / ARCSEC:.4g} arcsec off its axis, but its PSFs end at "
            f"{angles[-1] / ARCSEC:.4g} arcsec: give one for the rim"
        )
    last = min(float(share[-1]) for _, share in each)
    shares = np.linspace(max(float(share[0]) for _, share in each), last, _SHARES)
    of_psf = np.array([_inverse(radius, share, shares) for radius, share in each])
    fine = np.linspace(angles[0], angles[-1], _ANGLES)
    of_angle = np.stack([np.interp(fine, angles, column) for column in of_psf.T], axis=1)
    light = np.stack([np.interp(log_r, np.log(row), shares) for row in of_angle])
    place = np.clip((off - fine[0]) / (fine[1] - fine[0]), 0, _ANGLES - 1)
    low = np.minimum(place.astype(int), _ANGLES - 2)
    share = (place - low)[..., None]
    return np.asarray((1 - share) * light[low] + share * light[low + 1])
