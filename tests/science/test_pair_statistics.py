"""Pair statistics on simulated samples of known truth: calibration, sums, the bias of the recipe, contamination."""

from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from faintsky.core.context import Context
from faintsky.core.registry import make
from faintsky.estimators.companions.cuts import PairCuts
from faintsky.estimators.pairs.contamination import contamination
from faintsky.estimators.pairs.fractions import pair_fractions
from faintsky.estimators.pairs.recipe_bias import recipe_bias
from faintsky.models.pairs.galaxy_counts import GalaxyCounts
from faintsky.models.pairs.photometric_errors import PhotometricErrors
from faintsky.models.pairs.simulated import SimulatedPairs

NAMES = ("posterior", "effective-count", "random-placement")


def simulation(**options):
    """571 AGN as the paper has them; a small field is quicker, and its counts are still good to 2 per cent."""
    flat = make("cosmologies", "flat", h0=70, omega_m0=0.3)
    return SimulatedPairs(cosmology=flat, **{"field_area": 15.0, **options})


@lru_cache(maxsize=4)
def realisations(number):
    """Probabilities, N_z, excess and truth of the pairs of each sample, and the fraction that the posterior finds."""
    found = []
    for seed in range(number):
        pairs = simulation().sample(Context(seed=seed))
        weighed = [make("pair_statistics", name).weigh(pairs, Context()) for name in NAMES]
        found.append(([each.number for each in weighed], np.asarray(pairs.companions["real"]), weighed[0]))
    return found


def sums(found):
    """Sums of the posterior, their 1 sigma from who is real, and the truth."""
    sigma = [np.sqrt(np.sum(number[0] * (1 - number[0]))) for number, _, _ in found]
    return np.array([n[0].sum() for n, _, _ in found]), np.array(sigma), np.array([real.sum() for _, real, _ in found])


def calibrated(found, low, high):
    """Share of the pairs with a probability in a range that is real, and the number of these pairs."""
    p, real = (np.concatenate(each) for each in ([n[0] for n, _, _ in found], [r for _, r, _ in found]))
    chosen = (p >= low) & (p < high)
    return real[chosen].mean(), int(chosen.sum()), p[chosen].mean()


def test_a_few_samples_are_calibrated():
    found = realisations(3)
    total, sigma, truth = sums(found)
    # 3.5 sigma of who is real, over all samples at once.
    assert abs(total.sum() - truth.sum()) < 3.5 * np.sqrt(np.sum(sigma**2))
    for low, high in ((0.0, 0.2), (0.2, 0.6), (0.6, 0.9), (0.9, 1.01)):
        share, number, mean = calibrated(found, low, high)
        assert abs(share - mean) < 3.5 * np.sqrt(mean * (1 - mean) / number) + 0.01


def test_the_fraction_of_the_fit_is_that_of_the_sample():
    for _, real, weighed in realisations(3):
        # The fit knows the Poisson error of the true number, which the truth of the sample does not have: 3 of its sigma.
        sigma = 0.5 * (weighed.fraction_high - weighed.fraction_low)
        assert abs(weighed.fraction - real.sum() / 571) < 3 * sigma
        assert weighed.number.sum() / 571 == pytest.approx(weighed.fraction, rel=0.02)


def test_a_selection_in_one_band_is_contaminated_by_tens_of_per_cent():
    # Section 3.5 of the paper: at least 45 % (10 of 22), of which half are stars, for a catalogue within 20 kpc.
    found = contamination(simulation().sample(Context(seed=1)), 0.95)
    assert 0.3 < found.low < found.share < found.high < 0.8
    paper = stats.binomtest(10, 22).proportion_ci(0.95)
    assert paper.low < found.high
    assert found.low < paper.high
    assert found.stars > 0


def test_cuts_and_fractions_of_a_simulated_table():
    sample = simulation(number=300, galaxies=GalaxyCounts(density=20.0)).sample(Context(seed=3))
    weighed = make("pair_statistics", "posterior").weigh(sample, Context())
    companions, hosts = sample.companions, sample.agn.select(sample.owner)
    verdicts = PairCuts().rows(
        separation=companions["separation"], magnitude=companions["magnitude"], host_magnitude=hosts["magnitude"],
        log_mass=companions["log_mass"], host_log_mass=hosts["log_mass"], star=companions["star"],
    )  # fmt: skip
    keep = np.array([verdict is None for verdict in verdicts])
    final = sample.select(keep)
    found = pair_fractions(final, weighed.select(keep), [0.3, 1.0, 2.0, 5.0], membership=True)
    true = np.unique(final.owner[np.asarray(final.companions["real"]) == 1]).size / 300
    assert found.poisson_low[-1] < true < found.poisson_high[-1]
    assert found.fraction[-1] == pytest.approx(found.pairs[-1] / found.parents[-1])


def test_the_recipe_is_low_among_few_interlopers_and_high_among_many():
    # The note saw sums of N_z of 0.8 to 2.1 times the truth.
    sample = simulation(number=200, field_area=8.0).sample(Context(seed=2))
    rules = {name: make("pair_statistics", name) for name in NAMES[:2]}
    found = recipe_bias(sample, rules, (0.2, 0.85), ctx=Context(seed=1), realisations=2)
    assert found.ratio[0, 1] < 0.9
    assert found.ratio[1, 1] > 1.3
    # The posterior: 3 sigma of some 20 real pairs among more than 100 others, of which one in three is no clear case.
    assert np.all(np.abs(found.ratio[:, 0] - 1) < [0.15, 0.5])


@pytest.mark.slow
def test_a_hundred_samples_are_calibrated():
    found = realisations(100)
    total, sigma, truth = sums(found)
    share, number, _ = calibrated(found, 0.25, 0.35)
    print(f"of {number} pairs with a probability of 0.25 to 0.35, {share:.3f} are real")
    for low in np.arange(0, 1, 0.1):
        real, n, mean = calibrated(found, low, low + 0.1 + (low > 0.85))
        print(f"{low:.1f}: {n} pairs, mean probability {mean:.3f}, real {real:.3f}")
    pull = (total - truth) / sigma
    print(f"sum less truth {np.mean(total - truth):.2f}, scatter {np.std(total - truth):.2f}, sigma {sigma.mean():.2f}")
    print(f"pulls {pull.mean():.2f} +- {pull.std():.2f}, within 1 sigma {np.mean(np.abs(pull) < 1):.2f}")
    # What the samples have on average, to 1.5 %: the fits of all samples are about it.
    inside = [w.fraction_low < truth.mean() / 571 < w.fraction_high for _, _, w in found]
    print(
        f"mean fraction {np.mean([w.fraction for _, _, w in found]):.4f}, true number per AGN {truth.mean() / 571:.4f}",
        sum(inside),
    )
    for i, name in enumerate(NAMES):
        print(name, np.sum([n[i].sum() for n, _, _ in found]) / truth.sum())
    assert 0.25 <= share <= 0.35
    # Within 1 sigma of the truth on average, and about as often as 1 sigma should be.
    assert abs(np.mean(total - truth)) < sigma.mean()
    assert abs(pull.mean()) < 0.4
    assert 0.5 < np.mean(np.abs(pull) < 1) < 0.85
    # 68 % of 100 intervals, and 3 sigma of their number.
    assert 54 <= sum(inside) <= 82


@pytest.mark.slow
def test_overconfident_distributions_must_be_broadened_first():
    # Errors twice as large as the distributions say: real pairs look like none, and the sum falls short.
    from faintsky.estimators.photo_z.broadened import broadened

    short, mended = [], []
    for seed in range(8):
        pairs = simulation(photo_z=PhotometricErrors(claimed=0.5)).sample(Context(seed=seed))
        truth = np.sum(pairs.companions["real"])
        short.append(make("pair_statistics", "posterior").weigh(pairs, Context()).number.sum() / truth)
        mended.append(make("pair_statistics", "posterior").weigh(_broad(pairs, broadened), Context()).number.sum() / truth)
    print(f"sum over truth {np.mean(short):.3f}, broadened {np.mean(mended):.3f}")
    assert np.mean(short) < 0.93
    assert abs(np.mean(mended) - 1) < 0.07


def _broad(pairs, broadened):
    """Distributions of half the width, convolved by what is missing: sqrt(1 - 1/4) of the true error."""
    import attrs

    errors = PhotometricErrors()

    def mended(redshifts, magnitude):
        found, _ = broadened(redshifts, np.sqrt(0.75) * errors.at(magnitude)[0])
        return found

    agn = attrs.evolve(pairs.agn, redshifts=mended(pairs.agn.redshifts, pairs.agn["magnitude"]))
    companions = attrs.evolve(pairs.companions, redshifts=mended(pairs.companions.redshifts, pairs.companions["magnitude"]))
    known = pairs.interlopers
    field = attrs.evolve(known, redshifts=mended(known.redshifts, known.magnitude))
    return attrs.evolve(pairs, agn=agn, companions=companions, interlopers=field)


@pytest.mark.slow
def test_the_sum_of_the_recipe_runs_with_the_share_of_interlopers():
    # 0.8 to 2.1 in the note.
    sample = simulation().sample(Context(seed=1))
    rules = {name: make("pair_statistics", name) for name in NAMES}
    found = recipe_bias(sample, rules, (0.1, 0.3, 0.5, 0.7, 0.85), ctx=Context(seed=1), realisations=10)
    print(found.to_table())
    print(found.columns)
    assert np.all(np.diff(found.ratio[:, 1]) > 0)
    assert found.ratio[0, 1] < 0.85
    assert found.ratio[-1, 1] > 1.4
    assert np.all(np.abs(found.ratio[:, 0] - 1) < 0.1)
