"""Idioms of subset searches and classes: counts are kept, what is drawn is what was given, bad input is refused."""

import copy
from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text
from mpltern.ternary import TernaryAxes
from scipy import stats

from lib import plots
from lib.plots import discriminants, feature_labels, subset_density

RNG = np.random.default_rng(770412)
NAMES = ["La", "Eu", "Th/U", "H2O^2", "SiO2*H2O", "Yb"]
P = len(NAMES)
MEMBER = ((np.arange(1, 2**P)[:, None] >> np.arange(P)) & 1).astype(bool)
SIZE = MEMBER.sum(axis=1)
LOSS = 1.05 * np.exp(-MEMBER.astype(float) @ [0.2, 0.9, 0.4, 0.1, 0.05, 0.6]) + RNG.normal(0, 0.01, len(SIZE))
ORDER = np.argsort(LOSS)
CLASSES = ["granitic", "metamorphic, with garnet", "metamorphic, without garnet"]
CODE = RNG.integers(0, 3, 200)
KNOWN = np.array(CLASSES)[CODE]
LOGIT = RNG.normal(0, 1, (200, 3)) + 3 * np.eye(3)[CODE]
CHANCE = np.exp(LOGIT) / np.exp(LOGIT).sum(axis=1, keepdims=True)
PLANE = RNG.normal(0, 1, (200, 2)) + np.array([[3, 0], [-2, 2], [-2, -2]])[CODE]
ELEMENTS = ["La", "Nd", "Eu", "Gd", "Yb"]
PPM = np.exp(RNG.normal(5, 0.3, (200, 5)))
STUDY = np.array([f"Author {i} et al. ({1970 + i})" for i in range(18)])[np.minimum(RNG.geometric(0.15, 200) - 1, 17)]
WATER = np.linspace(0, 8, 33)
CURVE = 40.4 * WATER - 2.97 * WATER**2


def states(loss, size, bins=256, common=True):
    parts = []
    for s in np.unique(size):
        mine = loss[size == s]
        edges = np.linspace(*((loss.min(), loss.max()) if common else (mine.min(), mine.max() + 1e-6)), bins + 1)
        count = np.histogram(mine, edges)[0]
        parts.append(pd.DataFrame({"size": s, "loss_low": edges[:-1], "loss_high": edges[1:], "count": count}))
    return pd.concat(parts, ignore_index=True)


DENSITY = states(LOSS, SIZE)
NULL = states(1.02 + RNG.normal(0, 0.01, 41), SIZE[SIZE <= 3][:41], 40)
PATH = pd.DataFrame({"size": range(1, P + 1), "loss": [LOSS[k == SIZE].min() for k in range(1, P + 1)], "loss_se": 0.02})
MARKS = {"LASSO": (LOSS[ORDER[9]], int(SIZE[ORDER[9]]), 0.01), "all": (LOSS[-1], P), "stepwise": LOSS[ORDER[2]]}
MODELS = pd.DataFrame([(m, s, v + 20 * (s == "study"), 5.0) for s in ("random", "study")
                       for m, v in (("best", 152.0), ("without H2O", 163), ("H2O^2 only", 161))],
                      columns=["model", "scheme", "rmse", "se"])  # fmt: skip
SHARES = np.array([[0.6, 0.2, 0.1, 0.1], [0.7, 0.2, 0.1, np.nan]])
COUNTS = np.array([[60, 2, 1], [3, 50, 4], [0, 1, 70]])

SIGNED = np.where(MEMBER, 1.5 - SIZE[:, None] * 0.5, np.nan)

ON_AXES = {
    "states": (plots.density_of_states, (DENSITY,), {"marks": MARKS, "empty": 1.0986, "one_se": (0.1, 0.12), "null": NULL}),
    "null": (plots.null_overlay, (DENSITY, NULL), {"null_best": 1 + RNG.normal(0, 0.01, 30), "empty": 1.0986}),
    "signed": (plots.indicator_diagram, (SIGNED[ORDER[:30]], NAMES, LOSS[ORDER[:30]]),
               {"loss_se": np.full(30, 0.01), "truth": ["Eu"]}),
    "member": (plots.indicator_diagram, (MEMBER[ORDER], NAMES), {"value": "member", "shares": False}),
    "inclusion": (plots.inclusion_bars, (NAMES, [MEMBER[ORDER[:9]].mean(axis=0), MEMBER.mean(axis=0)]),
                  {"series": ["best 9", "all"], "truth": ["Eu", "Yb"], "chance": np.linspace(0.4, 0.6, P)}),
    "inclusion_flat": (plots.inclusion_bars, (NAMES, np.full(P, 0.4)),
                       {"lower": np.full(P, 0.3), "upper": np.full(P, 0.5), "orientation": "horizontal", "chance": 0.5}),
    "path": (plots.path_by_size, (PATH,), {"density": DENSITY, "empty": 1.0986, "nested": (0.3, 0.02), "truth": 3, "n": 200}),
    "confusion": (plots.confusion_matrix, (COUNTS, CLASSES), {}),
    "reliability": (plots.reliability, (CHANCE, KNOWN, CLASSES), {}),
    "plane": (plots.discriminant_projection, (PLANE, KNOWN, CLASSES),
              {"others": PLANE[:9] / 2, "arrows": [[0.8, 0.1], [-0.2, 0.5]], "names": ["Eu", "Th/U"],
               "regions": (np.linspace(-5, 5, 9), np.linspace(-4, 4, 7), np.zeros((7, 9)))}),
    "line": (plots.discriminant_projection, (PLANE[:, :1], KNOWN), {"others": PLANE[:9, :1]}),
    "ree": (plots.ree_by_class, (ELEMENTS, PPM, KNOWN, CLASSES),
            {"normalise": np.arange(1, 6) / 10, "normalisation": "chondrite", "others": PPM[:20]}),
    "shares": (plots.class_proportions, (SHARES, [*CLASSES, "undetermined"]),
               {"lower": SHARES - 0.05, "upper": SHARES + 0.05, "methods": ["counted", "EM"],
                "truth": [0.7, 0.2, 0.1, np.nan]}),
    "liquidus": (plots.liquidus_depression, (WATER, {"fit": CURVE}),
                 {"bands": {"fit": (CURVE - 5, CURVE + 5)},
                  "published": {"Someone (2008)": CURVE + 3, "Other": ([0, 4], [0, 90])},
                  "points": {"runs": ([1, 2], [30, 70], [8, 8])}, "truth": CURVE, "calibrated": (0, 6)}),
}  # fmt: skip
ON_FIGURES = {
    "schemes": (plots.scheme_contrast, (MODELS,), {"reference": "without H2O", "n": "200 pairs"}),
    "studies": (
        plots.residuals_by_study,
        (RNG.gamma(1, 2, 200), RNG.normal(0, 50, 200) + 80 * (STUDY[0] == STUDY), STUDY),
        {},
    ),
}


def texts(artist):
    artist.figure.canvas.draw()
    return [t.get_text() for t in artist.findobj(Text) if t.get_visible() and t.get_text().strip()]


def keys(ax):
    return [t.get_text() for t in ax.get_legend().get_texts()]


@pytest.mark.parametrize("case", ON_AXES)
def test_it_returns_its_axes_leaves_input_alone_is_legible_and_stays_on_the_page(case):
    fig, axes = plots.figure("double", 110, 1, 2)
    draw, args, options = ON_AXES[case]
    given = copy.deepcopy((args, options))
    assert draw(*args, **options, ax=axes[1]) is axes[1]
    for a, b in zip((*given[0], *given[1].values()), (*args, *options.values()), strict=True):
        (pd.testing.assert_frame_equal if isinstance(a, pd.DataFrame) else np.testing.assert_equal)(a, b)
    fig.canvas.draw()
    shown = [t for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()]
    assert min(t.get_fontsize() for t in shown) >= 7
    legend = axes[1].get_legend()
    if legend is not None:  # under everything else, and on the page
        box = legend.get_window_extent()
        assert box.y0 >= -0.5 and box.x1 <= fig.bbox.x1 + 0.5
        assert not any(box.overlaps(t.get_window_extent()) for t in [*axes[1].get_xticklabels(), axes[1].xaxis.label])


@pytest.mark.parametrize("case", ON_FIGURES)
def test_panels_are_legible_and_fit_a_part_of_a_figure(case):
    draw, args, options = ON_FIGURES[case]
    axes = draw(*args, **options)
    fig = axes[0].figure
    fig.canvas.draw()
    assert min(t.get_fontsize() for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()) >= 7
    assert fig.get_size_inches()[0] * 25.4 == pytest.approx(190)
    page, _ = plots.figure("double", 150)
    page.clear()
    part = page.subfigures(1, 2)[1]
    assert draw(*args, **options, fig=part)[0].figure is part


def test_saving_a_figure_with_strips_twice_gives_the_same_bytes(tmp_path):
    draw, args, options = ON_AXES["reliability"]
    fig = draw(*args, **options, ax=plots.figure("single", 80)[1]).figure
    first, second = (plots.save(fig, tmp_path / turn, ("svg",))[0].read_bytes() for turn in "ab")
    assert first == second


def test_separate_panels_give_each_its_own_height_and_make_room_for_a_verdict():
    fig, axes = plots.separate_panels("double", 80, 2, width_ratios=[1.2, 1])
    plots.density_of_states(DENSITY, marks=MARKS, ax=axes[0])
    plots.path_by_size(PATH, ax=axes[1])
    plots.panel_labels(axes)
    plots.verdict_box(fig, "a verdict", "warning")
    fig.canvas.draw()
    over = axes[0].child_axes[0] if axes[0].child_axes[0].texts else axes[0].child_axes[1]
    tops = over.get_window_extent().y1, axes[1].get_window_extent().y1
    assert abs(tops[0] - tops[1]) < 3  # pixels: the strip does not push the other panel down
    letters = [t for ax in axes for t in ax.findobj(Text) if t.get_text() in ("a", "b")]
    assert len(letters) == 2
    assert max(t.get_window_extent().y1 for t in letters) <= fig.legends[0].get_window_extent().y0


# --- names of features


@pytest.mark.parametrize(
    ("name", "drawn"),
    [("H2O^2", "(H$_2$O)$^2$"), ("T^2", "T$^2$"), ("sqrtH2O", "√H$_2$O"), ("sqrt(H2O)", "√H$_2$O"), ("Eu/Eu*", "Eu/Eu*"),
     ("SiO2*H2O", "SiO$_2$·H$_2$O"), ("W_MgO_SiO2", "$W$(MgO–SiO$_2$)"), ("W(MgO, SiO2)", "$W$(MgO–SiO$_2$)"),
     ("H2O, H2O^2 and T", "H$_2$O, (H$_2$O)$^2$ and T"), ("143Nd/144Nd", "$^{143}$Nd/$^{144}$Nd"), ("Th/U", "Th/U"),
     ("without water", "without water"), ("P^1.5", "P$^{1.5}$")],
)  # fmt: skip
def test_names_of_terms_are_typeset(name, drawn):
    assert plots.term_label(name) == drawn


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("metamorphic with garnet", ["metamorphic", "with garnet"]),
        ("granitic", ["granitic"]),
        ("a bb ccc dddd", ["a bb ccc dddd"]),
    ],
)
def test_class_names_are_broken_into_lines_of_like_length(name, lines):
    assert feature_labels.wrapped(name, 16).split("\n") == lines


# --- density of states


@pytest.mark.parametrize("common", [True, False])
@pytest.mark.parametrize("bins", [20, 80])
def test_every_subset_is_drawn_once_whatever_the_bins(common, bins, ax):
    plots.density_of_states(states(LOSS, SIZE, 200, common), bins=bins, ax=ax)
    curves = [line for line in ax.lines if "feature" in str(line.get_label())]
    drawn = [np.nansum(line.get_ydata()) / 2 for line in curves]  # each count stands at both edges of its bin
    np.testing.assert_allclose(drawn, [np.sum(k == SIZE) for k in range(1, P + 1)], rtol=1e-12)
    assert f"{2**P - 1} subsets" in [t.get_text() for t in (ax.title, ax._right_title)]


def test_bins_of_a_common_grid_are_merged_whole():
    frame = subset_density._read("here", "density", states(LOSS, SIZE, 256))
    edges = subset_density._edges([frame], 0.2, 0.5, 30)
    fine = np.linspace(LOSS.min(), LOSS.max(), 257)
    gap = np.abs(edges[:, None] - fine).min(axis=1)[(edges > fine[0]) & (edges < fine[-1])]
    assert gap.max() < 1e-9  # edges are sums of equal widths: rounding only
    assert edges[0] <= 0.2 and edges[-1] >= 0.5 - 1e-12


def test_marks_stand_at_their_losses_and_those_out_of_view_are_named(ax):
    plots.density_of_states(DENSITY, marks=MARKS, empty=1.0986, limits=(LOSS.min() - 0.01, 0.5), ax=ax)
    lines = sorted(line.get_xdata()[0] for line in ax.lines if line.get_label().startswith("_"))
    np.testing.assert_allclose(lines, sorted([LOSS[ORDER[9]], LOSS[-1], LOSS[ORDER[2]]]))
    over = next(c for c in ax.child_axes if c.get_ylim()[0] > c.get_ylim()[1])
    words = [t.get_text() for t in over.texts]
    assert f"LASSO ({SIZE[ORDER[9]]})" in words and "no feature, 1.1 →" in words
    ax.figure.canvas.draw()
    np.testing.assert_allclose(over.get_xlim(), ax.get_xlim())
    assert over.get_window_extent().y0 == pytest.approx(ax.get_window_extent().y1, abs=1)
    boxes = [t.get_window_extent() for t in over.texts]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_methods_that_end_at_one_subset_share_a_row(ax):
    plots.density_of_states(DENSITY, marks={"forward": (0.3, 4), "lasso": (0.3, 4), "full": (0.3, 6), "failed": np.nan}, ax=ax)
    assert {t.get_text() for t in ax.child_axes[0].texts} == {"forward = lasso (4)", "full (6)", "failed: no loss"}


def test_errors_of_a_sampled_density_are_drawn_and_add_in_quadrature(ax):
    frame = pd.DataFrame(
        {"size": 3, "loss_low": np.arange(8) / 8, "loss_high": np.arange(1, 9) / 8, "count": 10.0, "count_se": 1.0}
    )
    plots.density_of_states(frame, bins=2, limits=(0, 1), ax=ax)
    heights = np.unique(ax.collections[0].get_paths()[0].vertices[:, 1].round(9))
    np.testing.assert_allclose(heights, [40 - 1.96 * 2, 40 + 1.96 * 2], atol=1e-8)  # four bins each


def test_the_null_is_compared_at_its_own_sizes_and_its_p_is_never_zero(ax):
    plots.null_overlay(DENSITY, NULL, null_best=np.full(19, 1.0), ax=ax)
    assert f"{np.sum(NULL['size'].max() >= SIZE)} subsets of sizes 1–3" in ax.get_title(loc="right")
    over = ax.child_axes[0]
    assert any(t.get_text().endswith("p = 0.05") for t in over.texts)  # 1 of 20


@pytest.mark.parametrize(
    ("change", "words"),
    [({"density": DENSITY.drop(columns="count")}, r"lacks column\(s\) count"),
     ({"density": DENSITY.assign(count=0)}, "no bin with a count"),
     ({"limits": (1, 0.5)}, "low < high")],
)  # fmt: skip
def test_a_density_that_cannot_be_drawn_is_refused(change, words, ax):
    with pytest.raises(ValueError, match=words):
        plots.density_of_states(**{"density": DENSITY, "ax": ax} | change)


# --- indicator, inclusion, path, schemes


def test_the_indicator_shows_coefficients_shares_and_the_true_features(ax):
    matrix = np.where(MEMBER, np.linspace(-2, 2, P), 0.0)[ORDER[:20]]
    plots.indicator_diagram(matrix, NAMES, LOSS[ORDER[:20]], truth=["Eu", "Th/U"], limit=1.5, ax=ax)
    image = ax.images[0]
    np.testing.assert_allclose(np.ma.filled(image.get_array(), 0), matrix)
    assert (image.norm.vmin, image.norm.vmax, image.colorbar.extend) == (-1.5, 1.5, "both")
    bold = [t.get_text() for t in ax.get_xticklabels() if t.get_fontweight() == "bold"]
    assert bold == ["Eu", "Th/U"]
    bars = next(c for c in ax.child_axes if len(c.patches) == P)
    np.testing.assert_allclose([b.get_height() for b in bars.patches], 100 * MEMBER[ORDER[:20]].mean(axis=0))
    losses = next(line for c in ax.child_axes for line in c.lines if len(line.get_xdata()) == 20)
    np.testing.assert_allclose(losses.get_xdata(), LOSS[ORDER[:20]])


@pytest.mark.parametrize("width", ["single", "double"])
def test_names_under_an_indicator_do_not_touch(width):
    names = ["T", "P", "SiO2", "Al2O3", "FeO", "CaO", "H2O", "H2O^2", "sqrtH2O", "SiO2^2", "SiO2*H2O", *"KNXYZ"]
    fig, ax = plots.figure(width, 95)
    plots.indicator_diagram(RNG.normal(size=(20, 16)), names, np.linspace(150, 160, 20), ax=ax)
    fig.canvas.draw()
    boxes = [t.get_window_extent() for t in ax.get_xticklabels()]
    assert not any(a.x1 > b.x0 for a, b in pairwise(boxes))
    strip = next(c for c in ax.child_axes if c.get_xlabel().startswith("Log-loss"))
    a, b = (t.get_window_extent() for t in strip.get_xticklabels())
    assert a.x1 < b.x0


def test_refusals_of_the_search_idioms_say_what_to_do(ax):
    with pytest.raises(ValueError, match="truth names Sr, not among the features La, Eu"):
        plots.indicator_diagram(MEMBER, NAMES, truth=["Sr"], value="member", ax=ax)
    with pytest.raises(ValueError, match="value='signed'"):
        plots.indicator_diagram(0.3 * MEMBER, NAMES, value="member", ax=ax)
    with pytest.raises(ValueError, match="divide by the count"):
        plots.inclusion_bars(NAMES, np.full(P, 40), ax=ax)
    with pytest.raises(ValueError, match="reference 'dry' is none of the models best"):
        plots.scheme_contrast(MODELS, reference="dry")
    with pytest.raises(ValueError, match="more than one row"):
        plots.scheme_contrast(pd.concat([MODELS, MODELS]))


def test_the_path_rings_the_least_loss_and_the_smallest_size_within_one_error(ax):
    frame = pd.DataFrame({"size": [1, 2, 3, 4], "loss": [0.5, 0.215, 0.2, 0.21], "loss_se": 0.02})
    plots.path_by_size(frame, empty=1.1, ax=ax)
    assert {"least loss: 3", "smallest within one SE: 2", "no feature"} <= set(keys(ax))
    rings = {tuple(line.get_xydata()[0]) for line in ax.lines if line.get_markersize() > 8}
    assert rings == {(3.0, 0.2), (2.0, 0.215)}


def test_the_range_of_all_subsets_is_that_of_their_bins(ax):
    plots.path_by_size(PATH, density=DENSITY, ax=ax)
    bars = [p for p in ax.patches if np.isclose(p.get_width(), 0.7)]
    wide = np.ptp(LOSS) / 256
    for k, bar in enumerate(bars, 1):
        mine = LOSS[k == SIZE]
        assert 0 <= mine.min() - bar.get_y() <= wide + 1e-12
        assert 0 <= bar.get_y() + bar.get_height() - mine.max() <= wide + 1e-12


def test_schemes_print_differences_from_the_reference():
    axes = plots.scheme_contrast(MODELS, reference="without H2O")
    notes = [[t.get_text() for t in ax.texts] for ax in axes]
    assert notes == [["−6.7 %", "reference", "−1.2 %"], ["−6.0 %", "reference", "−1.1 %"]]
    assert [t.get_text() for t in axes[0].get_yticklabels()] == ["best", "without H$_2$O", "(H$_2$O)$^2$ only"]


# --- classes


def test_the_confusion_matrix_states_counts_recall_and_precision(ax):
    more = np.column_stack([COUNTS, [5, 0, 2]])
    plots.confusion_matrix(more, CLASSES, predicted=[*CLASSES, "undetermined"], ax=ax)
    words = texts(ax)
    assert {"60\n88.2 %", "5\n7.4 %", "n = 198, 90.9 % correct"} <= set(words)
    low, high = (100 * v for v in stats.binomtest(60, 68).proportion_ci(method="wilson"))
    assert f"88.2 %\n({low:.0f}–{high:.0f})" in words  # recall counts the undetermined as missed
    assert any(w.startswith("95.2 %\n") for w in words)  # precision: 60 of 63
    with pytest.raises(ValueError, match="come first, in order"):
        plots.confusion_matrix(COUNTS, CLASSES, predicted=CLASSES[::-1], ax=ax)
    with pytest.raises(ValueError, match="not fractions"):
        plots.confusion_matrix(COUNTS / 100, CLASSES, ax=ax)


@pytest.mark.parametrize(("width", "extra"), [("single", 0), ("double", 1)])
def test_nothing_under_a_confusion_matrix_touches(width, extra):
    fig, axes = plots.figure(width, 85, 1, 1 + extra, squeeze=False)
    ax = axes[0, 0]
    more = np.column_stack([COUNTS] + [[1, 2, 3]] * extra)
    plots.confusion_matrix(more, CLASSES, predicted=[*CLASSES, "undetermined"][: 3 + extra], ax=ax)
    fig.canvas.draw()
    names = [t.get_window_extent() for t in ax.get_xticklabels()]
    assert not any(a.x1 > b.x0 for a, b in pairwise(names))
    below = [t.get_window_extent() for t in ax.texts if t.get_text().count("%") and t.get_window_extent().y1 < ax.bbox.y0]
    assert len(below) == 3
    assert max(b.y1 for b in below) < min(b.y0 for b in names)
    assert min(b.y0 for b in below) > ax.xaxis.label.get_window_extent().y1


def test_reliability_draws_observed_shares_and_hollows_rare_bins(ax):
    p = np.repeat([0.95, 0.25], [40, 4])
    known = ["a"] * 38 + ["b"] * 2 + ["a"] + ["b"] * 3
    plots.reliability(np.column_stack([p, 1 - p]), known, bins=10, ax=ax)
    full, hollow = [line for line in ax.lines if line.get_linestyle() == "None"][:2]
    np.testing.assert_allclose(full.get_xydata(), [[95, 95]])
    np.testing.assert_allclose(hollow.get_xydata(), [[25, 25]])
    assert hollow.get_markerfacecolor() == "white"
    assert ax.get_legend().get_title().get_text() == "expected calibration error 0.0 %"
    with pytest.raises(ValueError, match=r"sums to 1\.5"):
        plots.reliability(np.column_stack([p, p * 0 + 0.55]), known, ax=ax)


def test_reliability_of_one_class_counts_every_sample_once(ax):
    p = np.repeat([0.9, 0.3], [20, 10])
    known = ["ran"] * 19 + ["not"] + ["ran"] * 4 + ["not"] * 6
    plots.reliability(np.column_stack([1 - p, p]), known, ["not", "ran"], bins=5, only="ran", ax=ax)
    full = next(line for line in ax.lines if line.get_linestyle() == "None")
    np.testing.assert_allclose(full.get_xydata(), [[30, 40], [90, 95]])
    strip = next(a for a in ax.figure.axes + ax.child_axes if a is not ax and a.patches)
    assert strip.patches[0].get_data().values.tolist() == [0, 10, 0, 0, 20]
    texts = [text.get_text() for text in ax.get_legend().get_texts()]
    assert "ran" in texts and "not" not in texts
    for wrong in ({"only": "was"}, {"only": "ran", "pooled": True}):
        with pytest.raises(ValueError, match="expected one of not, ran, not pooled"):
            plots.reliability(np.column_stack([1 - p, p]), known, ["not", "ran"], **wrong, ax=ax)


def test_the_triangle_counts_the_wrong_and_the_undetermined():
    fig, before = plots.figure("single", 100)
    ax = plots.class_ternary(CHANCE, CLASSES, known=KNOWN, threshold=0.6, ax=before)
    assert isinstance(ax, TernaryAxes) and fig.axes == [ax]
    wrong, under = np.sum(CHANCE.argmax(axis=1) != CODE), np.sum(CHANCE.max(axis=1) < 0.6)
    assert {f"likeliest class is another ({wrong})", f"undetermined, p < 60 % ({under})"} <= set(keys(ax))
    fig.canvas.draw()
    assert min(t.get_fontsize() for t in fig.findobj(Text) if t.get_visible() and t.get_text().strip()) >= 7
    with pytest.raises(ValueError, match="a triangle shows 3"):
        plots.class_ternary(CHANCE[:, :2], CLASSES[:2])


@pytest.mark.parametrize("threshold", [0.4, 0.5, 0.7])
def test_the_undetermined_region_holds_what_is_below_the_threshold(threshold):
    outline = discriminants._undecided(threshold)
    np.testing.assert_allclose(outline.sum(axis=1), 1)
    region = mpl.path.Path(outline[:, 1:])
    p = RNG.dirichlet([1, 1, 1], 2000)
    clear = np.abs(p.max(axis=1) - threshold) > 1e-6
    np.testing.assert_array_equal(region.contains_points(p[:, 1:])[clear], (p.max(axis=1) < threshold)[clear])


def test_the_ellipse_of_a_class_holds_its_share():
    points = RNG.multivariate_normal([1, 2], [[2, 1.2], [1.2, 1]], 20_000)
    ellipse = discriminants._ellipse(points, 0.9, "k")
    ellipse.set_transform(mpl.transforms.IdentityTransform())
    inside = ellipse.get_path().transformed(ellipse.get_patch_transform()).contains_points(points).mean()
    assert inside == pytest.approx(0.9, abs=0.01)  # 4.7 binomial sd of 20,000, and the polygon of the curve


def test_patterns_are_medians_of_classes_and_leave_missing_values_out(ax):
    values = PPM.copy()
    values[:150, 2] = np.nan
    plots.ree_by_class(ELEMENTS, values, KNOWN, CLASSES, normalise=np.full(5, 2.0), normalisation="chondrite", ax=ax)
    drawn = [line for line in ax.lines if line.get_linestyle() == "-" and len(line.get_xdata()) == 5]
    for i, line in enumerate(drawn):
        np.testing.assert_allclose(line.get_ydata(), np.nanmedian(values[i == CODE], axis=0) / 2, rtol=1e-12)
    assert len(drawn) == 3 and ax.get_ylabel() == "Monazite / chondrite (1)"
    with pytest.raises(ValueError, match="no grain of eclogite"):
        plots.ree_by_class(ELEMENTS, PPM, KNOWN, [*CLASSES, "eclogite"], ax=ax)


def test_proportions_are_per_cent_with_their_truth(ax):
    plots.class_proportions(SHARES[0], [*CLASSES, "undetermined"], truth=[0.7, 0.2, 0.1, np.nan], ax=ax)
    np.testing.assert_allclose([p.get_height() for p in ax.patches[:4]], 100 * SHARES[0])
    assert keys(ax) == ["truth"]
    with pytest.raises(ValueError, match="divide by the total"):
        plots.class_proportions(100 * SHARES[0], [*CLASSES, "undetermined"], ax=ax)


# --- hydrous melt


def test_curves_are_full_within_the_data_and_dotted_beyond(ax):
    plots.liquidus_depression(WATER, {"fit": CURVE}, calibrated=(1, 6), ax=ax)
    dotted, full = ax.lines[:2]
    np.testing.assert_allclose(dotted.get_xydata(), np.column_stack([WATER, CURVE]))
    assert (full.get_xdata().min(), full.get_xdata().max()) == (1, 6)
    assert sorted((p.get_x(), p.get_x() + p.get_width()) for p in ax.patches) == [(0, 1), (6, 8)]
    assert "extrapolated" in keys(ax)
    for change, words in (({"bands": {"fti": (CURVE, CURVE)}}, "belongs to no curve"), ({"calibrated": (6, 1)}, "low < high")):
        with pytest.raises(ValueError, match=words):
            plots.liquidus_depression(WATER, {"fit": CURVE}, **change, ax=ax)
    with pytest.raises(ValueError, match="does not rise"):
        plots.liquidus_depression(WATER[::-1], {"fit": CURVE}, ax=ax)


def test_every_residual_stands_in_one_row_and_the_odd_study_is_highlighted():
    odd = pd.Series(STUDY).mode()[0]
    residual = RNG.normal(0, 5, 200) + 80 * (odd == STUDY)
    _, right = plots.residuals_by_study(np.linspace(0, 6, 200), residual, STUDY, most=5)
    clouds = [line for line in right.lines if line.get_linestyle() == "None"]
    np.testing.assert_allclose(np.sort(np.concatenate([c.get_xdata() for c in clouds])), np.sort(residual))
    names = [t.get_text() for t in right.get_yticklabels()]
    kept = pd.Series(STUDY).value_counts()
    assert len(names) == 6 and names[-1] == f"{len(kept) - 5} other studies: {200 - kept.iloc[:5].sum()}"
    bold = [t.get_text() for t in right.get_yticklabels() if t.get_fontweight() == "bold"]
    assert any(odd in text for text in bold)
    with pytest.raises(ValueError, match="no data"):
        plots.residuals_by_study(np.zeros(200), residual, STUDY, highlight=["Nobody (1900)"])
