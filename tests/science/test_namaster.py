"""The decoupled bandpowers and the pseudo spectra against those of NaMaster, the community's code, where it is installed.

NaMaster is called here without the component `namaster`, with the bins and the outer rings that `decoupled` uses: the outer rings
take part in the decoupling, so that another set of them is another estimate. Tolerances: 1e-8 and 1e-10 of sqrt(P11 P22);
measured with NaMaster 3.0.1: 4e-12 and 6e-15.
"""

import numpy as np
import pytest
import scipy.fft

from faintsky.core.bins import Bins
from faintsky.core.context import Context
from faintsky.core.errors import DataError
from faintsky.core.grid import Grid
from faintsky.core.map import Map
from faintsky.core.outer_rings import with_outer_rings
from faintsky.core.registry import make

nmt = pytest.importorskip("pymaster", reason="NaMaster is not installed (it needs system libraries)")

SQUARE = Grid((96, 96), "1.2 arcsec")
OBLONG = Grid((95, 80), ("1.2 arcsec", "0.8 arcsec"))
PAIRS = {
    "auto": ("a", "a"),
    "cross, two masks": ("a", "b"),
    "weighted": ("c", "c"),
    "cross, weighted and holes": ("c", "a"),
}


def holes(grid, seed):
    """A mask of holes of 4 pixels' radius over about a third of the field."""
    keep = np.ones(grid.shape, dtype=bool)
    y, x = np.ogrid[: grid.shape[0], : grid.shape[1]]
    for cy, cx in np.random.default_rng(seed).uniform((0, 0), grid.shape, (grid.size // 118, 2)):
        keep &= (y - cy) ** 2 + (x - cx) ** 2 > 16
    assert 0.5 < keep.mean() < 0.8
    return keep


def field(grid, seed):
    """White noise, and a red field of q^-1.5; their mean is not zero."""
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    q = 2 * np.pi * np.hypot(scipy.fft.fftfreq(ny, dy)[:, None], scipy.fft.rfftfreq(nx, dx))
    amplitude = np.sqrt(1 + (np.maximum(q, grid.fundamental) / (8 * grid.fundamental)) ** -1.5)
    white = np.random.default_rng([5, seed]).standard_normal(grid.shape)
    return 5 + scipy.fft.irfft2(scipy.fft.rfft2(white) * amplitude, s=grid.shape)


def maps(grid):
    """Two maps under different masks of 0 and 1, and one with weights between them; they share a part of their sky."""
    sky = field(grid, 0)
    first, second = holes(grid, 1), holes(grid, 2)
    weights = {"a": first, "b": second, "c": first * np.random.default_rng(3).uniform(0.2, 1, grid.shape)}
    return {
        name: Map.from_array(sky + field(grid, seed), grid=grid, weight=weight)
        for seed, (name, weight) in enumerate(weights.items(), start=1)
    }


def bins_between_modes(grid):
    """Bins whose edges, and those of their outer rings, lie on no mode: rounding assigns no mode to another ring."""
    bins = Bins(np.geomspace(2.03 * grid.fundamental, 0.97 * grid.nyquist, 8))
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    q = 2 * np.pi * np.hypot(np.fft.fftfreq(ny, dy)[:, None], np.fft.fftfreq(nx, dx)).ravel()[1:]
    inner = with_outer_rings(grid, bins)[0].edges[:-1]
    assert np.min(np.abs(q[:, None] / inner - 1)) > 1e-9
    return bins


def by_namaster(a, b, bins):
    """Pseudo spectrum and bandpowers in the asked bins, by NaMaster alone."""
    grid = a.grid_
    (ny, nx), (dy, dx) = grid.shape, grid.scale
    rings, kept = with_outer_rings(grid, bins)
    binning = nmt.NmtBinFlat(rings.edges[:-1], rings.edges[1:])
    one, two = (nmt.NmtFieldFlat(nx * dx, ny * dy, m.weight, [np.where(m.weight > 0, m.values - m.mean, 0)]) for m in (a, b))
    workspace = nmt.NmtWorkspaceFlat()
    workspace.compute_coupling_matrix(one, two, binning)
    pseudo = nmt.compute_coupled_cell_flat(one, two, binning)
    return pseudo[0][kept], workspace.decouple_cell(pseudo)[0][kept]


def estimate(name, a, b, bins):
    return make("power_spectra", name).estimate(a, b, bins, Context())


def scale(a, b, bins, what):
    """sqrt(P11 P22) in each bin."""
    one, two = (getattr(estimate("decoupled", m, m, bins), what) for m in (a, b))
    return np.sqrt(one * two)


@pytest.fixture(scope="module", params=[SQUARE, OBLONG], ids=["96 x 96", "95 x 80 oblong pixels"])
def sky(request):
    return maps(request.param)


@pytest.fixture(params=PAIRS.values(), ids=PAIRS.keys())
def pair(request, sky):
    return tuple(sky[name] for name in request.param)


def test_decoupled_is_namasters(pair):
    a, b = pair
    bins = bins_between_modes(a.grid_)
    pseudo, power = by_namaster(a, b, bins)
    ours = estimate("decoupled", a, b, bins)
    assert np.max(np.abs(ours.pseudo - pseudo) / scale(a, b, bins, "pseudo")) < 1e-10
    assert np.max(np.abs(ours.power - power) / scale(a, b, bins, "power")) < 1e-8


def test_the_component_is_namaster_with_the_window_of_decoupled(pair):
    a, b = pair
    bins = bins_between_modes(a.grid_)
    pseudo, power = by_namaster(a, b, bins)
    component, ours = (estimate(name, a, b, bins) for name in ("namaster", "decoupled"))
    assert np.max(np.abs(component.pseudo - pseudo) / scale(a, b, bins, "pseudo")) < 1e-10
    assert np.max(np.abs(component.power - power) / scale(a, b, bins, "power")) < 1e-8
    np.testing.assert_array_equal(component.window.q, ours.window.q)
    np.testing.assert_allclose(component.window.matrix, ours.window.matrix, atol=1e-8 * np.abs(ours.window.matrix).max())


EDGES = {
    # An edge that rounding put just above a mode means that mode; geometric edges do so by chance (8 sqrt(2), say).
    "edges on modes": np.array([2, 5, 10, 20, 40]) * (1 + 2e-13),
    # NaMaster counts the mode q = 0, which holds the mean and no power.
    "from q = 0": np.array([0, 2, 5, 11, 23, 47]),
    # Nothing is left for outer rings.
    "to the corner": np.array([0.5, 3, 8, 20, 50, 91]),
}


@pytest.mark.parametrize("edges", EDGES.values(), ids=EDGES.keys())
def test_the_component_has_the_modes_of_the_bins(edges):
    grid = Grid((128, 128), "1.2 arcsec")
    found, bins = maps(grid), Bins(edges * grid.fundamental)
    a, b = found["a"], found["b"]
    theirs, ours = (estimate(name, a, b, bins) for name in ("namaster", "decoupled"))
    assert np.max(np.abs(theirs.pseudo - ours.pseudo) / scale(a, b, bins, "pseudo")) < 1e-10
    assert np.max(np.abs(theirs.power - ours.power) / scale(a, b, bins, "power")) < 1e-8


def test_masks_without_a_common_pixel_are_refused():
    left = np.arange(96) < 48 * np.ones((96, 1))
    a, b = (Map.from_array(field(SQUARE, k), grid=SQUARE, weight=keep) for k, keep in enumerate((left, ~left)))
    with pytest.raises(DataError, match="share no pixel"):
        estimate("namaster", a, b, Bins(np.array([2, 4, 8, 16]) * SQUARE.fundamental))


def test_a_mask_that_cannot_be_undone_is_refused():
    keep = np.zeros(SQUARE.shape)
    keep[:4, :4] = 1
    m = Map.from_array(field(SQUARE, 1), grid=SQUARE, weight=keep)
    for name in ("decoupled", "namaster"):
        with pytest.raises(DataError, match="cannot be undone"):
            estimate(name, m, m, bins_between_modes(SQUARE))
