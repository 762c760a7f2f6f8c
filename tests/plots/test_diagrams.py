"""Every idiom: returns its Axes, draws what it was given, changes no input, and says what is wrong with bad input."""

import copy

import matplotlib.text
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection

from lib import plots

RNG = np.random.default_rng(11)
NAMES = ["SiO2", "TiO2", "Al2O3", "K2O"]
HELD = np.array([False, True, True, False])
X = np.array([0.3, 1.0, 2.0, 3.5, 4.0])
CURVES = pd.DataFrame({"method": ["a"] * 3 + ["b"] * 3, "f": [0.1, 0.3, 0.5] * 2, "error": [1, 1.2, 1.5, 2, 4, 9.0]})
CURVES = CURVES.assign(lo=CURVES.error * 0.9, hi=CURVES.error * 1.1)
MODES = pd.DataFrame({"mass_change": [5.0, 39.0], "objective": [13.0, 14.0], "n_effective": [6.8, 6.2]})

# name: (function, positional, keyword arguments)
CASES = {
    "isocon_log": (plots.isocon_diagram, ([50, 1, 15, 0.5], [46, 1.1, 16, 3.0], NAMES),
                   {"fresh_err": [2, 0.1, 1, 0.1], "altered_err": [2, 0.1, 1, 0.9], "slope": 1.07, "immobile": HELD,
                    "slope_interval": (1.0, 1.1), "alternatives": {"mode 2": 0.7}, "density_ratio": 1.1}),
    "isocon_linear": (plots.isocon_diagram, ([50, 1, 15, 0.5], [46, 1.1, 16, np.nan], NAMES),
                      {"scale": "linear", "scaling": "spread"}),
    "guo": (plots.guo_isocon, ([50, 1, 15, 0.5], RNG.uniform(1, 2, (5, 4)), np.ones(5), NAMES),
            {"immobile": HELD, "position": X, "altered_err": np.full((5, 4), 0.1)}),
    "bars": (plots.gain_loss_bars, (NAMES, [10, -2.0, 1, 300]),
             {"lower": [0, -5.0, -1, 200], "upper": [20, 4.0, 3, 420], "immobile": HELD, "censored": ~HELD}),
    "bars_up": (plots.gain_loss_bars, (NAMES, [10, -2.0, 1, 300]), {"scale": "linear", "orientation": "vertical"}),
    "ranking": (plots.immobility_ranking, (NAMES, [0.1, 0.9, 0.95, 0.5]),
                {"decision": ["mobile", "immobile", "immobile", "undecided"], "threshold": 0.5}),
    "ranking_r": (plots.immobility_ranking, (NAMES, [5, 0.9, 0.95, 3]), {"kind": "distance", "threshold": 1.5}),
    "forest": (plots.forest, (NAMES, [1.0, 2, 3, 4]), {"lower": [0, 1, 2, 3], "upper": [2, 3, 4, 5], "groups": list("aabb")}),
    "frequency": (plots.selection_frequency, (NAMES, [0.1, 0.9, 1.0, 0.0], 100), {"threshold": 0.6}),
    "profile": (plots.profile, (X, {"a": X * 2, "b": X - 1}),
                {"lower": {"a": X}, "upper": {"a": X * 3}, "truth": X, "zones": [(0, 2, "inner"), (2, 4, "outer")]}),
    "profile_depth": (plots.profile, (X, pd.DataFrame({"a": X, "b": -X})),
                      {"lower": pd.DataFrame({"a": X - 1, "b": -X - 1}), "upper": pd.DataFrame({"a": X + 1, "b": -X + 1}),
                       "direction": "depth", "band": True, "scale": "ratio", "zones": [(0, 2, "soil")]}),
    "modes": (plots.mode_plot, (np.linspace(-40, 100, 50), np.linspace(20, 13, 50)),
              {"modes": MODES, "element_change": [1, 2, 3, 300.0], "names": NAMES, "immobile": HELD, "ambiguous": True}),
    "path": (plots.path_plot, (np.geomspace(0.3, 9, 20), RNG.normal(size=(20, 5))),
             {"chosen": 1.5, "plateau": (1, 3), "position": X}),
    "path_one": (plots.path_plot, (np.geomspace(0.3, 9, 20), np.ones(20)), {"lower": np.zeros(20), "upper": np.full(20, 2)}),
    "membership": (plots.membership_path, (np.geomspace(0.3, 9, 20), RNG.uniform(size=(20, 4)), NAMES),
                   {"chosen": 1.5, "plateau": (1, 3)}),
    "wedge": (plots.wedge, ([150, 140], [2, 2.1], 100 + X, X + 1), {"position": X}),
    "ratio": (plots.concentration_ratio, (NAMES, [0.9, 1.1, 1.05, 6]),
              {"lower": [0.8, 1, 1, 5], "upper": [1, 1.2, 1.1, 7], "r_inv": 1.07, "r_inv_interval": (1, 1.1),
               "immobile": HELD}),
    "curves": (plots.benchmark_curves, (CURVES,), {"x": "f", "lower": "lo", "upper": "hi", "highlight": "a"}),
    "table": (plots.score_table, ([[1, 2.0], [3, np.nan]], ["a", "b"], ["A", "B"]),
              {"limits": [1.5, 1.5], "lower": [[0.9, 1], [2, np.nan]], "upper": [[1.1, 3], [4, np.nan]], "n": 50}),
    "truth": (plots.truth_scatter, (X, X + 0.1), {"lower": X - 1, "upper": X + 1, "groups": list("aabbb")}),
    "heatmap": (plots.gain_heatmap, ([[1, -50.0], [np.nan, 3], [0, 0], [10, 200]], NAMES, ["1", "2"]), {"immobile": HELD}),
}  # fmt: skip


def _same(a, b):
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_same(a[k], b[k]) for k in a)
    if isinstance(a, pd.DataFrame):
        return a.equals(b)
    if isinstance(a, list | tuple) and a and not np.isscalar(a[0]):
        return len(a) == len(b) and all(_same(p, q) for p, q in zip(a, b, strict=True))
    return bool(np.all([np.array_equal(a, b, equal_nan=np.asarray(a).dtype.kind == "f")]))


@pytest.mark.parametrize("case", CASES)
def test_returns_its_axes_leaves_input_alone_and_is_legible(case, ax):
    draw, args, options = CASES[case]
    given = copy.deepcopy((args, options))
    assert draw(*args, **options, ax=ax) is ax
    assert _same((args, options)[0], given[0])
    assert _same(options, given[1])
    fig = ax.figure
    fig.canvas.draw()
    shown = [t for t in fig.findobj(matplotlib.text.Text) if t.get_visible() and t.get_text().strip()]
    assert min(t.get_fontsize() for t in shown) >= 7
    # axis labels: what is measured, with a unit in brackets unless the axis lists names
    for axis, labels in ((ax.xaxis, ax.get_xticklabels()), (ax.yaxis, ax.get_yticklabels())):
        named = any(t.get_text().strip("−0123456789. +") for t in labels if "mathdefault" not in t.get_text())
        lists = named or case in ("table", "heatmap", "forest") or draw is plots.benchmark_curves
        assert lists or "(" in axis.get_label_text(), axis.get_label_text()


@pytest.mark.parametrize("case", ["bars", "profile", "truth", "frequency"])
def test_without_axes_the_current_one_is_used(case, ax):
    draw, args, options = CASES[case]
    assert draw(*args, **options) is ax


def _dots(ax):
    return sum(len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection))


def _line(ax, start):
    return next(line for line in ax.lines if str(line.get_label()).startswith(start))


def test_isocon_lines_have_their_slopes_and_points_their_places(ax):
    draw, args, options = CASES["isocon_log"]
    draw(*args, **options, ax=ax)
    assert _dots(ax) == 4
    for start, slope in {
        "isocon": 1.07,
        "constant mass": 1,
        "constant vol": 1.1,
        "constant Al": 16 / 15,
        "mode 2": 0.7,
    }.items():
        x, y = _line(ax, start).get_data()
        np.testing.assert_allclose(y / x, slope, rtol=1e-12)
    assert sum(isinstance(c, LineCollection) for c in ax.collections) >= 2  # error bars both ways
    legend = [t.get_text() for t in ax.get_legend().get_texts()]
    assert any("−6.5 %" in t and "95 %" in t for t in legend)  # 1/1.07 - 1
    assert any("mode 2 (+43 %)" in t for t in legend)  # 1/0.7 - 1


def test_immobile_symbols_are_filled_and_the_rest_hollow(ax):
    draw, args, options = CASES["isocon_log"]
    draw(*args, **options, ax=ax)
    face = next(c for c in ax.collections if isinstance(c, PathCollection)).get_facecolors()
    assert [bool(np.allclose(f[:3], 1)) for f in face] == [True, False, False, True]


def test_scaling_spreads_points_and_keeps_their_slopes(ax, rock):
    factors = plots.spread_factors(rock["fresh"], "linear")
    assert sorted(factors * rock["fresh"]) == pytest.approx(np.arange(1, 8))
    plots.isocon_diagram(rock["fresh"], rock["altered"], rock["names"], scale="linear", scaling="spread", ax=ax)
    x, y = next(c for c in ax.collections if isinstance(c, PathCollection)).get_offsets().T
    np.testing.assert_allclose(y / x, rock["altered"] / rock["fresh"], rtol=1e-12)


def test_guo_puts_immobile_elements_of_all_samples_on_the_line(ax):
    fresh, mu = np.array([50.0, 1, 15, 0.5]), np.array([0.7, 1.0, 1.4])
    altered = np.where(HELD, fresh, fresh * 2) / mu[:, None]
    plots.guo_isocon(fresh, altered, mu, NAMES, immobile=HELD, ax=ax)
    for dots in (c for c in ax.collections if isinstance(c, PathCollection)):
        x, y = dots.get_offsets().T
        np.testing.assert_allclose(y / x, [2, 1, 1, 2], rtol=1e-12)
    assert _dots(ax) == 12
    assert ax.get_title(loc="right") == "3 altered samples"


def test_bars_are_sorted_and_censored_ones_hollow_with_an_arrow(ax):
    draw, args, options = CASES["bars"]
    draw(*args, **options, ax=ax)
    bars = [p for p in ax.patches if hasattr(p, "get_width") and p.get_height() == pytest.approx(0.62)]
    assert [b.get_width() for b in bars] == [300, 10, 1, -2]
    assert [b.get_facecolor()[3] for b in bars] == [0, 0, 1, 1]
    assert sum(getattr(t, "arrow_patch", None) is not None for t in ax.texts) == 2
    assert [t.get_text() for t in ax.get_yticklabels()] == ["K$_2$O", "SiO$_2$", "Al$_2$O$_3$", "TiO$_2$"]


def test_ranking_decides_by_threshold_in_the_right_direction(ax):
    plots.immobility_ranking(NAMES, [5, 0.9, 0.95, 3], kind="distance", threshold=1.5, ax=ax)
    assert [t.get_text() for t in ax.get_yticklabels()][:2] == ["TiO$_2$", "Al$_2$O$_3$"]
    counts = {c.get_label(): len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection)}
    assert counts == {"immobile": 2, "mobile": 2}


def test_selection_intervals_are_wilson_and_stay_inside_0_1(ax):
    plots.selection_frequency(["a", "b"], [0.0, 0.5], 100, sort=False, ax=ax)
    (bars,) = [c for c in ax.collections if isinstance(c, LineCollection)]
    ends = np.array([s[:, 1] for s in bars.get_segments()])
    # Wilson 1927, 0 and 50 of 100: 0-0.0370 and 0.4038-0.5962
    np.testing.assert_allclose(ends, [[0, 0.0370], [0.4038, 0.5962]], atol=5e-5)
    assert ax.get_title(loc="right") == "100 resamples"


def test_profile_draws_every_series_sorted_and_depth_runs_down(ax):
    shuffled = np.array([2, 0, 4, 1, 3])
    plots.profile(X[shuffled], X[shuffled] ** 2, ax=ax, direction="depth")
    values, depth = ax.lines[-1].get_data()
    np.testing.assert_allclose(depth, X)
    np.testing.assert_allclose(values, X**2)
    assert ax.yaxis_inverted()
    assert ax.get_title(loc="right") == "n = 5"


def test_ambiguity_is_drawn(ax):
    draw, args, options = CASES["modes"]
    draw(*args, **options, ax=ax)
    assert any(a.txt.get_text() == "AMBIGUOUS" for a in ax.artists if hasattr(a, "txt"))
    assert {"+5.0 %\n(6.8 elements)", "+39 %\n(6.2 elements)"} <= {t.get_text() for t in ax.texts}
    assert "K$_2$O" not in {t.get_text() for t in ax.texts}  # +300 % is out of view


def test_membership_rows_are_in_order_of_entry(ax):
    c = np.geomspace(0.1, 10, 50)
    entry = {"late": 5.0, "first": 0.3, "never": 99.0, "second": 1.0}
    weight = np.column_stack([c >= v for v in entry.values()]).astype(float)
    plots.membership_path(c, weight, list(entry), ax=ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["first", "second", "late", "never"]


def test_wedge_is_bounded_by_the_extreme_fresh_ratios(ax):
    plots.wedge([100, 100, 50], [2, 3, 1.25], [120.0], [5.0], ax=ax)
    slopes = sorted(line.get_ydata()[1] / line.get_xdata()[1] for line in ax.lines)
    np.testing.assert_allclose(slopes, [0.02, 0.03], rtol=1e-12)


def test_second_axis_of_ratios_reads_gain_or_loss(ax):
    plots.concentration_ratio(NAMES, [0.5, 1.0, 2.0, 4.0], r_inv=1.0, ax=ax)
    ax.figure.canvas.draw()
    (twin,) = ax.child_axes
    pairs = {t.get_text(): v for t, v in zip(twin.get_yticklabels(), twin.get_yticks(), strict=True)}
    assert pairs["0"] == pytest.approx(1.0)
    assert pairs["+100"] == pytest.approx(2.0)


def test_table_prints_every_number_and_frames_the_accepted(ax):
    draw, args, options = CASES["table"]
    draw(*args, **options, ax=ax)
    assert {t.get_text().split("\n")[0] for t in ax.texts} == {"1.0", "2.0", "3.0", "not run"}
    assert len(ax.patches) == 1


def test_scatter_prints_error_bias_and_coverage(ax):
    t = np.array([0.0, 10, 20, 30])
    plots.truth_scatter(t, t + np.array([1, -1, 1, 3]), lower=t - 2, upper=t + 5, unit="%", ax=ax)
    text = ax.texts[0].get_text()
    assert "mean |error| 1.50 % points" in text
    assert "bias +1.00 % points" in text
    assert "covers 100 %" in text


def test_heat_map_is_centred_and_symmetrical_in_the_ratio(ax):
    plots.gain_heatmap([[-50.0, 10], [20, 0], [0, 0], [5, 5]], NAMES, ["1", "2"], ax=ax)
    low, high = ax.images[0].get_clim()
    assert low == -high == pytest.approx(np.log(0.5))


def test_color_maps_shared_with_others_are_not_changed(ax):
    before = plots.field_map("diverging")(np.nan)
    draw, args, options = CASES["heatmap"]
    draw(*args, **options, ax=ax)
    assert plots.field_map("diverging")(np.nan) == before


def _ticks_out_of_view(axis):
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.majorTicks, *axis.minorTicks]
    return [label for t in ticks if not low <= t.get_loc() <= high for label in (t.label1, t.label2)]


def test_overview_is_190_mm_wide_and_legible():
    example = plots.overview_example(np.random.default_rng(0))
    fig = plots.sparse_isocon_overview(example)
    assert len(plots.sparse_isocon_overview().axes) == len(fig.axes)
    assert fig.get_size_inches()[0] * 25.4 == pytest.approx(190)
    fig.canvas.draw()
    shown = [t for t in fig.findobj(matplotlib.text.Text) if t.get_visible() and t.get_text().strip()]
    assert min(t.get_fontsize() for t in shown) >= 7
    frame = fig.bbox
    # tick labels that fall outside their axis are in the list, but not drawn
    unseen = {id(t) for a in fig.axes for axis in (a.xaxis, a.yaxis) for t in _ticks_out_of_view(axis)}
    shown = [t for t in shown if id(t) not in unseen]
    boxes = [t.get_window_extent() for t in shown]
    inside = [frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes]
    assert all(inside), [t.get_text() for t, ok in zip(shown, inside, strict=True) if not ok]
    with pytest.raises(ValueError, match="lacks shift"):
        plots.sparse_isocon_overview(
            {k: v for k, v in plots.overview_example(np.random.default_rng(0)).items() if k != "shift"}
        )
    with pytest.raises(ValueError, match="n_samples is 40"):
        plots.overview_example(np.random.default_rng(0), n_samples=40)


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plots.isocon_diagram([1, 2], [1, 2, 3], ["a", "b"]), r"altered has shape \(3,\), expected \(2\)"),
        (lambda: plots.isocon_diagram([0, 2], [1, 2], ["a", "b"]), r"fresh holds 1 value\(s\) <= 0.*leave cells below"),
        (lambda: plots.isocon_diagram([1, 2], [1, "x"], ["a", "b"]), "not a number"),
        (lambda: plots.isocon_diagram([1, 2], [1, 2], ["a", "b"], slope=2, slope_interval=(0.9, 1.1)), "lies outside"),
        (lambda: plots.isocon_diagram([1, 2], [1, 2], ["a", "b"], immobile=[1, 0]), "boolean array of shape"),
        (lambda: plots.isocon_diagram([1, 2], [1, 2], ["a", "b"], scaling="wide"), "scaling is 'wide'"),
        (lambda: plots.isocon_diagram([np.nan], [np.nan], ["a"]), "no element has a concentration"),
        (lambda: plots.guo_isocon([1, 2], [[1, 2]], [1, 1], ["a", "b"]), r"mass_ratio has shape \(2,\), expected \(1\)"),
        (lambda: plots.gain_loss_bars(["K2O"], [-100.0]), "change of K2O is -100 %, expected > -100 %"),
        (lambda: plots.gain_loss_bars(["a"], [1], lower=[0]), "only one bound"),
        (lambda: plots.gain_loss_bars(["a"], [1], lower=[2], upper=[1]), "lower exceeds upper at index 0"),
        (lambda: plots.gain_loss_bars("ab", [1, 2]), "names is one text"),
        (lambda: plots.immobility_ranking(["a"], [0.3]), "neither threshold nor decision"),
        (lambda: plots.immobility_ranking(["a"], [0.3], decision=["maybe"]), "decision is 'maybe'"),
        (lambda: plots.selection_frequency(["a"], [30], 100), "expected 0-1; divide by n_draws"),
        (lambda: plots.selection_frequency(["a"], [0.3], 0), "n_draws is 0"),
        (lambda: plots.profile([1, 2], [1, 2, 3]), r"values has shape \(3,\), expected \(2\)"),
        (lambda: plots.profile([1, 2], [1, 2], zones=[(2, 1, "x")]), "start < end"),
        (lambda: plots.profile([1, 2], [1, 2], direction="up"), "direction is 'up'"),
        (lambda: plots.mode_plot([1, 2], [1, 2], modes=pd.DataFrame({"mass_change": [1]})), "n_effective, objective"),
        (lambda: plots.membership_path([2, 1], np.ones((2, 1)), ["a"]), "not increasing"),
        (lambda: plots.wedge([np.nan], [1], [1], [1]), "no fresh sample"),
        (lambda: plots.benchmark_curves(CURVES, x="g"), "lacks column"),
        (lambda: plots.benchmark_curves(CURVES, x="f", methods=["c"]), "no row of method 'c'.*has a, b"),
        (lambda: plots.score_table([[0.0]], ["a"], ["A"]), "pass log=False"),
        (lambda: plots.gain_heatmap([[-100.0]], ["a"], ["1"]), "total losses go in as NaN"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong_and_what_to_do(draw, said, ax):
    with pytest.raises(ValueError, match=said):
        draw()


@pytest.mark.parametrize(("width", "height", "columns"), [("double", 112, 2), ("single", 104, 1), ("double", 80, 2)])
def test_isocon_legend_is_under_the_axes_and_whole(width, height, columns):
    fig, axes = plots.figure(width, height, 1, columns, squeeze=False)
    draw, args, options = CASES["isocon_log"]
    for one in axes.flat:
        draw(*args, **options, ax=one)
    fig.canvas.draw()
    for one in axes.flat:
        box, own = one.get_legend().get_window_extent(), one.get_window_extent()
        assert box.y1 < own.y0
        assert box.y0 >= -0.5  # pixels
        assert not box.overlaps(one.xaxis.label.get_window_extent())
