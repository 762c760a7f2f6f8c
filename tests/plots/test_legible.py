"""Strips, letters, legends and names keep clear of one another and of the data, and colours say the decision."""

from itertools import pairwise

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import PathCollection

from lib import plots

MANY = [f"MnO {i}" for i in range(30)]  # set as they are: no formula
HELD = np.arange(30) % 3 == 0


def drawn(fig, dpi=200):
    """Lay out and draw as saving does."""
    fig.set_dpi(dpi)
    fig.canvas.draw()
    return fig


def isocons(rock, axes):
    for ax, scale in zip(axes, ("log", "linear"), strict=True):
        plots.isocon_diagram(rock["fresh"], rock["altered"], rock["names"], slope=1.07, immobile=rock["immobile"],
                             alternatives={"mode 2": 0.7}, scale=scale, scaling="spread", n="sample 1", ax=ax)  # fmt: skip


def ratios(rock, axes):
    ratio = rock["altered"] / rock["fresh"]
    plots.concentration_ratio(rock["names"], ratio, r_inv=1.07, immobile=rock["immobile"], n="sample 1", ax=axes[0])
    plots.gain_loss_bars(rock["names"], 100 * (ratio / 1.07 - 1), n="sample 1", ax=axes[1])


def profiles(rock, axes):
    x = np.arange(4.0)
    plots.profile(x, {"a": x, "b": -x}, ax=axes[0])
    plots.guo_isocon(rock["fresh"], np.tile(rock["altered"], (4, 1)), np.ones(4), rock["names"], position=x, ax=axes[1])


@pytest.mark.parametrize(
    ("draw", "height"), [(isocons, 118), (isocons, 100), (isocons, 125), (ratios, 108), (profiles, 95), (profiles, 110)]
)
def test_a_strip_over_the_panels_touches_no_letter_and_no_count(draw, height, rock):
    fig, axes = plots.figure("double", height, 1, 2)
    draw(rock, axes)
    plots.panel_labels(axes)
    for text in ("AMBIGUOUS: another isocon is nearly as well supported (see the mode plot), and more words", "single pair"):
        plots.verdict_box(fig, text, "warning")
    drawn(fig)
    bottom = fig.legends[0].get_window_extent().y0
    titles = [t for ax in axes for t in ax.findobj(mpl.text.Text) if t.get_text() in ("a", "b", "sample 1")]
    assert len(titles) >= 2
    assert all(t.get_window_extent().y1 < bottom for t in titles)


def test_scaled_concentrations_have_no_unit_of_concentration(rock):
    _, axes = plots.figure("double", 90, 1, 2)
    pair = rock["fresh"], rock["altered"]
    for ax, scaling in zip(axes, (None, "spread"), strict=True):
        plots.isocon_diagram(*pair, rock["names"], scaling=scaling, ax=ax)
    assert axes[0].get_xlabel() == "Fresh rock, $c_0$ (wt% or ppm)"
    assert "wt%" not in axes[1].get_xlabel() + axes[1].get_ylabel()
    assert "scaled concentration, $k_i c_A$ (arbitrary unit)" in axes[1].get_ylabel()
    plots.guo_isocon(pair[0], [pair[1]], [1.0], rock["names"], ax=axes[0])
    assert "arbitrary unit" in axes[0].get_xlabel()


@pytest.mark.parametrize(("count", "flat"), [(8, False), (30, True)])
def test_selection_names_do_not_touch_and_colours_follow_the_decision(count, flat):
    fig, ax = plots.figure(60, 110)
    held = HELD[:count]
    plots.selection_frequency(MANY[:count], np.linspace(1, 0, count), 50, threshold=0.6, decision=held, ax=ax)
    drawn(fig)
    labels = (ax.get_yticklabels if flat else ax.get_xticklabels)()
    assert [t.get_text() for t in labels] == MANY[:count]
    boxes = [t.get_window_extent() for t in labels]
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    green = [mpl.colors.same_color(bar.get_facecolor(), plots.ROLES["immobile"]) for bar in ax.patches]
    assert green == held.tolist()
    with pytest.raises(ValueError, match=r"decision must be a boolean array of shape \(2,\)"):
        plots.selection_frequency(["a", "b"], [0, 1], 50, decision=[1, 0], ax=ax)


def test_the_legend_of_the_ratios_hides_no_data(rock):
    fig, ax = plots.figure("single", 80)
    names = [*rock["names"], "Rb", "Sr", "Fe2O3T"]  # upright names
    plots.concentration_ratio(names, np.geomspace(0.2, 8, 10), r_inv=1.07, ax=ax)
    drawn(fig)
    legend = ax.get_legend().get_window_extent()
    assert legend.y1 < min(t.get_window_extent().y0 for t in ax.get_xticklabels())
    assert legend.y0 >= -0.5  # pixels


def test_the_wedge_colours_altered_rocks_by_sector(ax):
    plots.wedge([100, 100], [1.9, 2.1], [100, 100, 100, 50], [4, 0.5, 2.0, 1.0], ax=ax)
    dots = next(c for c in ax.collections if isinstance(c, PathCollection) and len(c.get_offsets()) == 4)
    wanted = [plots.ROLES[k] for k in ("gain", "loss", "reference", "reference")]
    np.testing.assert_allclose(dots.get_facecolors(), mpl.colors.to_rgba_array(wanted))
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["fresh", "altered"]


def test_the_wedge_coloured_by_position_needs_no_legend(ax):
    plots.wedge([100, 100], [1.9, 2.1], [100, 100], [4, 0.5], position=[1, 2], ax=ax)
    assert ax.get_legend() is None


@pytest.mark.parametrize(
    ("change", "limits"), [([[-95.0, -10]], (-95, 0)), ([[5.0, 30]], (0, 30)), ([[-2.0, 3]], (-2, 3)), ([[0.0, 0]], None)]
)
def test_the_colour_bar_shows_what_occurs_and_no_change_stays_in_the_middle(change, limits, ax):
    plots.gain_heatmap(change, ["a"], ["1", "2"], ax=ax)
    image = ax.images[0]
    assert image.norm.vmin == -image.norm.vmax
    bar = next(c for c in ax.child_axes if c.get_ylabel().startswith("Gain"))
    if limits is not None:
        np.testing.assert_allclose(100 * np.expm1(bar.get_ylim()), limits, atol=1e-9)
    ax.figure.canvas.draw()


def test_a_limit_marks_only_the_end_that_is_exceeded(ax):
    plots.gain_heatmap([[300.0, -10]], ["a"], ["1", "2"], limit=100, ax=ax)
    assert ax.images[0].colorbar.extend == "max"


@pytest.mark.parametrize("count", [6, 45, 120])
def test_sample_names_under_a_heat_map_do_not_touch(count):
    fig, ax = plots.figure("single", 70)
    plots.gain_heatmap(np.zeros((3, count)) + 5, ["a", "b", "c"], [f"GX-{i:03d}" for i in range(count)], ax=ax)
    drawn(fig)
    labels = ax.get_xticklabels()
    boxes = [t.get_window_extent() for t in labels]
    assert len(boxes) >= min(count, 10)
    assert not any(a.overlaps(b) for a, b in pairwise(boxes))
    assert labels[1].get_text() == f"GX-{int(ax.get_xticks()[1]):03d}"


@pytest.mark.parametrize(("count", "dense"), [(40, False), (41, True)])
def test_a_profile_of_many_samples_has_thin_lines_in_place_and_no_markers(count, dense, ax):
    x = np.linspace(0, 1, count)
    plots.profile(x, {"a": x, "b": -x}, band=False, ax=ax)
    lines = [line for line in ax.lines if line.get_label() in ("a", "b")]
    assert [line.get_marker() == "None" for line in lines] == [dense, dense]
    assert [bool(np.array_equal(line.get_xdata(), x)) for line in lines] == [dense, dense]


def test_letters_keep_a_left_title_and_are_replaced_by_new_ones():
    fig, axes = plots.figure("double", 60, 1, 2)
    axes[0].set_title("Basalt", loc="left")
    plots.panel_labels(axes)
    assert axes[0].get_title(loc="left") == r"$\mathbf{a}$  Basalt"
    assert axes[1].get_title(loc="left") == "b"
    plots.panel_labels(axes, ["c", "d"])
    assert [ax.get_title(loc="left") for ax in axes] == [r"$\mathbf{c}$  Basalt", "d"]
    fig.canvas.draw()


def names_of(ax):
    """Names at line ends: text -> extent, of those that are drawn."""
    ax.figure.canvas.draw()
    return {t.get_text(): t.get_window_extent() for t in ax.texts if t.get_visible() and t.get_text()}


def placer(ax):
    return next(a for a in ax.artists if hasattr(a, "leaders"))


def test_names_of_lines_that_had_to_move_are_joined_to_their_ends(ax):
    lines = [ax.plot([0, 1], [0, v])[0] for v in (1, 1.001, 1.002, 3)]
    plots.end_labels(ax, lines, list("pqrs"))
    boxes = names_of(ax)
    assert len(placer(ax).leaders) == 4
    for line, text in zip(sorted(lines, key=lambda line: line.get_ydata()[1]), "pqrs", strict=True):
        end = ax.transData.transform((1, line.get_ydata()[1]))
        leader = min(placer(ax).leaders, key=lambda item: np.hypot(*(item.get_xydata()[0] - end)))
        np.testing.assert_allclose(leader.get_xydata()[0], end, atol=0.01)  # pixels
        assert any(b.y0 < item.get_xydata()[1, 1] < b.y1 for item in placer(ax).leaders for b in (boxes[text],))


def test_names_that_lie_apart_need_no_leaders_and_the_layout_makes_room(ax):
    right = ax.get_window_extent().x1
    plots.end_labels(ax, [ax.plot([0, 1], [0, v])[0] for v in (1, 2, 3)], ["one", "two", "a longer name"])
    boxes = names_of(ax)
    assert placer(ax).leaders == []
    assert max(b.x1 for b in boxes.values()) <= ax.figure.bbox.x1
    assert min(b.x0 for b in boxes.values()) > ax.get_window_extent().x1
    assert ax.get_window_extent().x1 < right


def test_a_line_that_leaves_the_view_is_named_where_it_leaves_and_an_unseen_one_not(ax):
    x = np.linspace(0, 1, 50)
    lines = [ax.plot(x, slope * x)[0] for slope in (4.0, -2.5, 0.5)] + [ax.plot(x, 9 + x)[0]]
    ax.set(xlim=(0, 1), ylim=(-1, 1))
    plots.end_labels(ax, lines, ["up", "down", "out", "unseen"])
    boxes, frame = names_of(ax), ax.get_window_extent()
    assert set(boxes) == {"up", "down", "out"}
    for text, data in (("up", (0.25, 1)), ("down", (0.4, -1))):
        at, box = ax.transData.transform(data), boxes[text]
        assert 0 < box.x0 - at[0] < 12  # pixels, to the right of where it leaves
        assert frame.y0 <= box.y0 and box.y1 <= frame.y1 and abs((box.y0 + box.y1) / 2 - at[1]) < 15
    assert boxes["out"].x0 > frame.x1
