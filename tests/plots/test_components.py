"""Idioms of components and end members: what is drawn is what was given, in its unit, and bad input is refused with advice."""

import copy

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.text import Text
from mpltern.ternary import TernaryAxes
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from lib import plots
from lib.plots import _curves, _shared, angles, triangles

RNG = np.random.default_rng(559321)
NAMES = ["SiO2", "Al2O3", "CaO", "Na2O", "K2O"]
CENTRE = np.array([0.62, 0.18, 0.08, 0.07, 0.05])
STEP = np.array([[0.05, 0.3, -0.5, -0.1, 0.25], [0.2, -0.1, -0.2, 0.2, -0.1]])
STEP = STEP - STEP.mean(axis=1, keepdims=True)


def closed(x):
    return x / x.sum(axis=-1, keepdims=True)


SCORES = np.column_stack([RNG.gamma(1, 1, 60) - 1, RNG.uniform(-1.7, 1.7, 60)])
X = closed(CENTRE * np.exp(SCORES @ STEP))
T = np.linspace(-2.5, 3, 45)
CURVES = {f"IC{k + 1}": closed(CENTRE * np.exp(T[:, None] * STEP[k])) for k in (0, 1)}
BANDS = {name: closed(c[None] * np.exp(RNG.normal(0, 0.02, (12, 1, 5)))) for name, c in CURVES.items()}
TRUTH = {"IC1": (T[5:40], CURVES["IC1"][5:40] * 1.0), "dilution": (T, CURVES["IC2"][:, ::1])}
RAW = {"PC1": CENTRE + T[:, None] * np.array([0.07, 0, -0.05, -0.01, -0.01])}  # leaves the simplex
MEMBERS = np.array([[0.6, 0.2, 0.1, 0.06, 0.04], [0.1, 0.02, 0.85, 0.02, 0.01], [0.9, 0.04, 0.0, 0.03, 0.03]])
SHARES = RNG.dirichlet([1, 1, 1], 20)
WIDE = pd.DataFrame({"n_components": [1, 2, 3], "eigenvalue": [3, 1, 0.1], "q95": [1, 0.5, 0.3],
                     "parallel": [False, True, False], "error": [0.3, 0.1, 0.2]})  # fmt: skip
CRITERIA = {"Eigenvalue": ("eigenvalue", "q95", "parallel"), "BiCV error": ("error", None, None),
            "noise": ("noise_chi2", 1.0, "noise")}  # fmt: skip


def runs(quality, n=8):
    """Similarity, tree and clusters of `n` runs with two components each."""
    label = np.tile([0, 1], n)
    s = np.where(label[:, None] == label, quality, 0.1)
    np.fill_diagonal(s, 1.0)
    tree = hierarchy.linkage(squareform(1 - s, checks=False), "average")
    return s, tree, label, np.array([quality - 0.1, 0.95])


RECOVERY = pd.DataFrame(
    [(m, p, n, c) for m in ("ilr ICA", "raw PCA") for p in ("mixing", "leaching") for n, c in ((50, 0.8), (500, 0.98))],
    columns=["method", "process", "n_samples", "cosine"],
).assign(cosine_low=lambda f: f.cosine - 0.1, cosine_high=lambda f: f.cosine + 0.01)

ON_AXES = {
    "harker": (plots.harker, (X, NAMES, "CaO", CURVES), {"t": T, "bands": BANDS, "truth": TRUTH, "units": {"CaO": "ppm"}}),
    "harker_groups": (plots.harker, (X, NAMES, "CaO"), {"groups": ["a", "b"] * 30, "against": "Al2O3"}),
    "profile": (plots.end_member_profile, (MEMBERS, NAMES),
                {"lower": MEMBERS * 0.8, "upper": np.minimum(MEMBERS * 1.2 + 1e-3, 1), "truth": MEMBERS, "data": X}),
    "bars": (plots.proportions_bars, (SHARES, [f"long name {i}" for i in range(20)], ["x", "y", "z"]), {"order": "dominant"}),
    "bars_groups": (plots.proportions_bars, (SHARES,), {"groups": ["p", "q"] * 10}),
    "mineral": (plots.mineral_crosscheck, (100 * SHARES[:, 0], 90 * SHARES[:, 0] + 1),
                {"lower": 80 * SHARES[:, 0], "upper": 95 * SHARES[:, 0] + 2, "groups": ["a", "b"] * 10, "line": "fit"}),
    "scores": (plots.score_plot, (SCORES,), {"groups": ["a", "b"] * 30, "shares": [0.7, 0.2], "marks": {"UCC": (0, 1)}}),
    "scores_values": (plots.score_plot, (SCORES,), {"values": SCORES[:, 0], "value_label": "CIA (%)"}),
    "map": (plots.score_map, (10 * SCORES[:, 0], 10 * SCORES[:, 1], SCORES[:, 0]), {}),
    "angle": (plots.angle_panel, (["a", "b"], [4.0, 30]), {"cone": [8, 20], "start": [30, 40], "n_parts": 10}),
    "angle_series": (plots.angle_panel, (["a", "b"], [[4.0, 30], [6, 50]]), {"cone": [8, 20], "series": ["ICA", "PCA"]}),
}  # fmt: skip
ON_FIGURES = {
    "matrix": (plots.harker_matrix, (X, NAMES, CURVES), {"t": T, "bands": BANDS, "truth": TRUTH}),
    "methods": (plots.harker_matrix, (X, NAMES, {"raw": RAW, "ilr": CURVES}),
                {"t": T, "bands": {"ilr": BANDS}, "truth": TRUTH, "parts": ["CaO", "K2O"]}),
    "loadings": (plots.clr_loadings, (STEP, NAMES),
                 {"lower": STEP - 0.12, "upper": STEP + 0.12, "truth": STEP, "notes": ["70 %", "20 %"], "n": 60}),
    "em_bars": (plots.end_member_bars, (MEMBERS, NAMES),
                {"lower": MEMBERS * 0.8, "upper": np.minimum(MEMBERS * 1.2 + 1e-3, 1), "truth": MEMBERS}),
    "truth": (plots.proportions_truth, (SHARES, SHARES[::-1]), {"groups": ["a", "b"] * 10, "n": 20}),
    "scree": (plots.scree_criteria, (WIDE, CRITERIA), {"adopted": 2, "log": True, "n": 60}),
    "icasso": (plots.icasso_dendrogram, runs(0.8), {"n": "8 runs"}),
    "bilateral": (plots.bilateral_comparison, (NAMES, STEP, STEP * 1.1),
                  {"lower": STEP - 0.1, "upper": STEP + 0.1, "real_scores": SCORES, "simulated_scores": SCORES * 1.1,
                   "real_residual": np.full(5, 0.03), "simulated_residual": np.full(5, 0.02), "analytical": np.full(5, 0.02),
                   "angle": [3, 9], "cone": [5, 8], "start": [20, 30], "n": "60 real"}),
    "recovery": (plots.recovery_panels, (RECOVERY,), {"limits": {"mixing": 0.93}, "n": 30}),
}  # fmt: skip
ON_TRIANGLES = {
    "ternary": (plots.ternary, (X[:, :3], NAMES[:3]),
                {"curves": {k: c[:, :3] for k, c in CURVES.items()}, "t": T,
                 "bands": {k: b[..., :3] for k, b in BANDS.items()}, "truth": {"IC1": CURVES["IC1"][:, :3]},
                 "end_members": {"left": [1, 8, 1], "top": [8, 1, 1], "right": [0, 1, 9]}, "references": {"UCC": [3, 4, 3]}}),
    "zoom": (plots.ternary, (X[:, :3], NAMES[:3]), {"groups": list("abc") * 20, "minimum": [0.2, 0, 0.1]}),
    "acnk": (plots.acnk_diagram, (X, NAMES), {"curves": CURVES, "t": T, "truth": TRUTH, "references": {"UCC": X[0]}}),
    "acnk_zoom": (plots.acnk_diagram, (X, NAMES), {"minimum": [0.55, 0, 0], "calcium": "silicate"}),
}  # fmt: skip


def figure_of(drawn):
    found = next(iter(drawn.values())) if isinstance(drawn, dict) else next(a for a in np.ravel(drawn) if a is not None)
    return found.figure


def smallest_text(fig):
    fig.canvas.draw()
    return min(t.get_fontsize() for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip())


@pytest.mark.parametrize("case", ON_AXES)
def test_an_idiom_returns_its_axes_leaves_input_alone_and_is_legible(case, ax):
    draw, args, options = ON_AXES[case]
    given = copy.deepcopy((args, options))
    assert draw(*args, **options, ax=ax) is ax
    np.testing.assert_equal((args, options), given)
    assert smallest_text(ax.figure) >= 7


@pytest.mark.parametrize("case", ON_FIGURES)
def test_a_figure_of_panels_is_legible_and_fits_a_part_of_a_figure(case):
    draw, args, options = ON_FIGURES[case]
    given = copy.deepcopy((args, options))
    fig = figure_of(draw(*args, **options))
    assert smallest_text(fig) >= 7
    assert fig.get_size_inches()[0] * 25.4 == pytest.approx(190)
    if not isinstance(args[0], pd.DataFrame):
        np.testing.assert_equal((args, options), given)
    page, _ = plots.figure("double", 150)
    page.clear()
    part = page.subfigures(1, 2)[1]
    assert figure_of(draw(*args, **options, fig=part)) is part


@pytest.mark.parametrize("case", ON_TRIANGLES)
def test_a_triangle_takes_the_place_of_an_ordinary_axes(case):
    draw, args, options = ON_TRIANGLES[case]
    fig, before = plots.figure("single", 95)
    spec = before.get_subplotspec()
    ax = draw(*args, **options, ax=before)
    assert isinstance(ax, TernaryAxes)
    assert ax.get_subplotspec() is spec
    assert fig.axes == [ax]
    assert draw(*args, **options, ax=ax) is ax  # and a triangle is used as it is
    assert smallest_text(fig) >= 7


@pytest.mark.parametrize("case", ["loadings", "icasso", "acnk"])
def test_saving_twice_gives_the_same_bytes(case, tmp_path):
    draw, args, options = (ON_FIGURES | ON_TRIANGLES)[case]
    fig = figure_of(draw(*args, **options))
    first, second = (plots.save(fig, tmp_path / turn, ("svg",))[0].read_bytes() for turn in "ab")
    assert first == second


@pytest.mark.parametrize("case", ["harker", "profile", "bars", "angle", "ternary"])
def test_legends_are_on_the_page_and_below_the_panel(case):
    draw, args, options = (ON_AXES | ON_TRIANGLES)[case]
    fig, axes = plots.figure("double", 100, 1, 2)
    ax = draw(*args, **options, ax=axes[1])
    fig.canvas.draw()
    box = ax.get_legend().get_window_extent()
    below = [t.get_window_extent() for t in [*ax.get_xticklabels(), ax.xaxis.label, *ax.texts] if t.get_text()]
    assert box.y0 >= -0.5  # pixels
    assert box.x1 <= fig.bbox.x1 + 0.5
    assert not any(box.overlaps(b) for b in below if not isinstance(ax, TernaryAxes) or b.y1 < ax.bbox.y0 + 1)


# --- Harker diagrams


def test_curves_and_samples_are_drawn_in_the_units_asked_for(ax):
    plots.harker(7 * X, NAMES, "CaO", {"IC1": CURVES["IC1"]}, t=T, units={"CaO": "ppm"}, ax=ax)
    dots, curve = ax.lines[0], ax.lines[1]
    np.testing.assert_allclose(dots.get_xydata(), X[:, [0, 2]] * [1e2, 1e6], rtol=1e-12)  # the total of 7 is closed
    np.testing.assert_allclose(curve.get_xydata(), CURVES["IC1"][:, [0, 2]] * [1e2, 1e6], rtol=1e-12)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("SiO$_2$ (wt%)", "CaO (ppm)")
    assert "60 samples" in [t.get_text() for t in ax.get_legend().get_texts()]


def test_the_open_circle_is_score_zero_and_dots_are_standard_deviations(ax):
    plots.harker(X, NAMES, "K2O", {"IC1": (T[10:], CURVES["IC1"][10:])}, ax=ax)  # from -1.25: no dot at -2
    marks = [line for line in ax.lines[2:] if line.get_marker() == "o"]
    want = closed(CENTRE * np.exp(np.array([0, -1, 1, 2])[:, None] * STEP[0]))[:, [0, 4]] * 100
    # interpolated between points 1/8 of a standard deviation apart
    np.testing.assert_allclose([m.get_xydata()[0] for m in marks], want, rtol=1e-3)
    assert [m.get_markerfacecolor() == "white" for m in marks] == [True, False, False, False]


@pytest.mark.parametrize(("curves", "hatched"), [(RAW, True), (CURVES, False)])
def test_negative_contents_are_hatched(curves, hatched, ax):
    plots.harker(X, NAMES, "CaO", curves, t=T, ax=ax)
    assert any(p.get_hatch() for p in ax.patches) is hatched
    assert bool(ax.get_ylim()[0] < 0) is hatched


def test_a_far_curve_does_not_squeeze_the_samples(ax):
    far = {"PC1": CENTRE + 100 * T[:, None] * (np.array([0.07, 0, -0.07, 0, 0]))}
    plots.harker(X, NAMES, "CaO", far, t=T, ax=ax)
    data = 100 * X[:, 2]
    assert np.ptp(ax.get_ylim()) <= 1.61 * np.ptp(data)  # a quarter of the range, and a margin, at both ends


def test_a_band_ignores_shifts_along_the_curve_and_holds_its_share():
    line = np.column_stack([T, 2 * T])
    along = line + np.linspace(-1, 1, 21)[:, None, None] * np.array([1.0, 2.0])
    low, high = _curves.envelope(line, along, np.ones(2), 0.9)
    np.testing.assert_allclose(low, line, atol=1e-12)
    np.testing.assert_allclose(high, line, atol=1e-12)
    across = line + np.linspace(-1, 1, 21)[:, None, None] * np.array([-2.0, 1.0]) / np.sqrt(5)
    low, high = _curves.envelope(line, across, np.ones(2), 0.9)
    np.testing.assert_allclose(np.hypot(*(high - low).T), 1.8, rtol=1e-12)  # 90 % of a uniform spread of 2
    stretched = _curves.envelope(line * [1, 50], across * [1, 50], np.array([1.0, 50.0]), 0.9)
    np.testing.assert_allclose(stretched[1], high * [1, 50], rtol=1e-12)


def test_truth_has_the_darker_colour_of_its_component_or_black(ax):
    plots.harker(X, NAMES, "CaO", CURVES, t=T, truth=TRUTH, ax=ax)
    dashed = [line for line in ax.lines if line.is_dashed()]
    assert to_hex(dashed[1].get_color()) == "#000000"
    blue = np.array(to_rgb(plots.class_colors(2)[0]))
    np.testing.assert_allclose(dashed[0].get_color(), 0.62 * blue)
    assert [t.get_text() for t in ax.get_legend().get_texts()].count("truth") == 1


def test_methods_stand_in_columns_with_common_axes():
    axes = plots.harker_matrix(X, NAMES, {"raw": RAW, "ilr": CURVES}, t=T, parts=["CaO", "K2O"])
    assert axes.shape == (2, 2)
    assert [ax.get_title() for ax in axes[0]] == ["raw", "ilr"]
    assert axes[0, 0].get_ylim() == axes[0, 1].get_ylim()
    assert [ax.get_ylabel() for ax in axes[:, 0]] == ["CaO (wt%)", "K$_2$O (wt%)"]
    assert [ax.get_ylabel() for ax in axes[:, 1]] == ["", ""]
    words = {t.get_text() for t in axes[0, 0].figure.legends[0].get_texts()}
    assert {"PC1", "IC1", "IC2", "score 0", "60 samples"} <= words


def test_empty_places_of_a_grid_are_none_and_names_stand_above_them():
    axes = plots.harker_matrix(X, NAMES, groups=["a", "b"] * 30, ncols=3)
    assert [ax is None for ax in axes.flat] == [False] * 4 + [True, True]
    assert axes[0, 1].get_xlabel() == "SiO$_2$ (wt%)"
    assert {t.get_text() for t in axes[0, 0].figure.legends[0].get_texts()} == {"a (30)", "b (30)"}


def test_a_curve_may_be_a_frame():
    frame = pd.DataFrame(CURVES["IC1"], columns=NAMES).assign(t=T)
    (t, points), = _curves.read("harker", {"IC1": frame}, NAMES, None).values()  # fmt: skip
    np.testing.assert_equal((t, points), (T, CURVES["IC1"]))


# --- triangles


@pytest.mark.parametrize(
    ("oxides", "expected"),
    [
        ({"Na2O": 61.979, "Al2O3": 101.961}, (0.5, 0.5, 0)),  # albite
        ({"CaO": 56.077, "Al2O3": 101.961}, (0.5, 0.5, 0)),  # anorthite
        ({"K2O": 94.196, "Al2O3": 3 * 101.961}, (0.75, 0, 0.25)),  # muscovite
        ({"Al2O3": 5.0}, (1, 0, 0)),  # kaolinite
    ],
)
def test_minerals_plot_where_their_formulae_say(oxides, expected):
    x = [oxides.get(name, 0.0) for name in NAMES]
    np.testing.assert_allclose(plots.acnk_points(x, NAMES), expected, atol=1e-12)


def test_calcium_of_apatite_and_carbonate_is_left_out_on_request():
    mole = {"Al2O3": 1.0, "CaO": 2.0, "Na2O": 0.5, "K2O": 0.25, "P2O5": 0.09}
    masses = [mole[name] * triangles.MOLAR[name] for name in mole]
    points = plots.acnk_points(masses, list(mole), "silicate")
    np.testing.assert_allclose(points, np.array([1, 1.0, 0.25]) / 2.25)  # 2 - 0.3 mol exceeds Na2O: 0.5 + 0.5
    masses[1] = 0.6 * triangles.MOLAR["CaO"]
    points = plots.acnk_points(masses, list(mole), "silicate")
    np.testing.assert_allclose(points, np.array([1, 0.3 + 0.5, 0.25]) / 2.05)  # 0.6 - 0.3 mol of apatite
    np.testing.assert_allclose(plots.acnk_points(masses, list(mole)), np.array([1, 1.1, 0.25]) / 2.35)


def test_shares_and_places_in_the_triangle_are_inverse_and_those_of_the_axes(ax):
    points = closed(RNG.uniform(0.05, 1, (6, 3)))
    np.testing.assert_allclose(triangles._barycentric(points @ triangles._CORNERS), points, atol=1e-12)
    tri = plots.ternary(points, list("abc"), ax=ax)
    tri.figure.canvas.draw()
    (dots,) = [line for line in tri.lines if len(line.get_xdata()) == 6 and line.get_gid() is None]
    drawn = dots.get_transform().transform(np.column_stack(dots.get_data()))
    np.testing.assert_allclose(drawn, tri.transData.transform(points @ triangles._CORNERS), atol=1e-6)  # pixels


@pytest.mark.parametrize("minimum", [None, [0.2, 0.1, 0.3]])
def test_ticks_stand_where_their_part_has_that_share(minimum, ax):
    tri = plots.ternary(X[:, :3], list("abc"), minimum=minimum, ax=ax)
    low = np.zeros(3) if minimum is None else np.array(minimum)
    ticks = [t for t in tri.texts if t.get_gid()]
    for part, turn in enumerate((0, -60, 60)):  # horizontal at the right, upwards at the left, downwards below
        mine = [t for t in ticks if t.get_rotation() % 360 == turn % 360]
        shares = triangles._barycentric(np.array([t.xy for t in mine]))
        np.testing.assert_allclose(100 * shares[:, part], [float(t.get_text()) for t in mine], atol=1e-9)
        np.testing.assert_allclose(shares[:, (1, 2, 0)[part]], low[(1, 2, 0)[part]], atol=1e-12)
        assert len(mine) >= 5
        assert shares.min() > -1e-12


def test_rows_without_a_part_are_not_counted(ax):
    points = X[:5, :3].copy()
    points[2, 1] = np.nan
    tri = plots.ternary(points, list("abc"), ax=ax)
    assert [t.get_text() for t in tri.get_legend().get_texts()] == ["4 samples"]


def test_minerals_outside_the_view_are_not_named(ax):
    tri = plots.acnk_diagram(X, NAMES, minimum=[0.55, 0, 0], ax=ax)
    words = {t.get_text() for t in tri.texts}
    assert "muscovite" in words
    assert not {"plagioclase", "K-feldspar", "40"} & words


# --- loadings and end members


def test_bars_are_sorted_by_the_first_component_and_pale_where_zero_is_possible():
    axes = plots.clr_loadings(STEP, NAMES, lower=STEP - 0.12, upper=STEP + 0.12, notes=["70 %", ""])
    order = np.argsort(-STEP[0])
    assert [t.get_text() for t in axes[0].get_yticklabels()] == [plots.formula(NAMES[i]) for i in order]
    for k, ax in enumerate(axes):
        np.testing.assert_allclose([b.get_width() for b in ax.patches], STEP[k][order])
        sure = np.abs(STEP[k][order]) > 0.12
        full = [mpl.colors.same_color(b.get_facecolor(), plots.class_colors(2)[k]) for b in ax.patches]
        assert full == sure.tolist()
    assert axes[0].get_title() == "IC1\n70 %"
    assert axes[1].get_title() == "IC2"


def test_end_members_print_the_digits_that_their_intervals_warrant():
    e, lower, upper = [[0.66613, 0.33387]], [[0.6512, 0.3330]], [[0.6839, 0.3347]]
    (ax,) = plots.end_member_bars(e, ["SiO2", "CaO"], lower=lower, upper=upper)
    assert [t.get_text() for t in ax.texts] == ["66.6 (65.1–68.4)", "33.39 (33.30–33.47)"]
    ax.figure.canvas.draw()
    assert max(t.get_window_extent().x1 for t in ax.texts) <= ax.get_window_extent().x1
    (plain,) = plots.end_member_bars(e, ["SiO2", "CaO"], unit="g/kg")
    assert [t.get_text() for t in plain.texts] == ["666", "334"]


def test_an_end_member_without_a_part_stays_in_view(ax):
    plots.end_member_profile(MEMBERS, NAMES, data=X, ax=ax)
    low = ax.get_ylim()[0]
    assert low > 0
    line = next(line for line in ax.lines if line.get_marker() == _shared.MARKERS[2])
    assert line.get_ydata()[2] == pytest.approx(low)
    np.testing.assert_allclose(np.delete(line.get_ydata(), 2), 100 * np.delete(MEMBERS[2], 2))


def test_columns_of_proportions_end_at_one_hundred_and_gather_by_the_dominant_member(ax):
    plots.proportions_bars(SHARES, [f"s{i}" for i in range(20)], order="dominant", ax=ax)
    tops = {}
    for bar in ax.patches:
        tops[round(bar.get_x(), 6)] = bar.get_y() + bar.get_height()
    np.testing.assert_allclose(list(tops.values()), 100)
    heights = np.array([b.get_height() for b in ax.patches]).reshape(3, 20)
    lead = heights.argmax(axis=0)
    assert np.all(np.diff(lead) >= 0)
    for k in range(3):
        assert np.all(np.diff(heights.max(axis=0)[lead == k]) <= 0)
    shown = [int(t.get_text()[1:]) for t in ax.get_xticklabels()]
    np.testing.assert_allclose(heights.T, 100 * SHARES[shown])


def test_panels_of_proportions_share_their_limits_and_keep_the_print():
    axes = plots.proportions_truth(SHARES, SHARES + 0.01 * (SHARES[:, ::-1] - SHARES), ["a", "b", "c"])
    assert len({ax.get_xlim() for ax in axes} | {ax.get_ylim() for ax in axes}) == 1
    assert axes[1].get_title() == "b, n = 20"
    error = np.mean(np.abs(SHARES[:, 2] - SHARES[:, 0]))
    assert axes[0].texts[-1].get_text().startswith(f"mean |error| {error:.2f} % points")


def test_the_cross_check_prints_rank_correlation_and_slope(ax):
    mineral = np.array([0, 5, 10, 20, np.nan, 40, 55, 70.0])
    proportion = np.array([3, 9, 14, 22, 50, 47, np.nan, 78.0])
    plots.mineral_crosscheck(mineral, proportion, line="fit", ax=ax)
    both = np.isfinite(mineral + proportion)
    slope = stats.theilslopes(proportion[both], mineral[both]).slope
    text = ax.texts[0].get_text()
    assert text.startswith("Spearman ρ = 1.00\n")
    assert f"slope {slope:.2f}" in text
    assert ax.get_title(loc="right") == "n = 6"
    plots.mineral_crosscheck(RNG.permutation(30.0 * SHARES[:, 0]), 30 * SHARES[:, 0], ax=ax)
    low, high = (
        float(v) for v in ax.texts[-1].get_text().replace("\N{MINUS SIGN}", "-").split("(")[1].split(")")[0].split(" to ")
    )
    assert -1 <= low < high <= 1


# --- number, stability, scores


def test_criteria_say_what_they_choose_and_missing_ones_are_left_out():
    axes = plots.scree_criteria(WIDE, CRITERIA, adopted=2)
    assert [ax.get_title(loc="right") for ax in axes.flat] == ["chooses 2", "no choice"]
    assert [ax.get_ylabel() for ax in axes.flat] == ["Eigenvalue", "BiCV error"]
    np.testing.assert_allclose(axes[0, 0].lines[1].get_ydata(), WIDE.q95)
    tidy = pd.DataFrame({"criterion": "a", "n_components": [1, 2], "value": [3, 1.0], "chosen": [False, True]})
    (one,) = plots.scree_criteria(tidy).flat
    assert one.get_title(loc="right") == "chooses 2"


def test_similarities_follow_the_tree_and_weak_clusters_are_called_unstable():
    s, tree, label, iq = runs(0.8)
    axes = plots.icasso_dendrogram(s, tree, label, iq, threshold=0.75)
    image = np.asarray(axes["matrix"].images[0].get_array())
    np.testing.assert_allclose(image[:8, :8].min(), 0.8)  # each cluster is one block on the diagonal
    np.testing.assert_allclose(image[8:, 8:].min(), 0.8)
    np.testing.assert_allclose(image[:8, 8:], 0.1)
    words = [t.get_text() for t in axes["iq"].texts]
    assert words == ["0.70, 8 estimates: unstable", "0.95, 8 estimates"]
    colors = axes["tree"].collections[0].get_colors()
    assert len(colors) == 15
    assert len(np.unique(colors, axis=0)) == 3  # two clusters, and the link between them


def test_scores_of_classes_are_counted_and_named_points_drawn(ax):
    plots.score_plot(SCORES, groups=["a"] * 45 + ["b"] * 15, shares=[0.7, 0.2], marks={"UCC": (0.5, 1)}, ax=ax)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["a (45)", "b (15)"]
    assert ax.get_xlabel() == "IC1, 70 % of variance (sd)"
    assert [t.get_text() for t in ax.texts] == ["UCC"]


def test_the_map_is_symmetrical_about_zero_and_draws_the_strongest_last(ax):
    score = np.array([0.1, -3.0, 1.0, np.nan])
    plots.score_map([1, 2, 3, 4], [1, 2, 3, 4], score, limit=2, ax=ax)
    (dots,) = [c for c in ax.collections if isinstance(c, PathCollection)]
    assert (dots.norm.vmin, dots.norm.vmax) == (-2, 2)
    assert np.asarray(dots.get_array()).tolist() == [0.1, 1.0, -3.0]
    assert dots.colorbar.extend == "min"


# --- angles and the comparison


def test_directions_outside_their_cone_are_hollow(ax):
    plots.angle_panel(["a", "b", "c"], [4.0, 30, 7], cone=[8, 20, 7], ax=ax)
    places = {}
    for line in ax.lines:
        if line.get_marker() == "o":
            places |= dict.fromkeys(map(float, line.get_xdata()), line.get_markerfacecolor() == "white")
    assert places == {4.0: False, 7.0: False, 30.0: True}
    assert [p.get_width() for p in ax.patches] == [8, 20, 7]


@pytest.mark.parametrize("n_parts", [3, 10])
def test_random_directions_fall_below_the_angle_as_often_as_it_says(n_parts):
    v = np.random.default_rng(4).normal(size=(20000, n_parts))
    v -= v.mean(axis=1, keepdims=True)
    cosine = np.abs(v[:, 0] - v[:, 1]) / np.sqrt(2) / np.linalg.norm(v, axis=1)
    share = np.mean(np.rad2deg(np.arccos(cosine)) < angles.random_angle(n_parts, 0.05))
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 20000))


def test_the_comparison_has_the_panels_that_were_given():
    assert set(plots.bilateral_comparison(NAMES, STEP, STEP)) == {"direction0", "direction1"}
    draw, args, options = ON_FIGURES["bilateral"]
    axes = draw(*args, **options)
    assert set(axes) == {"direction0", "direction1", "scores", "residuals", "angles"}
    order = np.argsort(-STEP[0])
    np.testing.assert_allclose([b.get_width() for b in axes["direction1"].patches], STEP[1][order])
    points = axes["scores"].lines[0].get_xydata()
    np.testing.assert_allclose(points[:, 1], 1.1 * points[:, 0], rtol=1e-9)  # simulated scores are 1.1 times the real ones
    np.testing.assert_allclose(axes["residuals"].lines[0].get_ydata(), 3.0)


def test_recovery_is_drawn_as_angles_with_their_spread():
    axes = plots.recovery_panels(RECOVERY, limits={"mixing": 0.93})
    assert [ax.get_title() for ax in axes] == ["mixing", "leaching"]
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), np.rad2deg(np.arccos([0.8, 0.98])))
    bars = next(c for c in axes[0].collections if isinstance(c, LineCollection)).get_segments()
    np.testing.assert_allclose(bars[0][:, 1], np.rad2deg(np.arccos([0.81, 0.7])))
    assert any(line.get_ydata()[0] == pytest.approx(np.rad2deg(np.arccos(0.93))) for line in axes[0].lines)
    plain = plots.recovery_panels(RECOVERY.assign(d=3.0), value="d", lower=None, upper=None, as_angle=False)
    assert plain[0].lines[0].get_ydata().tolist() == [3, 3]


@pytest.mark.parametrize(
    ("draw", "said"),
    [
        (lambda: plots.harker(X, NAMES, "MgO"), "no part 'MgO'; parts are SiO2"),
        (lambda: plots.harker(X, NAMES, "CaO", CURVES), "'IC1' has no scores; pass t="),
        (lambda: plots.harker(X, NAMES, "CaO", CURVES, t=T[::-1]), "does not rise"),
        (lambda: plots.harker(X, NAMES, "CaO", CURVES, t=T, bands={"IC9": BANDS["IC1"]}), "'IC9' belongs to no curve"),
        (lambda: plots.harker(X, NAMES, "CaO", CURVES, t=T, groups=list("abcdef") * 10), "6 groups, at most 4 .* under"),
        (lambda: plots.harker(X, NAMES, "CaO", units="%"), "unit of SiO2 is '%'"),
        (lambda: plots.harker(X, NAMES, "CaO", {"a": pd.DataFrame({"t": T})}), "lacks column.* SiO2"),
        (lambda: plots.ternary(X[:, :3] - 0.3, list("abc")), "negative share.*Harker"),
        (lambda: plots.ternary(X[:, :3], list("abc"), minimum=[0.5, 0.5, 0]), "sum is below 1"),
        (lambda: plots.acnk_points(X[:, :2], NAMES[:2]), "no part CaO, Na2O, K2O"),
        (lambda: plots.clr_loadings(STEP + 0.1, NAMES), "sum to 0.5, expected 0; .*subtract their mean"),
        (lambda: plots.end_member_bars(100 * MEMBERS, NAMES), "expected mass fractions 0-1; .*divide per cent"),
        (lambda: plots.end_member_profile(MEMBERS, NAMES, lower=MEMBERS, ax=plots.figure()[1]), "only one bound"),
        (lambda: plots.proportions_bars(SHARES * 0.9), "sums to 0.9, expected 1"),
        (lambda: plots.proportions_truth(100 * SHARES, SHARES), "truth spans .*divide per cent by 100"),
        (lambda: plots.mineral_crosscheck([1, 2, np.nan, 3], [1, 2, 3, 4]), "3 samples have both"),
        (lambda: plots.scree_criteria(WIDE, {"x": ("nothing", None, None)}), "none of the columns nothing"),
        (lambda: plots.icasso_dendrogram(*runs(0.8)[:2], np.arange(16), [0.8, 0.9]), "labels span 0-15, expected 0-1"),
        (lambda: plots.score_plot(SCORES, y=2), "scores have 2 columns"),
        (lambda: plots.score_plot(SCORES, groups=["a"] * 60, values=SCORES[:, 0]), "both groups and values"),
        (lambda: plots.score_map([5e5], [4e6], [1.0]), "expected degrees"),
        (lambda: plots.angle_panel(["a"], [120.0]), "expected degrees 0-90"),
        (lambda: plots.angle_panel(["a"], [12.0], n_parts=2), "n_parts is 2"),
        (lambda: plots.bilateral_comparison(NAMES, STEP, STEP, real_scores=SCORES), "60 real and 0 simulated scores"),
        (lambda: plots.recovery_panels(RECOVERY.assign(cosine=30.0)), "expected .cos. 0-1"),
    ],
)  # fmt: skip
def test_errors_say_what_is_wrong_and_what_to_do(draw, said):
    with pytest.raises(ValueError, match=said):
        draw()
