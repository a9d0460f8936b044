"""Clustering templates against a loop over colossus and against CCL; the default cosmology's tables; one fit of a bias.

    python benchmarks/clustering.py

CPU seconds of the best of several turns, the codes taking turns in one process with one thread (CCL's threads wait for each
other on a busy machine, and would count against it). Goals stand in the table; the exit code is 1 where one is missed. Needs
pyccl.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pyccl
from colossus.cosmology import cosmology as colossus
from goals import least_cpu, missed
from threadpoolctl import threadpool_limits

from faintsky.core.context import Context
from faintsky.core.flux_production import FluxProduction
from faintsky.core.power_spectrum import PowerSpectrum, Window
from faintsky.core.registry import make
from faintsky.models.clustering.limber import limber
from faintsky.models.power_models.limber import Limber
from faintsky.plugins.cosmologies.colossus import Colossus

Q = np.geomspace(400, 13_000, 40)
Z = np.linspace(0.005, 3, 401)
SHAPE = np.exp(-0.5 * ((Z - 1) / 0.3) ** 2) / (0.3 * np.sqrt(2 * np.pi))


def by_colossus() -> np.ndarray:
    """The integral as scripts write it: a loop over redshifts."""
    total = np.zeros(Q.size)
    for z, f in zip(Z, SHAPE, strict=True):
        chi = ENGINE.comovingDistance(0.0, z) / ENGINE.h
        power = ENGINE.matterPowerSpectrum(Q / chi / ENGINE.h, z) / ENGINE.h**3
        total += ENGINE.Hz(z) / (299792.458 * chi**2) * f**2 * power
    return total * (Z[1] - Z[0])


ENGINE = colossus.setCosmology("planck18", persistence="")
CCL = pyccl.Cosmology(
    Omega_c=0.2621, Omega_b=0.049, h=0.6766, sigma8=0.8102, n_s=0.9665, T_CMB=2.7255, Neff=3.046,
    transfer_function="eisenstein_hu", matter_power_spectrum="linear",
)  # fmt: skip
CHI = pyccl.comoving_radial_distance(CCL, 1 / (1 + Z))
HUBBLE = 67.66 * pyccl.h_over_h0(CCL, 1 / (1 + Z)) / 299792.458  # per Mpc


def by_ccl() -> np.ndarray:
    """CCL's own Limber integral of the same kernel, for a bias of 1."""
    tracer = pyccl.Tracer()
    tracer.add_tracer(CCL, kernel=(CHI, SHAPE * HUBBLE))
    return np.asarray(pyccl.angular_cl(CCL, tracer, tracer, Q))


def a_fit(cosmology: Colossus, production: FluxProduction, found: np.ndarray) -> Callable[[], object]:
    """One chain as in the papers, over a spectrum that has a bias of 1.6."""
    modes = np.full(Q.size, 40)
    power = 1e-11 + 2.56 * found
    data = PowerSpectrum(
        edges=np.append(Q * 0.96, Q[-1] * 1.04), q=Q, modes=modes, power=power, pseudo=power,
        covariance=np.diag(2 * power**2 / modes),
        window=Window(q=Q, matrix=np.eye(Q.size)), unit="sr", f_sky=1.0, names=("a", "a"), auto=(power,), shot=1e-11,
        productions=(production,),
    )  # fmt: skip
    bound = make("likelihoods", "gaussian-model-sigma").bind(data, Limber(cosmology=cosmology), Context())
    sampler = make("samplers", "emcee", walkers=5, steps=500, moves="stretch")
    return lambda: sampler.run(bound, Context())


def main() -> int:
    """Print the times and the goals; 1 where a goal is missed."""
    start = time.perf_counter()
    cosmology = Colossus(name="planck18")
    production = FluxProduction(z=Z, dF_dz=SHAPE)
    found = limber(Q, cosmology, production)
    ready = time.perf_counter() - start
    cases: dict[str, Callable[[], object]] = {
        "linear": lambda: limber(Q, cosmology, production),
        "nonlinear": lambda: limber(Q, cosmology, production, power="nonlinear"),
        "colossus": by_colossus,
        "CCL": by_ccl,
    }
    took = least_cpu(cases, 10)
    fit = least_cpu({"fit": a_fit(cosmology, production, found)}, 3)["fit"]
    print(f"{'template 40 q x 401 z':<28}{'CPU ms':>10}")
    for name, seconds in took.items():
        print(f"{name:<28}{1e3 * seconds:>10.2f}")
    goals = [
        ("tables and first template, s", ready, "<=", 0.5),
        ("linear template, s", took["linear"], "<=", 0.02),
        ("nonlinear template, s", took["nonlinear"], "<=", 0.02),
        ("loop over colossus / linear", took["colossus"] / took["linear"], ">=", 10),
        ("linear / CCL", took["linear"] / took["CCL"], "<=", 2),
        ("linear and the loop differ by", float(np.abs(found / by_colossus() - 1).max()), "<=", 1e-3),
        ("linear and CCL differ by", float(np.abs(found / by_ccl() - 1).max()), "<=", 5e-3),
        ("fit of 5 walkers x 500, CPU s", fit, "<=", 1),
    ]
    return missed(goals)


if __name__ == "__main__":
    with threadpool_limits(1):
        sys.exit(main())
