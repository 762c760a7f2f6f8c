"""The style sheet, formulae, scales and words on figures."""

import hashlib

import matplotlib as mpl
import numpy as np
import pytest

from lib import plots


def test_style_has_only_settings_that_matplotlib_accepts():
    for key, value in plots.STYLE.items():
        assert key in mpl.rcParams
        mpl.rcParams.validate[key](value)


def test_no_type_of_the_style_is_smaller_than_7_points():
    sizes = [v for k, v in plots.STYLE.items() if k.endswith("size") and any(w in k for w in ("font", "label", "title"))]
    assert len(sizes) >= 7
    assert min(sizes) >= 7


def test_use_style_applies_it_and_context_takes_it_back():
    mpl.rcdefaults()
    assert mpl.rcParams["font.size"] != plots.STYLE["font.size"]
    with plots.style_context(font_size=9):
        assert mpl.rcParams["font.size"] == 9
        assert mpl.rcParams["svg.hashsalt"] == plots.STYLE["svg.hashsalt"]
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
    plots.use_style()
    assert mpl.rcParams["font.size"] == plots.STYLE["font.size"]
    with pytest.raises(ValueError, match="no style setting font_sice"), plots.style_context(font_sice=9):
        pass


@pytest.mark.parametrize(("width", "mm"), [("single", 90), ("double", 190), (140.0, 140)])
def test_figure_has_the_print_width(width, mm):
    fig, _ = plots.figure(width, 60)
    np.testing.assert_allclose(fig.get_size_inches() * 25.4, [mm, 60], rtol=1e-12)


def test_figure_makes_grids_and_mosaics():
    assert plots.figure("double", 60, 2, 3, width_ratios=[1, 2, 1])[1].shape == (2, 3)
    assert set(plots.figure("double", 60, mosaic="AB;CC")[1]) == set("ABC")


@pytest.mark.parametrize(
    ("args", "said"), [(("wide",), "'wide' is unknown"), ((300,), "40-190 mm"), (("single", 900), "20-250 mm")]
)
def test_figure_refuses_what_does_not_fit_a_page(args, said):
    with pytest.raises(ValueError, match=said):
        plots.figure(*args)


def test_classes_are_okabe_ito_and_distinct():
    colors = plots.class_colors(7)
    assert set(colors) <= set(plots.OKABE_ITO.values())
    assert len(set(colors)) == 7
    with pytest.raises(ValueError, match="8 classes"):
        plots.class_colors(8)


@pytest.mark.parametrize("use", plots.FIELD_MAPS)
def test_field_maps_exist(use):
    assert plots.field_map(use)(0.5)[3] == 1


def test_points_on_white_keep_a_contrast_that_the_whole_map_lacks():
    def dark(color):
        return 1 - np.dot(color[:3], (0.299, 0.587, 0.114))

    assert dark(plots.field_map("points")(1.0)) > 1.4 * dark(plots.field_map("sequential")(1.0))
    with pytest.raises(ValueError, match="'rainbow' is unknown"):
        plots.field_map("rainbow")


@pytest.mark.parametrize(
    ("name", "typeset"),
    [
        ("Al2O3", "Al$_2$O$_3$"), ("SiO2", "SiO$_2$"), ("K2O", "K$_2$O"), ("MgO", "MgO"), ("Zr", "Zr"), ("LOI", "LOI"),
        ("Fe2O3T", "Fe$_2$O$_3^{T}$"), ("FeOT", "FeO$^{T}$"), ("H2O+", "H$_2$O$^{+}$"), ("P2O5", "P$_2$O$_5$"),
        ("87Sr/86Sr", "$^{87}$Sr/$^{86}$Sr"), ("d18O", "δ$^{18}$O"), ("second mode", "second mode"), ("A 1", "A 1"),
        ("U", "U"), ("CO2", "CO$_2$"), ("Pt", "Pt"), ("C12H22O11", "C$_{12}$H$_{22}$O$_{11}$"),
    ],
)  # fmt: skip
def test_formulae(name, typeset):
    assert plots.formula(name) == typeset


@pytest.mark.parametrize(
    ("column", "label"), [("SiO2_wt", "SiO$_2$ (wt%)"), ("Zr_ppm", "Zr (ppm)"), ("143Nd/144Nd_ratio", "$^{143}$Nd/$^{144}$Nd"),
                          ("depth_m", "depth (m)"), ("density_g_cm3", "density (g cm$^{-3}$)"), ("zone", "zone")]
)  # fmt: skip
def test_column_names_become_labels_with_units(column, label):
    assert plots.quantity(column) == label


def test_a_gain_and_the_loss_that_undoes_it_have_the_same_length(ax):
    plots.ratio_percent_axis(ax, "x")
    ax.set_xlim(-95, 2000)
    at = ax.transData.transform([[-90, 0], [0, 0], [900, 0], [-50, 0], [100, 0]])[:, 0]
    np.testing.assert_allclose(at[2] - at[1], at[1] - at[0], rtol=1e-9)
    np.testing.assert_allclose(at[4] - at[1], at[1] - at[3], rtol=1e-9)


@pytest.mark.parametrize(("low", "high"), [(-99, 9000), (-90, 900), (-60, 150), (-20, 25), (-3, 4), (5, 80)])
def test_ratio_ticks_are_few_in_view_and_hold_zero(low, high):
    ticks = plots.RatioPercentLocator(8).tick_values(low, high)
    assert 2 <= len(ticks) <= 8
    assert ticks.min() >= low
    assert ticks.max() <= high
    assert low > 0 or 0 in ticks


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (100, "+100"), (-50, "−50"), (-99.9, "−99.9"), (1e-4, "0")])
def test_percent_text(value, text):
    assert plots.percent_text(value) == text


def test_log_axis_in_plain_numbers(ax):
    ax.set(yscale="log", ylim=(0.4, 7))
    plots.plain_log_axis(ax, "y")
    ax.figure.canvas.draw()
    shown = [t.get_text() for t in ax.get_yticklabels()]
    assert "1" in shown
    assert len(shown) >= 4
    assert not any("10^" in t for t in shown)


def test_color_bar_is_as_tall_as_its_axes(ax):
    bar = plots.color_bar(ax, ax.imshow(np.eye(3), aspect="auto"), "Field (1)")
    ax.figure.canvas.draw()
    own, its = ax.get_window_extent(), bar.ax.get_window_extent()
    np.testing.assert_allclose([its.y0, its.y1], [own.y0, own.y1], atol=0.01)  # pixels


def test_panels_are_lettered_in_order():
    _, axes = plots.figure("double", 60, 1, 3)
    plots.panel_labels(axes)
    assert [a.get_title(loc="left") for a in axes] == ["a", "b", "c"]
    with pytest.raises(ValueError, match="2 labels for 3 panels"):
        plots.panel_labels(axes, ["a", "b"])


def test_watermark_is_there_once(ax):
    fig = ax.figure
    plots.watermark(fig, "OLD")
    text = plots.watermark(fig, "QUICK MODE")
    assert [t.get_text() for t in fig.texts] == ["QUICK MODE"]
    assert 0 < text.get_alpha() < 0.5
    fig.canvas.draw()
    box = text.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= fig.bbox.x1


def test_verdicts_on_a_figure_collect_in_one_strip_of_the_gravest_level(ax):
    fig = ax.figure
    fig.canvas.draw()
    top = ax.get_window_extent().y1
    plots.verdict_box(fig, "external data not here", "note")
    plots.verdict_box(fig, "FAILED: coverage 0.7", "fail")
    plots.verdict_box(fig, "external data not here", "note")
    (strip,) = fig.legends
    assert strip.get_title().get_text().split("\n") == ["external data not here", "FAILED: coverage 0.7"]
    assert strip.get_gid() == "verdict:fail"
    fig.canvas.draw()
    assert ax.get_window_extent().y1 < top  # room was made
    assert not strip.get_window_extent().overlaps(ax.get_tightbbox())


def test_verdict_in_axes_and_unknown_level(ax):
    box = plots.verdict_box(ax, "AMBIGUOUS", "warning")
    assert box in ax.artists
    with pytest.raises(ValueError, match="level is 'bad', expected one of 'ok', 'note', 'warning', 'fail'"):
        plots.verdict_box(ax, "x", "bad")


def _texts(ax):
    ax.figure.canvas.draw()
    return [t for t in ax.texts if t.get_visible()]


def test_point_labels_do_not_touch_one_another_or_leave_the_axes(ax):
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 1, (2, 18))
    ax.plot(x, y, "o")
    plots.point_labels(ax, x, y, [f"Al2O{i}" for i in range(18)])
    assert len(_texts(ax)) == 18
    frame = ax.get_window_extent()
    # of the words alone: the extent of an annotation includes its leader line
    boxes = [mpl.text.Text.get_window_extent(t) for t in ax.texts]
    touching = sum(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert touching == 0
    assert all(frame.x0 <= b.x0 and b.x1 <= frame.x1 and frame.y0 <= b.y0 and b.y1 <= frame.y1 for b in boxes)


def test_point_labels_find_the_same_places_again_and_new_ones_after_zooming(ax):
    x = np.array([1.0, 1.01, 1.02, 5.0])
    plots.point_labels(ax, x, x, ["a", "b", "c", "d"])
    ax.set(xlim=(0, 6), ylim=(0, 6))
    first = [t.xyann for t in _texts(ax)]
    assert [t.xyann for t in _texts(ax)] == first
    ax.set(xlim=(0.9, 1.1), ylim=(0.9, 1.1))
    assert [t.xyann for t in _texts(ax)] != first


def test_point_labels_skip_missing_points_and_say_wrong_lengths(ax):
    plots.point_labels(ax, [1, np.nan], [1, 2], ["a", "b"])
    assert [t.get_text() for t in _texts(ax)] == ["a"]
    with pytest.raises(ValueError, match="3 names for 2 values"):
        plots.point_labels(ax, [1, 2], [1, 2], ["a", "b", "c"])


def test_end_labels_are_spread(ax):
    lines = [ax.plot([0, 1], [0, v])[0] for v in (1, 1.001, 1.002, 3)]
    plots.end_labels(ax, lines, ["p", "q", "r", "s"])
    boxes = [mpl.text.Text.get_window_extent(t) for t in _texts(ax)]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert boxes[0].y0 < boxes[1].y0 < boxes[2].y0 < boxes[3].y0


@pytest.mark.parametrize(("epoch", "kinds"), [("0", ("png", "svg", "pdf")), (None, ("svg",))])
def test_saved_bytes_are_the_same_twice(rock, tmp_path, monkeypatch, epoch, kinds):
    if epoch is None:
        monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    else:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    # the same figure is saved twice, then drawn anew: a drawing must not depend on the one before it
    sums, fig = [], None
    for turn in ("first", "same figure again", "drawn anew"):
        if turn != "same figure again":
            fig, ax = plots.figure("single", 80)
            plots.isocon_diagram(rock["fresh"], rock["altered"], rock["names"], slope=1.07, immobile=rock["immobile"], ax=ax)
        files = plots.save(fig, tmp_path / turn, kinds)
        assert [f.suffix[1:] for f in files] == list(kinds)
        sums.append([hashlib.sha256(f.read_bytes()).hexdigest() for f in files])
    assert sums[0] == sums[1] == sums[2]


def test_saved_png_has_the_print_size_and_is_small_even_when_it_is_busy(tmp_path):
    from PIL import Image

    fig, ax = plots.figure("double", 60)
    ax.imshow(np.random.default_rng(1).normal(size=(90, 280)).cumsum(axis=1), aspect="auto")
    (path,) = plots.save(fig, tmp_path / "busy", ("png",))
    with Image.open(path) as image:
        assert abs(image.width - 190 / 25.4 * 200) <= 1
        assert image.mode in ("RGB", "P")
    assert path.stat().st_size < 250_000
    with pytest.raises(ValueError, match="format gif is unknown"):
        plots.save(fig, tmp_path / "x", ("gif",))


@pytest.mark.parametrize("limits", [(0.4, 7), (0.97, 1.04), (0.02, 900)])
def test_log_axis_always_has_a_few_ticks(ax, limits):
    ax.set(yscale="log", ylim=limits)
    plots.plain_log_axis(ax, "y")
    assert 3 <= len(ax.get_yticks()) <= 10


def test_percent_labels_do_not_touch_on_a_narrow_axis():
    _, axes = plots.figure("double", 50, 1, 4)
    plots.ratio_percent_axis(axes[0], "x")
    axes[0].set_xlim(-90, 900)
    axes[0].figure.canvas.draw()
    boxes = [t.get_window_extent() for t in axes[0].get_xticklabels() if t.get_text()]
    assert len(boxes) >= 3
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
