"""Makes clustering.ecsv: Limber's integral, background and halo bias by CCL, CAMB and colossus, without any code of faintsky.

Run with pyccl 3, camb 2 and colossus 1.4:  python make_clustering.py
"""

from pathlib import Path

import camb
import numpy as np
import pyccl
from astropy.table import Table
from colossus.cosmology import cosmology as colossus_cosmology
from colossus.lss import bias as colossus_bias

H0, OM, OB, S8, NS = 67.66, 0.3111, 0.0490, 0.8102, 0.9665
THETAS = np.array([3000.0, 2000.0, 1000.0, 500.0, 300.0, 100.0])
Q = 2 * np.pi / np.deg2rad(THETAS / 3600)
#: Name: z range, mean and width of dF_a/dz, of dF_b/dz.
CASES = {"low": (0.005, 3, 1.0, 0.3, 1.4, 0.5), "middle": (3, 6, 4.3, 0.6, 4.0, 0.8), "high": (6, 13, 8.0, 1.2, 7.0, 1.0)}


def gauss(z, mean, width):
    return np.exp(-0.5 * ((z - mean) / width) ** 2) / (width * np.sqrt(2 * np.pi))


def limber(power, distance, hubble, case, cross):
    low, high, m1, s1, m2, s2 = CASES[case]
    z = np.linspace(low, high, 4001)
    chi, h = distance(z), hubble(z)
    f = gauss(z, m1, s1) * (gauss(z, m2, s2) if cross else gauss(z, m1, s1))
    return [
        np.trapezoid(h / (299792.458 * chi**2) * f * np.array([power(k, x) for k, x in zip(q / chi, z, strict=True)]), z)
        for q in Q
    ]


eh = pyccl.Cosmology(
    Omega_c=OM - OB, Omega_b=OB, h=H0 / 100, sigma8=S8, n_s=NS, T_CMB=2.7255, Neff=3.046, m_nu=0.0,
    transfer_function="eisenstein_hu", matter_power_spectrum="halofit",
)  # fmt: skip


def boltzmann(amplitude):
    pars = camb.CAMBparams()
    h2 = (H0 / 100) ** 2
    pars.set_cosmology(H0=H0, ombh2=OB * h2, omch2=(OM - OB) * h2, mnu=0.0, num_massive_neutrinos=0, nnu=3.046, TCMB=2.7255)
    pars.InitPower.set_params(As=amplitude, ns=NS)
    pars.set_matter_power(redshifts=list(np.expm1(np.linspace(0, np.log(17), 100))[::-1]), kmax=100.0, silent=True)
    pars.NonLinear = camb.model.NonLinear_both
    pars.NonLinearModel.set_params(halofit_version="takahashi")
    return camb.get_results(pars)


results = boltzmann(2e-9)
results = boltzmann(2e-9 * (S8 / results.get_sigma8_0()) ** 2)
powers = {
    kind: results.get_matter_power_interpolator(
        nonlinear=kind == "camb_halofit", hubble_units=False, k_hunit=False, extrap_kmax=2e4
    )
    for kind in ("camb_linear", "camb_halofit")
}
rows = []
for case in CASES:
    for cross in (False, True):
        columns = {
            "eh98_linear": limber(
                lambda k, z: float(pyccl.linear_matter_power(eh, k, 1 / (1 + z))),
                lambda z: pyccl.comoving_radial_distance(eh, 1 / (1 + z)),
                lambda z: H0 * pyccl.h_over_h0(eh, 1 / (1 + z)),
                case,
                cross,
            )
        }
        for kind, p in powers.items():
            columns[kind] = limber(
                lambda k, z, p=p: float(p.P(z, k)), results.comoving_radial_distance, results.hubble_parameter, case, cross
            )
        for kind, values in columns.items():
            rows += [(kind, f"{case} {'cross' if cross else 'auto'}", t, v) for t, v in zip(THETAS, values, strict=True)]
colossus = colossus_cosmology.Cosmology(name="x", H0=H0, Om0=OM, Ob0=OB, sigma8=S8, ns=NS, persistence="")
for z in (0.05, 0.5, 1.0, 3.0, 6.0, 9.0, 13.0):
    rows += [
        ("background", "chi", z, float(pyccl.comoving_radial_distance(eh, 1 / (1 + z)))),
        ("background", "H", z, float(H0 * pyccl.h_over_h0(eh, 1 / (1 + z)))),
        ("background", "growth", z, float(colossus.growthFactor(z))),
        ("background", "growth by ccl", z, float(pyccl.growth_factor(eh, 1 / (1 + z)))),
    ]
for z in (0.0, 1.0, 5.0, 10.0):
    for k in np.geomspace(1e-3, 10, 13):
        rows.append(("eh98_power", f"z = {z:g}", k, float(pyccl.linear_matter_power(eh, k, 1 / (1 + z)))))
colossus_cosmology.setCosmology(
    "reference", {"flat": True, "H0": H0, "Om0": OM, "Ob0": OB, "sigma8": S8, "ns": NS}, persistence=""
)
for model, mdef in (("sheth01", None), ("tinker10", "200m")):
    for z in (0.0, 2.0, 5.0, 10.0):
        for mass in (1e10, 1e12):
            value = float(colossus_bias.haloBias(mass, z, mdef, model=model))
            rows.append(("bias", f"{model} {np.log10(mass):.0f}", z, value))
table = Table(rows=rows, names=("kind", "case", "at", "value"))
table.meta["made with"] = (
    f"pyccl {pyccl.__version__}, camb {camb.__version__}, colossus 1.4; planck18 numbers, massless neutrinos"
)
table.meta["at"] = (
    "2 pi / q in arcsec of Limber rows, k in 1/Mpc of eh98_power, redshift elsewhere; masses of bias rows in log10 Msun/h"
)
table.meta["value"] = (
    "Limber rows in sr times the square of the unit of flux, eh98_power in Mpc3, chi in Mpc, H in km/s/Mpc; growth is 1 at z = 0"
)
table.write(Path(__file__).with_name("clustering.ecsv"), overwrite=True)
