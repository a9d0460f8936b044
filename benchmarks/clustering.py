"""Clustering templates against a loop over colossus and against CCL; the default cosmology's tables; one fit of a bias.

    python benchmarks/clustering.py

Ratios of the best of several turns, the codes one after the other in one process. Needs pyccl.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pyccl
from colossus.cosmology import cosmology as colossus

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


def best(function: Callable[[], object], turns: int) -> float:
    """Least CPU seconds of several turns."""
    times = []
    for _ in range(turns):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return min(times)


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


def by_ccl() -> np.ndarray:
    """CCL's own Limber integral of the same kernel, for a bias of 1."""
    tracer = pyccl.Tracer()
    kernel = SHAPE * CCL_HUBBLE
    tracer.add_tracer(CCL, kernel=(CHI, kernel))
    return np.asarray(pyccl.angular_cl(CCL, tracer, tracer, Q))


CCL_HUBBLE = 67.66 * pyccl.h_over_h0(CCL, 1 / (1 + Z)) / 299792.458

if __name__ == "__main__":
    start = time.perf_counter()
    cosmology = Colossus(name="planck18")
    cosmology.tables()
    print(f"tables of the default cosmology, colossus imported before: {time.perf_counter() - start:.3f} s (<= 0.5)")
    production = FluxProduction(z=Z, dF_dz=SHAPE)
    mine = {power: best(lambda p=power: limber(Q, cosmology, production, power=p), 20) for power in ("linear", "nonlinear")}
    loop, ccl = best(by_colossus, 5), best(by_ccl, 20)
    found = limber(Q, cosmology, production)
    print(f"template 40 q x 401 z: linear {1e3 * mine['linear']:.2f} ms, nonlinear {1e3 * mine['nonlinear']:.2f} ms (<= 20)")
    print(f"loop over colossus {1e3 * loop:.1f} ms: {loop / mine['linear']:.0f} times ours (>= 10)")
    print(f"CCL's Limber integral {1e3 * ccl:.2f} ms: ours is {mine['linear'] / ccl:.2f} of it (<= 2)")
    others = {"colossus loop": by_colossus, "CCL": by_ccl}
    differences = {name: np.abs(found / other() - 1).max() for name, other in others.items()}
    print("largest difference: " + ", ".join(f"{name} {value:.1e}" for name, value in differences.items()))
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
    print(f"a fit of 5 walkers x 500 steps: {best(lambda: sampler.run(bound, Context()), 3):.2f} s (<= 1)")
