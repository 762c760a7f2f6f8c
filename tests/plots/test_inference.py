"""Idioms of inference: they draw the right numbers, call no failed chain a success, and say what is wrong with bad input."""

import copy

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection
from matplotlib.container import BarContainer
from scipy import stats

from lib import plots
from lib.plots import _shared, calibration, posterior

RNG = np.random.default_rng(2013)
ELEMENTS = ["Yb", "La", "Sm", "Th"]  # not in the order of incompatibility
DATA = np.array([[3.0, 2.5, 2.6, 0.12], [2.4, 6.3, np.nan, 0.6]])
PM = np.array([0.48, 0.68, 0.43, 0.085])
SAMPLERS = ["joint", "exchange", "collapsed"]
KINDS = ["wrong mode", "slow ridge"]
GRID = pd.DataFrame(
    [(m, e, s, q) for m in ("accumulated", "batch") for e in (5, 8) for s in (3, 10) for q in (1, 5, 10)],
    columns=["model", "n_elements", "n_samples", "noise_pct"],
).assign(error=lambda f: 0.01 * f.noise_pct, sd=0.02, lo=lambda f: 0.008 * f.noise_pct, hi=lambda f: 0.02 * f.noise_pct,
         failures=lambda f: f.noise_pct // 5, n=30)  # fmt: skip
RIDGE = np.exp(RNG.normal(0, 0.2, (800, 1)) + RNG.normal(0, [0.02, 0.02, 0.1], (800, 3)))

# name: (function, positional, keyword arguments); those of ON_AXES take an Axes
ON_AXES = {
    "spider": (plots.spider, (ELEMENTS, DATA),
               {"lower": DATA * 0.9, "upper": DATA * 1.1, "middle": DATA, "values_err": DATA * 0.05, "normalise": PM,
                "normalisation": "primitive mantle", "series": ["a", "b"], "references": {"DMM": PM / 2, "PM": PM},
                "censored": np.array([[0, 0, 0, 1], [0, 0, 0, 0]], bool)}),
    "spider_many": (plots.spider, (ELEMENTS, np.tile(DATA[0], (9, 1))),
                    {"lower": DATA[0] / 2, "upper": DATA[0] * 2, "middle": DATA[0], "series": list("aaaaabbbb")}),
    "information": (plots.information_bars, (ELEMENTS, [[0.3, 0.1, 0.6, 0], [0.1, 0, 0.1, 0]]),
                    {"series": ["accumulated", "batch"], "needed": 0.4, "n": 10}),
    "information_log": (plots.information_bars, (ELEMENTS, [0.3, 0.1, 0.6, 0.01]), {"sort": "value", "log": True}),
    "ranks": (plots.rank_histogram, (np.arange(500) % 100, 99), {}),
    "ecdf": (plots.rank_ecdf, ({"La": np.arange(200) % 50, "F": np.zeros(200)}, 49), {"legend": "below"}),
    "failures": (plots.failure_rates, (SAMPLERS, [[20, 30], [0, 1], [0, 0]], 60, KINDS), {"limit": 1}),
    "failures_stacked": (plots.failure_rates, (SAMPLERS, [[20, 30], [0, 1], [0, np.nan]], [[60], [60], [40]], KINDS),
                         {"style": "stacked"}),
    "failure_map": (plots.failure_map, ([[0, 3], [np.nan, 60]], 60, ["3", "10"], ["1", "5"]), {"n": "60 a cell"}),
    "ess": (plots.ess_bars, (SAMPLERS, [[0.3, 1.3, 62], [np.nan, 1.2, 43]]),
            {"lower": [[0.2, 1, 50], [np.nan, 1, 30]], "upper": [[0.4, 2, 70], [np.nan, 2, 50]], "needed": 40,
             "failed": [[0.9, 0, 0], [1, 0.02, 0]], "cases": ["A", "B"]}),
    "evidence": (plots.evidence_bars, (SAMPLERS, [-10.0, -2, np.nan]), {"err": [0.2, 0.3, np.nan], "truth": "exchange"}),
    "evidence_symlog": (plots.evidence_bars, (SAMPLERS, [-900.0, -2, -4]),
                        {"scale": "symlog", "reference": "exchange", "lower": [-900, 0, -3], "upper": [-880, 0, -1]}),
    "melt_fraction": (plots.melt_fraction_forest, (list("abcd"), [[0.1, 0.05, 0.08, 0.02], [0.14, 0.07, 0.1, 0.03]]),
                      {"lower": np.full((2, 4), 0.01), "upper": np.full((2, 4), 0.2), "models": ["accumulated", "batch"],
                       "groups": list("yxyx"), "truth": [0.1, 0.05, 0.08, 0.02], "sort": True}),
}  # fmt: skip
ON_FIGURES = {
    "corner": (plots.corner, (RIDGE, ["$F$ (1)", "La_ppm", "Yb_ppm"]), {"truth": [1, 1, np.nan], "log": ["La_ppm"]}),
    "corner_two": (plots.corner, ({"x": RIDGE[:, :2], "y": RIDGE[:, 1:] * 2}, ["a (1)", "b (1)"]), {"log": True}),
    "accuracy": (plots.accuracy_panels, (GRID,), {"spread": "sd", "lower": "lo", "upper": "hi", "row": "model", "n": 30}),
    "failure_grid": (plots.failure_grid, (GRID,), {"n": 30}),
    "trace": (plots.trace_ranks, (RNG.normal(5, 1, (4, 400)),),
              {"warmup": 100, "log": True, "truth": 5, "ess": 900, "r_hat": 1.0}),
}  # fmt: skip


def _legible(fig):
    fig.canvas.draw()
    shown = [t for t in fig.findobj(matplotlib.text.Text) if t.get_visible() and t.get_text().strip()]
    return min(t.get_fontsize() for t in shown) >= 7


@pytest.mark.parametrize("case", ON_AXES)
def test_returns_its_axes_leaves_input_alone_and_is_legible(case, ax):
    draw, args, options = ON_AXES[case]
    given = copy.deepcopy((args, options))
    assert draw(*args, **options, ax=ax) is ax
    np.testing.assert_equal((args, options), given)
    assert _legible(ax.figure)
    lists_names = any(t.get_text().strip("−0123456789. +") for t in [*ax.get_xticklabels(), *ax.get_yticklabels()])
    assert "(" in ax.get_xlabel() or lists_names
    assert "(" in ax.get_ylabel() or lists_names


@pytest.mark.parametrize("case", ON_FIGURES)
def test_panels_are_returned_in_their_shape_and_legible(case):
    draw, args, options = ON_FIGURES[case]
    given = copy.deepcopy((args[0], options))
    axes = draw(*args, **options)
    shapes = {"corner": (3, 3), "corner_two": (2, 2), "accuracy": (2, 2), "failure_grid": (2, 2), "trace": (2,)}
    assert axes.shape == shapes[case]
    if case != "corner_two":
        assert args[0].equals(given[0]) if case in ("accuracy", "failure_grid") else np.array_equal(args[0], given[0])
    assert _legible(axes.flat[0].figure)


@pytest.mark.parametrize("case", ["failure_grid", "accuracy", "trace"])
def test_saving_twice_gives_the_same_bytes(case, tmp_path):
    draw, args, options = ON_FIGURES[case]
    fig = draw(*args, **options).flat[0].figure
    first, second = (plots.save(fig, tmp_path / turn, ("svg",))[0].read_bytes() for turn in ("a", "b"))
    assert first == second


def test_panels_can_be_drawn_into_a_part_of_a_figure():
    fig, _ = plots.figure("double", 120)
    fig.clear()
    left, right = fig.subfigures(1, 2)
    assert plots.corner(RIDGE, ["a (1)", "b (1)", "c (1)"], fig=left)[0, 0].figure is left
    assert plots.failure_grid(GRID, fig=right)[1, 1].figure is right
    fig.canvas.draw()


@pytest.mark.parametrize("case", ["spider", "failures", "ess", "melt_fraction", "ecdf"])
@pytest.mark.parametrize(("width", "columns"), [("single", 1), ("double", 2)])
def test_legends_below_are_on_the_page_and_off_the_axes(case, width, columns):
    fig, axes = plots.figure(width, 95, 1, columns, squeeze=False)
    draw, args, options = ON_AXES[case]
    draw(*args, **options, ax=axes[0, -1])
    fig.canvas.draw()
    box, own = axes[0, -1].get_legend().get_window_extent(), axes[0, -1].get_window_extent()
    assert box.y1 < own.y0
    assert box.x0 >= -0.5  # pixels
    assert box.x1 <= fig.bbox.x1 + 0.5
    assert not box.overlaps(axes[0, -1].xaxis.label.get_window_extent()) or not axes[0, -1].get_xlabel()


def test_patterns_are_normalised_in_order_of_incompatibility_and_gaps_are_bridged(ax):
    draw, args, options = ON_AXES["spider"]
    draw(*args, **options, ax=ax)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Th", "La", "Sm", "Yb"]
    assert ax.get_ylabel() == "Sample / primitive mantle (1)"
    solid = [line.get_xydata() for line in ax.lines if line.get_marker() == "None" and line.get_linewidth() == 0.8
             and line.get_gid() is None]  # fmt: skip
    order = [3, 1, 2, 0]
    np.testing.assert_allclose(solid[0][:, 1], (DATA[0] / PM)[order], rtol=1e-12)
    np.testing.assert_allclose(solid[1][:, 0], [0, 1, 3])  # Sm was not analysed: no point, and no zero
    reference = next(line for line in ax.lines if line.get_gid() == "reference:DMM")
    np.testing.assert_allclose(reference.get_ydata(), 0.5, rtol=1e-12)
    assert {"DMM", "PM"} <= {t.get_text() for t in ax.texts}


def test_a_censored_value_is_a_hollow_triangle_without_an_error_bar(ax):
    plots.spider(["La", "Yb"], [1.0, 2.0], values_err=[0.1, 0.1], censored=np.array([False, True]), ax=ax)
    (hollow,) = [line for line in ax.lines if line.get_marker() == "v" and len(line.get_xdata())]
    assert list(hollow.get_xdata()) == [1]
    assert hollow.get_markerfacecolor() == "white"
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    (only,) = bars.get_segments()
    np.testing.assert_allclose(only[:, 1], np.exp([-0.196, 0.196]), rtol=1e-12)


def test_information_is_sorted_by_value_on_request(ax):
    plots.information_bars(ELEMENTS, [0.3, 0.1, 0.6, 0], sort="value", ax=ax)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Sm", "Yb", "La", "Th"]
    assert [p.get_height() for p in ax.patches] == [0.6, 0.3, 0.1, 0]


@pytest.mark.parametrize("log", [(False, False), (True, True)])
def test_contours_enclose_the_mass_they_say(log, ax):
    draws = np.random.default_rng(5).multivariate_normal([0, 0], [[1, 0.98], [0.98, 1]], 6000) / (4 if log[0] else 1)
    draws = np.exp(draws) if log[0] else draws
    posterior._pair(ax, draws[:, 0], draws[:, 1], np.array(log), (0.5, 0.95), "b")
    inside = {}
    for mass, fill in zip((0.95, 0.5), [c for c in ax.collections if c.get_alpha() is not None][:2], strict=True):
        inside[mass] = np.mean([fill.get_paths()[0].contains_point(p) for p in draws[:1500]])
    # 0.013 and 0.006 of standard error, and up to 0.03 from the smoothing
    assert inside[0.5] == pytest.approx(0.5, abs=0.06)
    assert inside[0.95] == pytest.approx(0.95, abs=0.025)


def test_corner_prints_median_and_interval_and_marks_the_truth():
    axes = plots.corner(RIDGE, ["a (1)", "b (1)", "c (1)"], truth=[1.0, 1.1, np.nan])
    q = np.quantile(RIDGE[:, 0], [0.5, 0.025, 0.975])
    assert axes[0, 0].get_title() == f"{q[0]:.2f}\n({q[1]:.2f} to {q[2]:.2f})"
    assert [ax is None for ax in axes.flat] == [False, True, True, False, False, True, False, False, False]
    dashed = [line for line in axes[1, 0].lines if np.isfinite(line.get_xydata()).all()]
    assert sorted(float(line.get_xdata()[0]) for line in dashed) == [0.0, 1.0]  # across, and at the truth of a


def test_rank_bars_of_equal_chains_are_flat_and_a_shifted_chain_is_not():
    chains = np.random.default_rng(3).normal(size=(4, 1000))
    chains[2] += 1.5
    right = plots.trace_ranks(chains, r_hat=1.4, axes=plots.figure("double", 60, 1, 2)[1])[1]
    rows = [p.get_data() for p in right.patches if hasattr(p, "get_data")]
    assert len(rows) == 4
    share = np.array([(r.values - r.baseline) / np.sum(r.values - r.baseline) for r in rows])
    assert share[2, -1] > 0.12  # uniform: 0.05
    assert share[2, 0] < 0.01
    np.testing.assert_allclose(share.sum(axis=0), 4 / 20, rtol=0.2)  # pooled ranks fill all bins alike
    (strip,) = right.figure.legends
    assert strip.get_title().get_text().startswith("NOT CONVERGED: R-hat 1.40")


def test_a_converged_trace_has_no_verdict_and_warmup_is_not_ranked():
    chains = np.random.default_rng(4).normal(size=(3, 300))
    chains[0, :100] += 50
    left, right = plots.trace_ranks(chains, warmup=100, r_hat=1.003)
    assert not left.figure.legends
    assert left.get_title(loc="right") == "3 chains of 200 draws"
    assert right.get_xlabel() == "Rank among all draws / 600 (1)"


def test_rank_histogram_counts_every_simulation_once_and_flags_the_bins_outside(ax):
    ranks = np.concatenate([np.arange(100).repeat(4), np.zeros(60)])  # 4 of each, and a heap at zero
    plots.rank_histogram(ranks, 99, bins=10, ax=ax)
    (bars,) = [c for c in ax.containers if isinstance(c, BarContainer)]
    assert [b.get_height() for b in bars] == [100, *[40] * 9]
    assert ax.texts[0].get_text().startswith("1 of 10 bins outside")
    assert ax.get_title(loc="right") == "460 simulations"


def test_bins_of_unequal_width_still_expect_the_right_share(ax):
    plots.rank_histogram(np.tile(np.arange(11), 30), 10, bins=4, ax=ax)  # 11 places in 4 bins, all places equally full
    assert "0 of 4 bins outside" in ax.texts[0].get_text()
    assert "p = 1" in ax.texts[0].get_text()


@pytest.mark.parametrize(("size", "n_draws"), [(60, 19), (300, 99)])
def test_simultaneous_band_holds_the_curve_as_often_as_it_says(size, n_draws):
    z, low, high = calibration._simultaneous_band(size, n_draws, 0.95)
    rng = np.random.default_rng(8)
    points = np.round(z * (n_draws + 1)).astype(int) - 1
    ranks = np.sort(rng.integers(0, n_draws + 1, (4000, size)), axis=1)
    counts = np.array([np.searchsorted(r, points, side="right") for r in ranks])
    held = np.mean(np.all((counts >= low) & (counts <= high), axis=1))
    assert held >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 4000)
    assert held <= 0.975  # counts are whole numbers: a little wide, never much
    # and wider everywhere than the band of each point alone
    pointwise = _shared.binomial_band(size, z, 0.95)
    assert np.all(low <= pointwise[0])
    assert np.all(high >= pointwise[1])


def test_ecdf_says_which_quantity_leaves_the_band(ax):
    plots.rank_ecdf({"good": np.arange(200) % 50, "biased": np.arange(200) % 25}, 49, ax=ax)
    words = [t.get_text() for t in ax.get_legend().get_texts()]
    assert "good" in words
    assert "biased: outside" in words


def test_wilson_agrees_with_scipy_and_zero_failures_still_have_an_upper_limit():
    for k, n in [(0, 30), (3, 60), (60, 60), (17, 1000)]:
        ours = _shared.wilson(np.array(float(k)), np.array(float(n)))
        theirs = stats.binomtest(k, n).proportion_ci(0.95, method="wilson")
        np.testing.assert_allclose(ours, theirs, atol=1e-7)


def test_failure_points_stand_at_their_rates_with_intervals(ax):
    plots.failure_rates(["a"], [[3, 0]], 60, KINDS, ax=ax)
    marks = [line.get_xdata()[0] for line in ax.lines if line.get_marker() in "os"]
    assert marks == [5.0, 0.0]
    ends = [s[:, 0] for c in ax.collections if isinstance(c, LineCollection) for s in c.get_segments()]
    np.testing.assert_allclose(ends[1], [0, 100 * stats.binomtest(0, 60).proportion_ci(0.95, "wilson").high], atol=1e-5)
    assert ax.get_title(loc="right") == "60 data sets each"


def test_stacked_failures_end_at_the_sum(ax):
    plots.failure_rates(["a"], [[6, 9]], 60, KINDS, style="stacked", ax=ax)
    assert max(p.get_x() + p.get_width() for p in ax.patches) == pytest.approx(25.0)


def test_failure_map_prints_counts_and_never_a_bare_zero(ax):
    plots.failure_map([[0, 3], [np.nan, 60]], 60, ["3", "10"], ["1", "5"], ax=ax)
    assert [t.get_text() for t in ax.texts] == ["0/60\n≤ 6.0 %", "3/60\n1.7–14 %", "not run", "60/60\n94–100 %"]


def test_failure_grid_puts_each_cell_in_its_place():
    frame = GRID.assign(failures=np.arange(len(GRID)))
    axes = plots.failure_grid(frame, interval=False)
    wanted = frame.set_index(["model", "n_elements", "n_samples", "noise_pct"]).failures
    assert axes[1, 0].get_title() == "batch, 5 elements"
    printed = [t.get_text() for t in axes[1, 0].texts]
    assert printed == [f"{wanted['batch', 5, s, q]}/30" for s in (3, 10) for q in (1, 5, 10)]
    norms = {ax.images[0].norm.vmax for ax in axes.flat}
    assert len(norms) == 1  # one colour bar for all


def test_a_sampler_that_failed_is_hollow_and_its_share_is_printed(ax):
    plots.ess_bars(SAMPLERS, [300.0, 5, 62], failed=[0.9, 0.04, 0], ax=ax)
    (dots,) = [c for c in ax.collections if len(c.get_offsets()) == 3 and not isinstance(c, LineCollection)]
    assert [bool(np.allclose(f[:3], 1)) for f in dots.get_facecolors()] == [True, False, False]
    assert [t.get_text() for t in ax.texts] == ["90 % failed", "4 % failed"]
    assert "failed on > 5 % of data sets" in [t.get_text() for t in ax.get_legend().get_texts()]
    assert ax.get_xscale() == "log"


def test_evidence_is_a_difference_from_the_reference_with_the_errors_of_both(ax):
    plots.evidence_bars(["p", "q"], [-12.0, -10.0], err=[0.3, 0.4], truth="q", ax=ax)
    assert [p.get_width() for p in ax.containers[0].patches] == [-2.0, 0.0]
    bars = next(c for c in ax.collections if isinstance(c, LineCollection))
    np.testing.assert_allclose(bars.get_segments()[0][:, 0], [-2 - 1.96 * 0.5, -2 + 1.96 * 0.5], rtol=1e-9)
    assert [t.get_text() for t in ax.texts] == ["$P$ = 0.119", "$P$ = 0.881"]  # 1 / (1 + e^2)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["p", "q (truth)"]


def test_samples_are_grouped_sorted_and_named_as_they_are(ax):
    plots.melt_fraction_forest(["S3", "S1", "S2"], [0.1, 0.05, 0.02], groups=["x", "y", "x"], sort=True, ax=ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["S2", "S3", "S1"]  # names of samples are no formulae
    points = next(line for line in ax.lines if line.get_marker() == "o")
    np.testing.assert_allclose(points.get_xdata(), [0.02, 0.1, 0.05])
    assert {"x", "y"} <= {t.get_text() for t in ax.texts}


def test_accuracy_draws_each_line_of_the_grid_once():
    axes = plots.accuracy_panels(GRID, spread="sd")
    assert [ax.get_title() for ax in axes.flat] == ["5 elements", "8 elements"]
    full = [line for line in axes[0, 0].lines if line.get_marker() != "None"]
    assert len(full) == 2
    assert {t.get_text() for t in axes[0, 0].figure.legends[0].get_texts()} >= {"error, 3 samples", "posterior sd, 10 samples"}


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plots.spider(["La", "Xx"], [1, 2]), "no place for Xx in the order.*order='given'"),
        (lambda: plots.spider(["La"], [0.0]), "<= 0, expected all > 0"),
        (lambda: plots.spider(["La"], [1.0], normalise=[1.0]), "pass normalisation="),
        (lambda: plots.spider(["La"], [1.0], lower=[1.0]), "only one bound"),
        (lambda: plots.spider(["La"], np.ones((3, 1)), lower=np.ones((2, 1)), upper=np.ones((2, 1))), "2 bands for 3 series"),
        (lambda: plots.information_bars(["La"], [-1]), "expected >= 0"),
        (lambda: plots.information_bars(["La"], [[1], [2]]), "2 series without names"),
        (lambda: plots.corner(np.ones((50, 2)), ["a", "b"]), "a is constant"),
        (lambda: plots.corner(RIDGE[:, :1], ["a"]), "1 parameters, 1 posteriors; expected 2-6"),
        (lambda: plots.trace_ranks(np.ones((2, 5))), "5 finite draws a chain.*run longer"),
        (lambda: plots.rank_histogram([3, 12], 9), "span 3-12, expected whole numbers 0-9"),
        (lambda: plots.rank_histogram([0.31], 9), "expected whole numbers"),
        (lambda: plots.rank_ecdf({"a": [1, 2], "b": [1]}, 9), "one band holds for one number"),
        (lambda: plots.accuracy_panels(GRID, error="rmse"), "lacks column.* rmse; it has model"),
        (lambda: plots.accuracy_panels(GRID.assign(error=0.0)), "expected > 0 on a logarithmic axis"),
        (lambda: plots.failure_rates(["a"], [[0.3]], 60, ["k"]), "whole numbers; pass counts and the total"),
        (lambda: plots.failure_rates(["a"], [[70]], 60, ["k"]), "0 <= count <= total"),
        (lambda: plots.failure_rates(["a"], [[40, 40]], 60, KINDS, style="stacked"), "they overlap; pass style='points'"),
        (lambda: plots.failure_grid(pd.concat([GRID, GRID])), "more than once"),
        (lambda: plots.ess_bars(["a"], [2.0], failed=[30]), "shares 0-1 of the data sets"),
        (lambda: plots.evidence_bars(["a"], [2.0], reference="b"), "reference is 'b', expected one of 'a'"),
        (lambda: plots.melt_fraction_forest(["a"], [8.0]), "expected 0-1; divide per cent by 100"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong_and_what_to_do(draw, said, ax):
    with pytest.raises(ValueError, match=said):
        draw()
