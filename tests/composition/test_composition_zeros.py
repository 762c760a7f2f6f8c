"""Zero, below detection and not analysed stay three things; what is filled in, and how far it turns a result."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from lib import composition as comp
from lib.composition.em import _truncate

LIMIT = [0.2, 0.5, 0.1, 0.3]
TABLE = np.array([[60.0, 30.0, 0.0, 9.9], [55.0, 35.0, 4.0, 6.0], [70.0, 0.0, 0.0, 29.0]])
ZERO = TABLE == 0


def lognormal(rng, n, n_parts=5):
    """Correlated logistic-normal samples: one strong trend and independent scatter."""
    trend = comp.helmert_basis(n_parts)[:, 1]
    y = rng.standard_normal((n, 1)) * 1.2 * trend + 0.35 * rng.standard_normal((n, n_parts))
    return comp.clr_inv(y + np.linspace(2, -2, n_parts))


def censored(rng, n, share=0.4):
    x = lognormal(rng, n)
    limit = np.where(np.isin(np.arange(5), (2, 4)), np.quantile(x, share, axis=0), np.nan)
    values, below = comp.censor(x, limit)
    return x, values, below, limit


def test_multiplicative_replacement_is_the_published_formula():
    """Martin-Fernandez et al. (2003), eq. 3, for a table closed to 100, written out by hand."""
    closed = comp.closure(TABLE, 100)
    found = comp.replace(closed, below=ZERO, limit=LIMIT, total=100)
    delta = 0.65 * np.array(LIMIT)
    for row, given, gap in zip(found.values, closed, ZERO, strict=True):
        expected = np.where(gap, delta, given * (1 - delta[gap].sum() / 100))
        assert expected.sum() == pytest.approx(100)
        np.testing.assert_allclose(100 * row, expected, rtol=1e-12)


@pytest.mark.parametrize("method", comp.METHODS)
@pytest.mark.parametrize("total", [None, 1.0])
def test_observed_ratios_are_kept_and_filled_cells_lie_below_the_limit(method, total):
    rng = np.random.default_rng(4)
    _, values, below, limit = censored(rng, 60)
    values[5, 1] = np.nan  # not analysed
    found = comp.replace(values, below=below, limit=limit, method=method, total=total)
    assert found.imputed.sum() == below.sum() + 1 and found.imputed[5, 1]
    np.testing.assert_allclose(found.values.sum(axis=1), 1, rtol=1e-12)
    scale = found.values[:, [0]] / values[:, [0]]
    kept = ~found.imputed
    np.testing.assert_allclose((found.values / scale)[kept], values[kept], rtol=1e-10)
    if total is None:  # on the scale of the observed parts; with a closed table they shrink, which scales filled ones up
        assert (found.values / scale < np.broadcast_to(limit, values.shape))[below].all()
    assert (found.values > 0).all()


def test_counts_and_notes_say_what_was_filled():
    frame = pd.DataFrame(TABLE, columns=["SiO2", "Al2O3", "MnO", "CaO"], index=["a", "b", "c"])
    frame.loc["b", "CaO"] = np.nan
    found = comp.replace(frame, below=ZERO, limit=LIMIT)
    counts = found.counts.set_index("part")
    assert counts["below"].to_dict() == {"SiO2": 0, "Al2O3": 1, "MnO": 2, "CaO": 0}
    assert counts["missing"].to_dict() == {"SiO2": 0, "Al2O3": 0, "MnO": 0, "CaO": 1}
    assert counts.loc["MnO", "share"] == pytest.approx(2 / 3)
    assert found.notes == (
        "3 cells below detection were filled by 0.65 of the limit: Al2O3 1, MnO 2",
        "1 cells not analysed were filled by the mean log-ratio to the observed parts: CaO 1",
    )


def test_a_complete_table_is_only_closed():
    x = lognormal(np.random.default_rng(1), 12)
    for method in comp.METHODS:
        found = comp.replace(5 * x, method=method)
        np.testing.assert_allclose(found.values, x, rtol=1e-12)
        assert not found.imputed.any() and found.notes == () and found.em is None


def test_a_part_not_analysed_is_recovered_where_all_ratios_are_constant():
    x = np.outer([1.0, 3.0, 0.2, 7.0], [50.0, 20.0, 5.0])
    gaps = x.copy()
    gaps[0, 2] = gaps[2, 0] = np.nan
    np.testing.assert_allclose(comp.replace(gaps).values, comp.closure(x), rtol=1e-8)


def test_truncated_moments_are_those_of_scipy():
    mu, s = np.array([[0.0], [3.0], [-2.0], [9.0]]), np.array([1.0])
    threshold = np.array([[0.5], [0.0], [1.0], [0.0]])
    mean, ratio = _truncate(mu, s, threshold)
    reference = stats.truncnorm(-np.inf, (threshold - mu), loc=mu)
    np.testing.assert_allclose(mean, reference.mean(), rtol=1e-8)
    np.testing.assert_allclose(ratio, reference.std(), rtol=1e-4)  # scipy's own variance keeps no more far in the tail


def test_em_with_one_censored_ratio_is_the_maximum_of_the_tobit_likelihood():
    """Two parts: one log-ratio, normal, some only known to lie below a threshold of their own."""
    rng = np.random.default_rng(6)
    z, threshold = rng.normal(0.4, 0.8, 200), rng.normal(0.0, 0.4, 200)
    x = comp.alr_inv(z[:, None])
    limit = np.column_stack([np.exp(threshold) * x[:, 1], np.full(200, np.nan)])
    values, below = comp.censor(x, limit)
    hidden = below[:, 0]
    assert 30 < hidden.sum() < 120

    def minus_log_likelihood(p):
        seen = stats.norm.logpdf(z[~hidden], p[0], np.exp(p[1])).sum()
        return -seen - stats.norm.logcdf(threshold[hidden], p[0], np.exp(p[1])).sum()

    best = optimize.minimize(minus_log_likelihood, [0.0, 0.0], tol=1e-12).x
    found = comp.replace(values, below=below, limit=limit, method="log-ratio EM", tolerance=1e-9, max_iterations=2000).em
    assert found.converged
    assert found.mean[0] == pytest.approx(best[0], abs=1e-5)
    assert np.sqrt(found.covariance[0, 0]) == pytest.approx(np.exp(best[1]), abs=1e-5)


def test_em_with_one_part_not_analysed_is_the_closed_form_of_the_likelihood():
    """Monotone gaps: regression of the gappy log-ratio on the other, moved to the mean of all samples (Anderson 1957)."""
    rng = np.random.default_rng(7)
    y = rng.multivariate_normal([1.0, -1.0], [[0.5, 0.3], [0.3, 0.6]], 150)
    x = comp.alr_inv(y)
    values = x.copy()
    gap = rng.random(150) < 0.3
    values[gap, 1] = np.nan
    found = comp.replace(values, method="log-ratio EM", denominator=2, tolerance=1e-10, max_iterations=2000).em
    seen = y[~gap]
    slope = np.cov(seen.T)[0, 1] / np.var(seen[:, 0], ddof=1)
    mean = seen[:, 1].mean() + slope * (y[:, 0].mean() - seen[:, 0].mean())
    rest = np.var(seen[:, 1] - slope * seen[:, 0])
    np.testing.assert_allclose(found.mean, [y[:, 0].mean(), mean], atol=1e-7)
    covariance = [[np.var(y[:, 0]), slope * np.var(y[:, 0])], [slope * np.var(y[:, 0]), rest + slope**2 * np.var(y[:, 0])]]
    np.testing.assert_allclose(found.covariance, covariance, atol=1e-7)


def test_em_follows_the_data_where_a_fixed_fraction_cannot():
    """40 % of two parts censored: over eight other sets the EM had 0.3 to 0.7 of the angle and 0.6 to 0.75 of the error."""
    for stream in np.random.SeedSequence(31).spawn(5):
        x, values, below, limit = censored(np.random.default_rng(stream), 400)
        truth = comp.principal_directions(x, 1)[0]
        angle, error = {}, {}
        for method in comp.METHODS:
            filled = comp.replace(values, below=below, limit=limit, method=method).values
            angle[method] = comp.angles(comp.principal_directions(filled, 1)[0], truth)[0]
            error[method] = np.sqrt(np.mean((comp.alr(filled, 0) - comp.alr(x, 0)) ** 2))
        assert angle["log-ratio EM"] < 0.85 * angle["multiplicative"]
        assert error["log-ratio EM"] < 0.85 * error["multiplicative"]


def test_the_unit_of_the_table_and_the_order_of_parts_do_not_matter():
    _, values, below, limit = censored(np.random.default_rng(9), 80)
    order = [4, 2, 0, 3, 1]
    for method in comp.METHODS:
        one = comp.replace(values, below=below, limit=limit, method=method)
        other = comp.replace(1e4 * values[:, order], below=below[:, order], limit=1e4 * limit[order], method=method)
        np.testing.assert_allclose(other.values, one.values[:, order], rtol=1e-8)


def test_sensitivity_is_zero_at_the_reference_and_grows_with_the_share():
    rng = np.random.default_rng(12)
    largest = []
    for share in (0.02, 0.3):
        _, values, below, limit = censored(rng, 200, share)
        found = comp.sensitivity(values, below=below, limit=limit)
        assert list(found) == ["method", "fraction", "component", "angle_deg", "imputed_share", "note"]
        assert len(found) == 4 and found["imputed_share"].iloc[0] == pytest.approx(below.mean())
        assert (found.loc[found["fraction"] == 0.65, "angle_deg"] == 0).all() and (found["note"] == "").all()
        largest.append(found["angle_deg"].max())
    assert 0 < 3 * largest[0] < largest[1]


def test_sensitivity_takes_any_direction_and_says_why_the_em_was_not_possible():
    values = np.where(ZERO, np.nan, TABLE)
    seen = []

    def direction(filled):
        seen.append(filled)
        return comp.clr(filled)[2] - comp.clr(filled)[1]

    found = comp.sensitivity(values, below=ZERO, limit=LIMIT, direction=direction, fractions=(0.5,))
    assert len(seen) == 2 and found["angle_deg"].iloc[0] > 0
    last = found.iloc[-1]
    assert (
        last["method"] == "log-ratio EM" and np.isnan(last["angle_deg"]) and "5 samples or more; there are 3" in last["note"]
    )


def test_censoring_takes_away_only_what_lies_below_a_limit_that_exists():
    values, below = comp.censor([[1.0, 2.0, 3.0]], [1.5, np.nan, 3.0])
    assert below.tolist() == [[True, False, False]]
    np.testing.assert_array_equal(values, [[np.nan, 2.0, 3.0]])


GOOD = lognormal(np.random.default_rng(2), 20)
FIRST = np.zeros((20, 5), bool)
FIRST[0, 0] = True


@pytest.mark.parametrize(
    ("x", "options", "said"),
    [
        (TABLE, {}, "zero concentration at sample 0, part 2; .*say what it means"),
        (TABLE, {"zero": "structural"}, "truly absent.*related one"),
        (TABLE, {"zero": "below"}, "3 cells are below detection but no limit"),
        (TABLE, {"zero": "nothing"}, "refuse, below, structural"),
        (TABLE, {"below": ZERO, "limit": [0.2, 0.5, np.nan, 0.1]}, "no positive detection limit for sample 0, part 2"),
        (TABLE, {"below": ZERO, "limit": [1.0, 2.0]}, r"limit has shape \(2,\)"),
        (TABLE, {"below": ZERO[:2], "limit": 1.0}, r"below has shape \(2, 4\)"),
        (TABLE, {"below": ZERO, "missing": ZERO, "limit": 1.0}, "both below detection and not analysed"),
        (TABLE, {"below": ZERO, "limit": LIMIT, "max_share": 0.5}, "2 67%; leave"),
        (TABLE, {"below": ZERO, "limit": 90.0, "total": 100}, "sample 2: replaced cells sum to more than total"),
        (TABLE, {"below": ZERO, "limit": LIMIT, "names": ["a"]}, "3 samples and 1 names"),
        (TABLE, {"below": ZERO | True, "limit": 1.0, "max_share": 1}, "3 samples have no observed part"),
        (TABLE - 40, {}, "not a positive finite number at sample 0, part 1"),
        (GOOD, {"method": "lrEM"}, "known: multiplicative, log-ratio EM"),
        (GOOD, {"fraction": 0.0}, "above 0 and at most 1"),
        (GOOD[:5], {"method": "log-ratio EM", "below": FIRST[:5], "limit": 0.1}, "needs 6 samples or more; there are 5"),
        (GOOD, {"method": "log-ratio EM", "below": FIRST, "limit": 0.1, "denominator": 0}, "denominator 0 has 1 cells"),
        (
            GOOD,
            {"method": "log-ratio EM", "below": FIRST, "limit": 0.1, "denominator": "Zr"},
            "'Zr' is not a part; parts: 0, 1",
        ),
        (GOOD, {"method": "log-ratio EM", "below": np.eye(20, 5, dtype=bool), "limit": 0.1}, "there is none .closest: 0, 1"),
        (
            np.column_stack([GOOD, 2 * GOOD[:, 1]]),
            {"method": "log-ratio EM", "below": np.pad(FIRST, ((0, 0), (0, 1))), "limit": 0.1},
            "combinations of each other",
        ),
    ],
)
def test_refusals_say_where_and_what_to_do(x, options, said):
    with pytest.raises(ValueError, match=said):
        comp.replace(x, **options)
