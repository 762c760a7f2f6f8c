"""Maps, sections and choices of regularisation; equations of state against pressure and depth."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh, TriMesh

from lib import plots

EDGES = np.linspace(-300, 300, 7)


@pytest.fixture
def cells():
    """A model of 3 layers with one magnetised block of two columns."""
    model = np.zeros((3, 6, 6))
    model[1, 2, 3:5] = 4.0
    top = -100.0 * np.arange(3)[:, None, None] + np.zeros((3, 6, 6))
    return model, top, top - 100


@pytest.fixture
def survey():
    grid = np.meshgrid(np.arange(0.0, 500, 100), np.arange(0.0, 400, 100))
    easting, northing = (g.ravel() for g in grid)
    return easting, northing, np.sin(easting / 100) * 50


def outline_of(ax):
    return next(c for c in ax.collections if isinstance(c, LineCollection)).get_segments()


def test_a_map_is_symmetrical_about_zero_and_counts_points_with_a_value(ax, survey):
    easting, northing, value = survey
    value[3] = np.nan
    plots.anomaly_map(easting, northing, value, line=np.repeat(list("abcd"), 5), ax=ax)
    field = next(c for c in ax.collections if isinstance(c, TriMesh))
    assert field.norm.vmin == -field.norm.vmax
    assert ax.get_title(loc="right") == "n = 19" and len(ax.lines) == 4
    assert ax.get_xlabel() == "Easting (m)"


def test_a_map_does_not_reach_across_gaps(ax):
    x = np.concatenate([np.arange(10.0), 100 + np.arange(10.0)])
    points = np.meshgrid(x, np.arange(5.0))
    plots.anomaly_map(*(p.ravel() for p in points), points[0].ravel(), ax=ax)
    paths = next(c for c in ax.collections if isinstance(c, TriMesh)).get_paths()
    assert len(paths) == 2 * 2 * 9 * 4 and max(np.ptp(path.vertices[:, 0]) for path in paths) <= 1.0


def test_too_few_points_are_refused(ax):
    with pytest.raises(ValueError, match="2 points with a value"):
        plots.anomaly_map([0, 1, 2], [0, 1, 0], [1, 2, np.nan], ax=ax)
    with pytest.raises(ValueError, match="one line a point"):
        plots.anomaly_map([0, 1, 2], [0, 1, 0], [1, 2, 3], line=["a"], ax=ax)


def test_observed_and_predicted_share_a_scale_and_the_residual_is_stated(survey):
    easting, northing, value = survey
    axes = plots.anomaly_fit(easting, northing, value, value - 3.0, sigma_nt=1.5)
    fields = [next(c for c in ax.collections if isinstance(c, TriMesh)) for ax in axes]
    assert fields[0].norm.vmax == fields[1].norm.vmax > fields[2].norm.vmax
    assert axes[2].get_title(loc="right") == "rms 3, χ²/N 4.00"


def test_coast_and_summit_stand_where_they_are(ax):
    x = np.linspace(-1, 1, 21)
    z = 100 * (1 - x[None] ** 2 - x[:, None] ** 2)
    plots.terrain_map(1000 * x, 1000 * x, z, sea_level=0.0, easting_m=[0.0], northing_m=[0.0], ax=ax)
    assert ax.get_xlabel() == "Easting (km)" and tuple(ax.lines[0].get_xdata()) == (0.0,)
    with pytest.raises(ValueError, match=r"shape \(20, 21\)"):
        plots.terrain_map(x, x, z[1:], ax=ax)
    flat = plots.terrain_map(x, x, np.zeros((21, 21)), ax=plots.figure("single", 60)[1])
    flat.figure.canvas.draw()


def test_outlines_are_the_border_of_the_true_body(cells):
    model, *_ = cells
    axes = plots.depth_slices(model, EDGES, EDGES, layers=[0, 1], truth=model > 0)
    # two cells side by side: six open sides of 100 m, around 100 to 200 m east and -100 to 0 m north ... in metres
    segments = np.array(outline_of(axes[1]))
    assert len(segments) == 6 and len(outline_of(axes[0])) == 0
    assert (segments[..., 0].min(), segments[..., 0].max()) == (0.0, 200.0)
    assert (segments[..., 1].min(), segments[..., 1].max()) == (-100.0, 0.0)


def test_maps_with_a_fixed_shape_are_saved_with_the_same_bytes_twice(cells, tmp_path):
    fig = plots.depth_slices(cells[0], EDGES, EDGES)[0].figure
    first = [path.read_bytes() for path in plots.save(fig, tmp_path / "one")]
    assert first == [path.read_bytes() for path in plots.save(fig, tmp_path / "two")]


def test_models_side_by_side_share_a_scale_and_have_a_row_each(cells):
    model, *_ = cells
    axes = plots.depth_slices({"one": model, "two": 0.5 * model}, EDGES, EDGES, layers=[0, 1], titles=["top", "below"])
    assert [ax.get_title(loc="left") for ax in axes] == ["one: top", "below", "two: top", "below"]
    fields = [next(c for c in ax.collections if isinstance(c, QuadMesh)) for ax in axes]
    assert {f.norm.vmax for f in fields} == {4.0} and fields[3].get_array().max() == 2.0
    with pytest.raises(ValueError, match="expected one shape"):
        plots.depth_slices({"one": model, "two": model[:2]}, EDGES, EDGES)


def test_colours_run_from_zero_unless_the_model_has_two_signs(cells):
    model, *_ = cells
    for m, low in ((model, 0.0), (model - 1.0, -3.0)):
        field = next(c for c in plots.depth_slices(m, EDGES, EDGES)[0].collections if isinstance(c, QuadMesh))
        assert (field.norm.vmin, field.norm.vmax) == (low, m.max())


def test_a_section_stands_at_true_elevations_and_cuts_the_cell_that_holds_it(cells, ax):
    model, top, bottom = cells
    plots.section(model, EDGES, EDGES, top, bottom, north_m=-50.0, truth=model > 0, ax=ax)
    body = next(c for c in ax.collections if isinstance(c, PolyCollection))
    assert len(body.get_paths()) == 18 and body.get_array().max() == 4.0
    segments = np.array(outline_of(ax))
    assert len(segments) == 6 and (segments[..., 1].min(), segments[..., 1].max()) == (-200.0, -100.0)
    assert ax.get_title(loc="right") == "northing -50 m"
    beside = plots.section(model, EDGES, EDGES, top, bottom, east_m=-299.0, ax=plots.figure("single", 60)[1])
    assert next(c for c in beside.collections if isinstance(c, PolyCollection)).get_array().max() == 0.0


def test_sections_outside_the_model_and_wrong_shapes_are_refused(cells, ax):
    model, top, bottom = cells
    with pytest.raises(ValueError, match="exactly one of north_m"):
        plots.section(model, EDGES, EDGES, top, bottom, ax=ax)
    with pytest.raises(ValueError, match="outside the cells"):
        plots.section(model, EDGES, EDGES, top, bottom, north_m=900.0, ax=ax)
    with pytest.raises(ValueError, match="boolean array of shape"):
        plots.depth_slices(model, EDGES, EDGES, truth=model)
    with pytest.raises(ValueError, match="some of 0 to 2"):
        plots.depth_slices(model, EDGES, EDGES, layers=[3])
    with pytest.raises(ValueError, match="expected 0-1"):
        plots.selection_map(model, EDGES, EDGES)


def test_selection_is_drawn_in_per_cent_with_its_threshold(cells):
    share = cells[0] / 5
    axes = plots.selection_map(share, EDGES, EDGES, threshold=0.7, n_draws=30)
    field = next(c for c in axes[1].collections if isinstance(c, QuadMesh))
    assert field.get_array().max() == pytest.approx(80) and field.norm.vmax == 100
    assert len(outline_of(axes[1])) == 6 and len(outline_of(axes[0])) == 0


@pytest.fixture
def path():
    lam = 10.0 ** np.arange(4, -1, -1)
    frame = pd.DataFrame(
        {"penalty": lam, "rms_nt": 2 + lam / 1e3, "misfit_log10": np.log10(lam), "norm_log10": 3 - np.log10(lam)}
    )
    frame.loc[0, "norm_log10"] = -np.inf  # the zero model
    return frame


def test_a_panel_for_each_criterion_that_was_computed(path):
    chosen = {"L-curve": 100.0, "discrepancy": None}
    assert len(plots.lambda_panel(path)) == 2
    axes = plots.lambda_panel(
        path.assign(curvature=0.1, cv_rms_nt=3.0, cv_se_nt=0.2), chosen=chosen, adopted="L-curve", sigma_nt=2.0
    )
    assert len(axes) == 4
    words = [t.get_text() for t in axes[0].figure.legends[0].get_texts()]
    assert words == ["L-curve (adopted)", "discrepancy (none)"]
    mark = [line for line in axes[2].lines if line.get_label().startswith("_") and len(line.get_xdata()) == 1]
    assert mark[0].get_xdata()[0] == 100.0 and mark[0].get_ydata()[0] == pytest.approx(2.1)
    left, right = axes[1].get_xlim()
    assert left > right  # from strong to weak
    with pytest.raises(ValueError, match="'CV' is not among"):
        plots.lambda_panel(path, chosen=chosen, adopted="CV")
    with pytest.raises(ValueError, match="lacks column"):
        plots.lambda_panel(path.drop(columns="rms_nt"))


def test_the_best_cell_of_each_body_is_ringed():
    rows = [(p, a, b, p if b == "one" else -p) for p in (0.5, 0.75, 1.0) for a in (0.5, 0.9) for b in ("one", "two")]
    frame = pd.DataFrame(rows, columns=["exponent", "alpha", "body", "corr_truth"])
    axes = plots.recovery_map(frame, mark=(0.75, 0.9))
    rings = [ax.patches[0].get_x() + 0.46 for ax in axes]
    assert rings == pytest.approx([2, 0])
    assert {t.get_text() for t in axes[0].texts} == {"0.50", "0.75", "1.00"}
    low = plots.recovery_map(frame, best="low")
    assert [ax.patches[0].get_x() + 0.46 for ax in low] == pytest.approx([0, 2])


def test_resolution_runs_downwards_from_the_surface():
    frame = pd.DataFrame({"depth_m": [50.0, 150, 50, 150], "moment_ratio": 0.5, "method": list("aabb")})
    axes = plots.resolution_panel(frame, series="method")
    assert len(axes) == 1 and axes[0].get_ylim()[1] == 0 and axes[0].get_ylim()[0] > 150
    with pytest.raises(ValueError, match="frame has none of"):
        plots.resolution_panel(frame[["depth_m"]])


def test_data_that_were_not_used_are_hollow(ax):
    p = np.linspace(0, 300, 4)
    data = pd.DataFrame(
        {"pressure_gpa": [0.0, 0, 270], "value": [7000.0, 6900, 12500], "error": 100.0, "set": ["a", "a", "b"]}
    )
    data["hollow"] = [False, True, False]
    plots.eos_curves(p, {"4000 K": 7000 + 20 * p}, bands={"4000 K": (6900 + 20 * p, 7100 + 20 * p)}, data=data, ax=ax)
    words = [t.get_text() for t in ax.get_legend().get_texts()]
    assert {"4000 K", "95 % of the posterior", "a (1)", "a (1, not used)", "b (1)"} == set(words)
    with pytest.raises(ValueError, match="bands of 5000 K have no curve"):
        plots.eos_curves(p, {"4000 K": p}, bands={"5000 K": (p, p)}, ax=ax)
    with pytest.raises(ValueError, match="lower exceeds upper"):
        plots.prem_deviation(p, {"a": p}, bands={"a": (p + 1, p - 1)}, ax=ax)


def test_published_values_and_boundaries_are_named(ax):
    x = np.linspace(2891, 5149, 5)
    plots.prem_deviation(x, {"4000 K": 0 * x + 7}, published={"K20": [(2891, 7.5, 7.6)]}, boundaries={"CMB": 2891.0}, ax=ax)
    assert "K20" in [t.get_text() for t in ax.get_legend().get_texts()] and ax.texts[0].get_text() == "CMB"
    with pytest.raises(ValueError, match="along is 'radius'"):
        plots.prem_deviation(x, {"a": x}, along="radius", ax=ax)


def test_latent_temperatures_need_their_interval(ax):
    latent = pd.DataFrame(
        {"pressure_gpa": [263.0, 300], "median": [5000.0, 6000], "lo95": [4500.0, 5500], "hi95": [5500.0, 6500]}
    )
    plots.hugoniot_temperatures(latent, curves={"from energy": ([263, 300], [4600, 5600])}, ax=ax)
    assert ax.get_title(loc="right") == "2 shocked states"
    with pytest.raises(ValueError, match=r"lacks column\(s\) hi95"):
        plots.hugoniot_temperatures(latent.drop(columns="hi95"), ax=ax)


def test_a_parameter_that_data_did_not_tell_is_said_so():
    rng = np.random.default_rng(3)
    posterior = pd.DataFrame({"told": rng.normal(1, 0.1, 3000), "untold": rng.normal(0, 1, 3000)})
    axes = plots.prior_posterior({"told": ("normal", 0, 1), "untold": ("normal", 0, 1)}, posterior)
    assert axes[0].get_title(loc="left") == "contraction 90 %" and axes[1].get_title(loc="left") == "prior = posterior"
    for line in axes[0].lines:  # densities have a unit area
        assert np.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1, abs=0.02)
    drawn = plots.prior_posterior(pd.DataFrame({"told": rng.uniform(-2, 2, 3000)}), posterior[["told"]])
    assert drawn[0].get_title(loc="left").startswith("contraction 9")
    with pytest.raises(ValueError, match="no prior of untold"):
        plots.prior_posterior({"told": ("normal", 0, 1)}, posterior)
    with pytest.raises(ValueError, match="'cauchy'"):
        plots.prior_posterior({"told": ("cauchy", 0, 1)}, posterior[["told"]])


def test_designs_are_compared_with_the_reference(ax):
    frame = pd.DataFrame({"design": ["now", "more"], "width": [6.0, 2.0]})
    plots.design_bars(frame, reference="now", ax=ax)
    assert [t.get_text() for t in ax.texts] == ["6", "2 (×0.33)"]
    with pytest.raises(ValueError, match="'then' is not among the designs"):
        plots.design_bars(frame, reference="then", ax=ax)
    with pytest.raises(ValueError, match="'now' has several rows"):
        plots.design_bars(pd.concat([frame, frame]), ax=ax)
    plt.close("all")
