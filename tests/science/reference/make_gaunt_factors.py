"""Makes gaunt_factors.txt: thermally averaged free-free Gaunt factors from the exact non-relativistic hydrogenic formula.

Karzas & Latter 1961, ApJS 6, 167 (after Sommerfeld): for electrons of initial and final energies eps in units of Z^2 Ry,
eta = eps^-1/2,

    g = 2 sqrt(3) / (pi eta_i eta_f) [(eta_i^2 + eta_f^2 + 2 eta_i^2 eta_f^2) I_0
                                      - 2 eta_i eta_f ((1 + eta_i^2) (1 + eta_f^2))^1/2 I_1] I_0

with I_l of complex hypergeometric functions; then averaged over a Maxwellian, g(gamma^2, u) = int exp(-x) g dx with
eps_f = x / gamma^2, eps_i = (x + u) / gamma^2. The integral is a trapezoid sum in log x, which converges exponentially; all three
logarithms lie on one lattice, so that each pair of energies is computed once. No code of faintsky is used.

Run with mpmath 1.3:  python make_gaunt_factors.py   (about two minutes)
"""

from functools import cache
from multiprocessing import Pool
from pathlib import Path

import mpmath as mp
import numpy as np

STEP = 0.125  # of the lattice, in dex
LOG_GAMMA2 = np.arange(-5.0, 2.01, 2 * STEP)
LOG_U = np.arange(-4.0, 2.51, STEP)
LOG_X = np.arange(-4.0, 1.63, STEP)
TARGET = Path(__file__).parents[3] / "src/faintsky/models/spectra/gaunt_factors.txt"


def integral(order, eta_i, eta_f):
    ratio = 4 * eta_i * eta_f / (eta_i - eta_f) ** 2
    first, second = mp.mpc(order + 1, -eta_f), mp.mpc(order + 1, -eta_i)
    wave = mp.power((eta_f - eta_i) / (eta_f + eta_i), mp.mpc(0, eta_i + eta_f))
    function = mp.re(wave * mp.hyp2f1(first, second, 2 * order + 2, -ratio))
    gammas = abs(mp.gamma(mp.conj(first)) * mp.gamma(mp.conj(second))) / mp.gamma(2 * order + 2)
    return ratio ** (order + 1) / 4 * mp.exp(mp.pi * (eta_f - eta_i) / 2) * gammas * function


@cache
def gaunt(final, photon):
    """g of the lattice numbers of log eps_f and log w, w = eps_i - eps_f."""
    mp.mp.dps = 25
    eps_f = mp.power(10, mp.mpf(final) * STEP)
    eta_f, eta_i = 1 / mp.sqrt(eps_f), 1 / mp.sqrt(eps_f + mp.power(10, mp.mpf(photon) * STEP))
    zero, one = integral(0, eta_i, eta_f), integral(1, eta_i, eta_f)
    product, squares = eta_i * eta_f, eta_i**2 + eta_f**2
    both = (squares + 2 * product**2) * zero - 2 * product * mp.sqrt((1 + eta_i**2) * (1 + eta_f**2)) * one
    return float(2 * mp.sqrt(3) / (mp.pi * product) * both * zero)


def row(log_gamma2):
    """Averages at one gamma^2 and all u."""
    x, steps = 10.0**LOG_X, np.rint(LOG_X / STEP).astype(int)
    shift = round(log_gamma2 / STEP)
    weight = np.log(10) * STEP * x * np.exp(-x)
    weight[0] *= 0.5
    weight[0] += -np.expm1(-x[0])  # the slowest electrons, which all have the Gaunt factor of a final energy near 0
    return [sum(w * gaunt(int(s) - shift, round(u / STEP) - shift) for w, s in zip(weight, steps, strict=True)) for u in LOG_U]


if __name__ == "__main__":
    with Pool() as pool:
        # Neighbours in gamma^2 share pairs of energies, so each worker takes half of the range.
        table = np.array(pool.map(row, LOG_GAMMA2, chunksize=-(-len(LOG_GAMMA2) // 2)))
    head = (
        "Thermally averaged non-relativistic free-free Gaunt factors g(gamma^2, u), gamma^2 = Z^2 Ry / kT, u = E / kT\n"
        f"made by tests/science/reference/make_gaunt_factors.py with mpmath {mp.__version__}\n"
        "first row: number of rows, then log10 u; first column: log10 gamma^2"
    )
    body = np.column_stack([np.append(len(LOG_GAMMA2), LOG_GAMMA2), np.vstack([LOG_U, table])])
    np.savetxt(TARGET, body, fmt="%.6g", header=head)
