# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Volcano magnetization: what a magnetic survey tells about the inside of an island
#
# **Question.** Fresh lava is strongly magnetic; rock that is hot or altered by hydrothermal fluid is not. A survey flown over a volcano measures how the magnetic field departs from the Earth's. Where inside the edifice is magnetization missing,
# how deep, and how sure is that?
#
# Infinitely many distributions of magnetization explain one map. An inversion adds what is preferred: few magnetized cells (an L1 norm), of moderate strength (an L2 norm), as Utsugi (2019) proposed and as Tada et al. (2021) did, it is understood, for the volcano
# Nishinoshima. *The data of Tada et al. are not public, nor was their paper at hand*: nothing here reproduces them. An artificial island like it, with a known answer, takes their place, and a public aeromagnetic survey serves as
# real data. Two things are added: the choices that the answer hangs on (weights, mixing ratio, penalty) are shown rather than made silently, and every cell gets a frequency with which it is selected when flight lines are drawn again.
#
# *Time: under two minutes. To use your own survey: `make case NAME=volcano DATA=my.csv ARGS='-p inclination_deg 45 -p declination_deg -7'` (section C then shows your points).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own survey points (empty for the compendium's own)
dem_path = ""  # file; any; table of terrain heights for your survey (empty for level ground at ground_m)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial experiments and marks every figure
seed = 2021  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
inclination_deg = 37.37  # degrees; -90 to 90; of the geomagnetic field at your survey, downward positive
declination_deg = -4.56  # degrees; -180 to 180; of the geomagnetic field at your survey, eastward positive
exponent = 0.75  # 1; 0 to 1; p of the column weights: 0 favours shallow, 1 deep cells
alpha = 0.9  # fraction; 0.01 to 1; share of the L1 norm in the penalty
sign = "either"  # word; one of either, positive, negative; of the magnetization, or of its difference from the reference
reference = "zero"  # word; one of zero, uniform; what a model shrinks to: nothing, or ground of one magnetization
magnetization_deg = []  # degrees; -180 to 180; inclination and declination of the magnetization (empty: as the field)
sigma_nt = 0.0  # nT; 0 to 10000; 1-sigma error of your data; 0: not known, cross-validation chooses
cell_m = 0.0  # m; 0 to 100000; width of a cell; 0 takes it from the spacing of the points
n_layers = 0  # count; 0 to 60; layers of cells; 0 as many as reach depth_m
depth_m = 0.0  # m; 0 to 100000; depth of the mesh; 0 takes a third of the survey's shorter side
ground_m = 0.0  # m; -12000 to 9000; height of level ground where no terrain is given
n_resamples = 30  # draws; 4 to 1000; resamplings of flight lines

# %%
import numpy as np
import pandas as pd

from lib import magnetics, plots, tables
from lib.workflow import Run

run = Run.start("08_volcano_magnetization", globals())
plots.use_style()
sigma = 5.0  # nT, of the artificial surveys
thin = run.mode == "quick"  # section C; of section B, `run.pick` decides


def sliced(mesh, models, layers, truth=None, **options):
    """Maps of the same layers of several models on one scale; the figure."""
    depth = mesh.cube(mesh.depth).mean(axis=(1, 2))
    axes = plots.depth_slices({name: mesh.cube(m) for name, m in models.items()}, mesh.east_edges_m, mesh.north_edges_m, layers=layers, titles=[f"{depth[k]:.0f} m deep" for k in layers],
                              truth=None if truth is None else mesh.cube(truth), **options)  # fmt: skip
    return axes[0].figure


def cells(mesh, layers=None, near=None, **columns):
    """Table of the cells in which a column is not zero; of some layers, or within half a cell of a section, only."""
    east, north, height = mesh.centres.T
    frame = pd.DataFrame({"easting_m": east, "northing_m": north, "height_m": height, "depth_m": mesh.depth} | columns)
    keep = (np.abs(frame[list(columns)]) > 1e-9).any(axis=1)
    if layers is not None:
        keep &= np.isin(np.arange(mesh.n_cells) // (mesh.shape[1] * mesh.shape[2]), layers)
    if near is not None:
        keep &= (np.abs(east - near[0]) <= np.diff(mesh.east_edges_m).mean() / 2) | (np.abs(north - near[1]) <= np.diff(mesh.north_edges_m).mean() / 2)  # fmt: skip
    return frame[keep].round(4)


def cut(model, mesh, ax, **options):
    """One vertical section of a model of this mesh."""
    return plots.section(mesh.cube(model), mesh.east_edges_m, mesh.north_edges_m, mesh.cube(mesh.top), mesh.cube(mesh.bottom), ax=ax, **options)  # fmt: skip


# %% [markdown]
# ## A. The model and its algorithm
#
# **Forward.** The ground is cut into rectangular prisms that follow the terrain, each of uniform magnetization $m_j$ (A/m) along a known direction $\hat m$. With $x,y,z$ the distances from the station to the eight corners of a prism, $r$ their length and $s=\pm1$ by corner,
#
# $$B=\frac{\mu_0}{4\pi}S\,m,\qquad S_{ee}=-\sum s\arctan\frac{yz}{xr},\quad S_{en}=\sum s\ln(r+z),\ \ldots$$
#
# (cyclic; the trace of $S$ vanishes outside). A magnetometer measures the length of the field: $|F+B|-|F|\approx\hat f\cdot B$ when $|B|\ll F$, hence $d=Km$ with $K_{ij}=100\,\hat f^{\mathsf T}S_{ij}\hat m$ in nT per A/m.
#
# **Inversion.** With $z_j=w_jm_j$,
#
# $$\min_z\ \tfrac12\|d-Xz\|^2+\lambda\alpha\|z\|_1+\tfrac12\lambda(1-\alpha)\|z\|^2,\qquad X=K\,\mathrm{diag}(1/w),\quad w_j=\|K_j\|^{p}\,G^{1-p},$$
#
# $G$ the geometric mean of the column lengths, each $m_j$ within bounds. It is convex: there is one minimum, found by coordinate descent on a working set of cells, from strong to weak penalty, and certified by its *duality gap*, the largest amount by which the objective could still fall.
#
# **Why weights.** The anomaly of a cell fades with its distance below the sensor. Without weights ($p=0$) everything is put at the surface; with unit columns ($p=1$, the usual choice) deep cells are as cheap as shallow ones, and bodies come out too deep. $p$ and $\alpha$ are the subjective choices;
# section B shows what they do.
#
# **Compact bodies.** Sparse models are ragged. A second solver, kept beside the first, minimises $\sum_jw_j|m_j|+\gamma\sum_eb_e|m_{e'}-m_{e''}|$ over pairs $e$ of neighbouring cells, under $\|d-Km\|\le\sigma\sqrt N$ and $|m_j|\le U$: few cells, few edges, and no cell stronger than $U$. The bound is not told; it is lowered
# until the objective rises by a small share, that is, until the data object (data bound the strength of a body from below, as in Parker's ideal bodies). It needs the error $\sigma$ of the data.
#
# **How strong a penalty?** Three rules fail in different ways and are shown together: the corner of the L-curve (with its *sign*: the absolute curvature finds false corners), the discrepancy (misfit equal to the error, when that is known), and cross-validation that leaves out
# *whole flight lines*, since points of one line predict each other.

# %%
bodies = {name: magnetics.artificial_body(name, noise_nt=sigma, seed=seed) for name in ("blocks", "dyke")}
kernels = {name: made.sensitivity() for name, made in bodies.items()}
mesh = bodies["blocks"].mesh
length = np.linalg.norm(kernels["blocks"], axis=0)
middle = mesh.cube(length)[:, mesh.shape[1] // 2, mesh.shape[2] // 2]
below = mesh.cube(mesh.depth)[:, 0, 0]
left = {f"p = {p:g}": (middle / middle[0]) ** (1 - p) for p in (0.0, 0.5, 0.75, 1.0)}
fig, ax = plots.figure("single", 82)
for color, (name, share) in zip(plots.class_colors(4), left.items(), strict=True):
    ax.semilogx(share, below, "o-", ms=2.5, color=color, label=name)
ax.set(xlabel="Length of the weighted column, top cell = 1", ylabel="Depth (m)", ylim=(1000, 0))
fig.legend(loc="outside lower center", ncols=4, frameon=False)
run.figure(
    fig,
    "weights",
    data=pd.DataFrame({"depth_m": below} | {f"{name} (1)": share for name, share in left.items()}),
    caption="""How visible a cell is to the inversion, against its depth, for four exponents of the column weights (middle column of cells of the artificial survey). At p = 0 the anomaly itself decides; at p = 1 all cells are equally visible.""",
    alt_text="Four curves that fall with depth, the steepest for p = 0, a vertical line for p = 1.",
)
run.number("column_length_ratio[top to bottom]", float(middle[0] / middle[-1]), unit="1")

# %% [markdown]
# ## B. Artificial data with a known answer
#
# **Three blocks and a dyke.** 625 stations, 125 m apart and 100 m above ground, measure with 5 nT of noise what 4,000 cells contain: three blocks of 5 A/m under a plain, or a dyke that dips under a hill. The settings of the compact inversion were set beforehand on a third body, a stock with a sheet, which does not appear here; $\alpha=0.9$ is the choice of Utsugi's code, and $p=0.75$ comes from trials on bodies like these.

# %%
settings = run.pick(magnetics.COMPACT, magnetics.CompactSettings(n_first=80, n_bound=20))  # fewer steps are not converged
found, compact, scores = {}, {}, []
for name, made in bodies.items():
    d = made.survey.anomaly_nt
    found[name] = run.cached(magnetics.choose_penalty, kernels[name], d, sigma_nt=sigma, line=made.survey.line if name == "blocks" else None, n_folds=run.pick(5, 3), n_penalties=run.pick(20, 12), smallest=5e-4, exponent=exponent, alpha=alpha, lower=0.0, n_jobs=n_jobs)  # fmt: skip
    compact[name] = run.cached(magnetics.compact_inversion, kernels[name], d, made.mesh, sigma, settings=settings)
    for solver, model, rms in (("L1-L2", found[name].model, found[name].path.rms_nt[found[name].index]), ("compact", compact[name].model, compact[name].rms_nt)):  # fmt: skip
        scores.append({"body": name, "solver": solver, "rms_nt": rms} | magnetics.score(model, made.truth, made.mesh))
scores = pd.DataFrame(scores)
print(scores.round(3).to_string(index=False))
for row in scores.itertuples():
    for key, unit in (("corr_truth", "1"), ("centroid_depth_m", "m"), ("rms_nt", "nT"), ("iou", "1")):
        run.number(run.key(key, row.body, row.solver), float(getattr(row, key)), unit=unit)
    run.number(run.key("centroid_depth_m", row.body, "truth"), row.true_centroid_depth_m, unit="m")
for name, choice in found.items():
    run.number(run.key("largest_am", name, "compact"), float(compact[name].model.max()), unit="A/m")
    run.number(run.key("lambda", name), choice.penalty, unit="nT^2")
    run.number(run.key("duality_gap", name), float(choice.path.relative_gap.max()), unit="1")
gap = max(float(choice.path.relative_gap.max()) for choice in found.values())
run.diagnostic("duality_gap of the artificial paths", gap, ok=gap <= 1e-4, limit=1e-4, scope="demonstration")

# %%
made, choice = bodies["blocks"], found["blocks"]
predicted = kernels["blocks"] @ compact["blocks"].model
axes = plots.anomaly_fit(made.survey.easting_m, made.survey.northing_m, made.survey.anomaly_nt, predicted, line=made.survey.line, sigma_nt=sigma)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    axes[0].figure,
    "blocks_fit",
    data=made.survey.frame().assign(predicted_nt=predicted).round(3),
    caption="""Artificial survey over three blocks: observed anomaly with flight lines, anomaly of the compact model, and residual.""",
    alt_text="Three maps: observed and predicted anomalies look the same, the residual is noise.",
)
fig = sliced(made.mesh, {"L1-L2": choice.model, "compact": compact["blocks"].model}, [1, 3, 5, 7], truth=made.truth > 0)
run.figure(
    fig,
    "blocks_slices",
    data=cells(made.mesh, truth_am=made.truth, l1_l2_am=choice.model, compact_am=compact["blocks"].model),
    caption="""Slices through the models of the three blocks; outlined: the true blocks (5 A/m). Above: L1-L2 with non-negative cells; below: compact. The L1-L2 model is ragged and stronger in places, the compact one closer in shape.""",
    alt_text="Two rows of four maps with the true blocks outlined.",
)

# %%
rules = {"l_curve": "L-curve", "discrepancy": "discrepancy", "cross_validation": "cross-validation by line"}


def chosen(choice):
    """Lambda of each rule, by its name on figures."""
    return {words: None if choice.picks[rule] is None else float(choice.path.penalties[choice.picks[rule]]) for rule, words in rules.items()}  # fmt: skip


axes = plots.lambda_panel(choice.frame, chosen=chosen(choice), adopted=rules[choice.method], sigma_nt=sigma, n=f"{len(choice.frame)} penalties")  # fmt: skip
run.figure(
    axes[0].figure,
    "lambda",
    data=choice.frame,
    caption="""Choice of the penalty for the three blocks: (a) L-curve, (b) its signed curvature, (c) misfit, with the error of the data, (d) cross-validation that leaves out whole flight lines, with its standard error. The rules fail in different ways; a rule whose best lies at the end of the path has no answer. Where the error is known, the discrepancy is taken.""",
    alt_text="Four panels of curves against the penalty with a circle for each rule.",
)
for rule, value in chosen(choice).items():
    run.number(run.key("lambda[blocks]", rule), value, unit="nT^2")

# %% [markdown]
# **The dyke.** A dipping body is harder: the dip is seen; the L1-L2 model runs on below the true end, the compact one stops near it, but trades strength for thickness (its strongest cell is stated below).

# %%
made = bodies["dyke"]
fig, axes = plots.figure("double", 62, 1, 2)
top = max(float(found["dyke"].model.max()), float(compact["dyke"].model.max()))
for ax, (solver, model) in zip(axes, {"L1-L2": found["dyke"].model, "compact": compact["dyke"].model}.items(), strict=True):
    near = np.abs(made.survey.northing_m) < 10
    cut(model, made.mesh, ax, north_m=0.0, truth=made.mesh.cube(made.truth > 0), survey=(made.survey.easting_m[near], made.survey.height_m[near]), limit=top, n=solver)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "dyke_section",
    data=cells(made.mesh, truth_am=made.truth, l1_l2_am=found["dyke"].model, compact_am=compact["dyke"].model),
    caption="""Section from west to east through the dipping dyke, true elevations; outlined: the true dyke (5 A/m); triangles: stations of the line above.""",
    alt_text="Two sections with magnetized cells along the outlined dipping body.",
)

# %% [markdown]
# **What the choices do.** Correlation with the truth and error of the depth of the centre, over the exponent of the weights and the mixing ratio. With the usual mixture ($\alpha=0.9$) full normalisation ($p=1$) puts both bodies too deep, and too small an exponent puts them too shallow. Compact bodies
# like these are found better with almost pure L1, which Utsugi (2019) found too concentrated elsewhere: the best $\alpha$ depends on the body, which is not known beforehand. The defaults are not the best for both, and that is how it will be with real ones.

# %%
grid = run.cached(magnetics.recovery_map, run.pick((0.25, 0.5, 0.75, 1.0), (0.5, 0.75, 1.0)), run.pick((0.5, 0.9, 0.99), (0.9,)), ("blocks", "dyke"),
                  n_seeds=run.pick(2, 1), seed=seed, n_jobs=n_jobs)  # fmt: skip
true_depth = {name: magnetics.centroid_depth(made.mesh, made.truth) for name, made in bodies.items()}
grid["too_deep_m"] = grid["centroid_depth_m"] - grid["body"].map(true_depth)
fig, ax = plots.figure("double", 92)
ax.remove()
parts = fig.subfigures(2, 1)
noises = f"{run.pick(2, 1)} noise seed{run.pick('s', '')}"
plots.recovery_map(grid, mark=(exponent, alpha), n=noises, fig=parts[0])
deep = plots.recovery_map(grid.assign(offset=grid["too_deep_m"].abs()), value="offset", best="low", fmt="{:.0f}", label="Error of the depth (m)", mark=(exponent, alpha), n=noises, fig=parts[1])  # fmt: skip
run.figure(
    fig,
    "recovery",
    data=grid,
    caption=f"""Recovery of the two bodies by the L1-L2 inversion with non-negative cells: correlation with the truth (above) and error of the centroid depth (below); medians of {noises}. Ringed: the best; dashed: the choice of this run.""",
    alt_text="Four tables of numbers by weight exponent and mixing ratio.",
)
for (body, p, a), part in grid.groupby(["body", "exponent", "alpha"]):
    run.number(run.key("corr_truth[map]", body, f"p {p:g}", f"alpha {a:g}"), float(part["corr_truth"].median()), unit="1")
    run.number(run.key("too_deep_m[map]", body, f"p {p:g}", f"alpha {a:g}"), float(part["too_deep_m"].median()), unit="m")

# %% [markdown]
# **What can be resolved at all.** Single cells of 5 A/m, one at a time, at every depth: how much of their moment comes back, over what distance it is smeared, and how far from its place. And a checkerboard, the hardest body, since its signs cancel.

# %%
made, choice = bodies["blocks"], found["blocks"]
columns = [(7, 7), (10, 10), (13, 12)][: run.pick(3, 1)]
trial = [int(np.ravel_multi_index((k, n, e), made.mesh.shape)) for k in range(0, 10, run.pick(1, 3)) for n, e in columns]
spread = []
for p in run.pick((0.75, 1.0), (0.75,)):
    frame, _ = run.cached(magnetics.point_spread, kernels["blocks"], made.mesh, trial, penalty=choice.penalty, seed=seed, lower=0.0, exponent=p, alpha=alpha)  # fmt: skip
    spread.append(frame.assign(weights=f"p = {p:g}"))
spread = pd.concat(spread, ignore_index=True)
axes = plots.resolution_panel(spread, series="weights", n=f"{len(trial)} cells, no noise")
run.figure(
    axes[0].figure,
    "point_spread",
    data=spread,
    caption="""Single cells of 5 A/m recovered one at a time at the adopted penalty, against their depth: share of their moment, root-mean-square spread, and distance of the image below its source. Lines: medians. Cells of which nothing comes back are missing from (b) and (c). With p = 1 the image of a cell of the top layer is several times too strong and far too deep.""",
    alt_text="Three panels against depth: the share falls, the spread hardly changes below the first layer, deep sources are imaged elsewhere.",
)
for row in spread.groupby(["weights", "depth_m"])["moment_ratio"].median().reset_index().itertuples():
    run.number(run.key("moment_ratio", row.weights, f"{row.depth_m:.0f} m"), float(row.moment_ratio), unit="1")

# %%
board = magnetics.checkerboard(made.mesh, n_layers=None)
by_layer, seen = run.cached(magnetics.checkerboard_recovery, kernels["blocks"], made.mesh, board, sigma_nt=sigma, penalty=choice.penalty, seed=seed, exponent=exponent, alpha=alpha)  # fmt: skip
print(by_layer.round(2).to_string(index=False))
fig = sliced(made.mesh, {"checkerboard": board, "recovered": seen}, [0, 2, 4, 7])
run.figure(
    fig,
    "checkerboard",
    data={"layers": by_layer, "cells": cells(made.mesh, [0, 2, 4, 7], checkerboard_am=board, recovered_am=seen)},
    caption=f"""A checkerboard of ±2 A/m (boxes of 600 x 600 x 300 m) and what the inversion makes of it. Correlation by layer: {", ".join(f"{row.correlation:.2f} at {row.depth_m:.0f} m" for row in by_layer.iloc[[0, 2, 4, 7]].itertuples())}. Below the first boxes the
    signs come out reversed, for the upper boxes smear downwards; deeper still nothing is left.""",
    alt_text="Two rows of maps: a checkerboard, and its recovered image, which is clear at the top and lost below.",
)
for row in by_layer.itertuples():
    run.number(run.key("corr_truth[checkerboard]", f"{row.depth_m:.0f} m"), row.correlation if np.isfinite(row.correlation) else None, unit="1")  # fmt: skip

# %% [markdown]
# **Which cells are stable?** Flight lines are drawn again with replacement and the survey is inverted anew each time. The share of resamplings in which a cell is magnetized is shown for every cell; errors common to a line stay together.

# %%
often = run.cached(magnetics.flight_line_bootstrap, kernels["blocks"], made.survey.anomaly_nt, made.survey.line, choice.penalty, n_resamples=run.pick(n_resamples, 8), least_am=0.1, seed=seed, n_jobs=n_jobs,
                   lower=0.0, exponent=exponent, alpha=alpha)  # fmt: skip
depth = made.mesh.cube(made.mesh.depth).mean(axis=(1, 2))
axes = plots.selection_map(made.mesh.cube(often.frequency), made.mesh.east_edges_m, made.mesh.north_edges_m, layers=[1, 3, 5, 7], titles=[f"{depth[k]:.0f} m deep" for k in (1, 3, 5, 7)],
                           truth=made.mesh.cube(made.truth > 0), n_draws=often.n_resamples)  # fmt: skip
run.figure(
    axes[0].figure,
    "blocks_selection",
    data=cells(made.mesh, [1, 3, 5, 7], frequency_1=often.frequency, mean_am=often.mean, sd_am=often.sd),
    caption=f"""Share of {often.n_resamples} resamplings of the flight lines in which a cell exceeds 0.1 A/m; white line: half of them, red: the true blocks. Cells near a block that are not part of it are selected just as often: the frequency tells what the data insist on under
    the chosen penalty, not what is true.""",
    alt_text="Four maps of frequencies, high inside the outlined blocks.",
)
inside = made.truth > 0
always = often.frequency >= 0.9
run.number("selected_inside_1[frequency at least 0.9]", float(inside[always].mean()) if always.any() else None, unit="1")
run.number("selected_inside_1[all selected cells]", float(inside[often.frequency > 0].mean()), unit="1")

# %% [markdown]
# **An island like Nishinoshima.** An artificial edifice of 8 A/m with a conduit of 1 A/m below its crater, flown over at 120 m. The anomaly is computed exactly, on a finer mesh than the one used for inversion, and of an edifice that goes on beyond and below it, so that the steps of the terrain, the linearised anomaly and the ends of
# the mesh count as errors, as they do in nature. Most of the anomaly is the edifice itself. An L1 penalty pulls towards zero, so zero has to mean "like the rest of the edifice": one magnetization of the mesh *and of the ground that continues it* is fitted first, robustly, and the *difference* is inverted, between a complete loss of magnetization and none.

# %%
island = run.cached(magnetics.artificial_island, seed=seed, quick=run.pick(False, True))
survey, ground = island.survey, island.terrain
fig, axes = plots.figure("double", 80, 1, 2)
plots.terrain_map(ground.easting_m, ground.northing_m, ground.height_m, easting_m=survey.easting_m, northing_m=survey.northing_m, line=survey.line, sea_level=0.0, n="artificial island", ax=axes[0])  # fmt: skip
plots.anomaly_map(survey.easting_m, survey.northing_m, survey.anomaly_nt, line=survey.line, ax=axes[1])
plots.panel_labels(axes)
run.figure(
    fig,
    "island",
    data=survey.frame().round(2),
    caption=f"""The artificial island (a: terrain and sea floor, coast in black, flight lines in white) and its anomaly (b): {survey.n} points with {island.noise_nt:g} nT of noise.""",
    alt_text="Left, a shaded island with parallel flight lines; right, a dipole-like anomaly over it.",
)
matrix = island.sensitivity()
outside = magnetics.surroundings_response(island)
uniform = run.cached(magnetics.uniform_fit, matrix, survey.anomaly_nt, outside_nt=outside)
alone = run.cached(magnetics.uniform_fit, matrix, survey.anomaly_nt)
edifice, true_edifice = uniform.magnetization_a_m, float(island.reference[0])
# noise and modelling error together: known here because the truth is; a real survey has to assume it
error = float(np.hypot(island.noise_nt, (matrix @ island.truth + true_edifice * outside - island.clean_nt).std()))
print(f"uniform edifice: {edifice:.2f} A/m (true {true_edifice:g}; without the ground beyond the mesh {alone.magnetization_a_m:.2f}), level {uniform.level_nt:.0f} nT; {survey.anomaly_nt.std():.0f} nT of anomaly, {uniform.residual_nt.std():.0f} nT left; noise and modelling error together {error:.1f} nT")  # fmt: skip
run.number("uniform_magnetization_am[island]", edifice, unit="A/m", uncertainty={"kind": "residuals taken as independent, which they are not: far too small", "sd": uniform.magnetization_error})  # fmt: skip
run.number("uniform_magnetization_am[island][mesh alone]", alone.magnetization_a_m, unit="A/m")
run.number("uniform_magnetization_am[island][truth]", true_edifice, unit="A/m")
run.number("error_nt[island]", error, unit="nT")

# %%
inner = run.cached(magnetics.choose_penalty, matrix, uniform.residual_nt, sigma_nt=error, line=survey.line, n_folds=run.pick(5, 3), n_penalties=run.pick(15, 10), smallest=1e-3, exponent=exponent, alpha=alpha, lower=-edifice, upper=0.0, n_jobs=n_jobs)  # fmt: skip
often = run.cached(magnetics.flight_line_bootstrap, matrix, uniform.residual_nt, survey.line, inner.penalty, n_resamples=run.pick(n_resamples, 6), least_am=0.1, seed=seed, n_jobs=n_jobs, lower=-edifice, upper=0.0,
                   exponent=exponent, alpha=alpha)  # fmt: skip
body = run.cached(
    magnetics.compact_inversion, matrix, uniform.residual_nt, island.mesh, error, settings=settings, lower=-edifice, upper=0.0
)
conduit, lost = island.truth < island.reference, island.truth - island.reference
models = {"L1-L2": inner.model, "compact": body.model}
results = {name: magnetics.score(m, lost, island.mesh) for name, m in models.items()}
predicted = uniform.predicted_nt + matrix @ body.model
axes = plots.anomaly_fit(survey.easting_m, survey.northing_m, survey.anomaly_nt, predicted, line=survey.line, sigma_nt=error)
plots.panel_labels(axes)
run.figure(
    axes[0].figure,
    "island_fit",
    data=survey.frame().assign(predicted_nt=predicted).round(2),
    caption=f"""Anomaly of the artificial island, observed and predicted by a uniform edifice with the compact difference, and the residual; χ² with an error of {error:.1f} nT, noise and modelling together.""",
    alt_text="Three maps: observed, predicted, residual.",
)
rows = [(f"{name}: M (A m$^{{-1}}$)", np.maximum(edifice + m, 0.0), edifice) for name, m in models.items()] + [
    ("Selected (%)", 100 * often.frequency, 100.0)
]
fig, axes = plots.figure("double", 128, 3, 2)
for pair, (words, values, top) in zip(axes, rows, strict=True):
    for ax, place in zip(pair, ({"north_m": 60.0}, {"east_m": 90.0}), strict=True):
        cut(values, island.mesh, ax, truth=island.mesh.cube(conduit), limit=top, label=words, **place)
plots.panel_labels(axes)
run.figure(
    fig,
    "island_sections",
    data=cells(island.mesh, near=(90.0, 60.0), true_difference_am=lost, l1_l2_difference_am=inner.model, compact_difference_am=body.model, frequency_1=often.frequency),
    caption=f"""Sections through the conduit of the artificial island, west-east (left) and south-north (right): magnetization by the L1-L2 inversion and by the compact one, and share of {often.n_resamples} resamplings of flight lines in which the L1-L2 inversion finds a cell demagnetized; outlined: the true conduit. Centre of the lost
    magnetization: {results["L1-L2"]["centroid_depth_m"]:.0f} m by L1-L2, {results["compact"]["centroid_depth_m"]:.0f} m compact, true {results["compact"]["true_centroid_depth_m"]:.0f} m. The L1-L2 model blurs the lower half of the conduit, the compact one leaves out what it can do without; cells beyond the survey's edge (1.5 km) are demagnetized without reason.""",
    alt_text="Six sections: a pale zone within the outlined conduit by two methods, and its selection frequency.",
)  # fmt: skip
for name, result in results.items():
    for key, unit in (("corr_truth", "1"), ("centroid_depth_m", "m"), ("iou", "1")):
        run.number(run.key(key, "island", name), result[key], unit=unit)
low, beyond = conduit & (island.mesh.depth > 500), np.abs(island.mesh.centres[:, :2]).max(axis=1) > 1500
for name, m in models.items():
    run.number(run.key("lost_moment_ratio[island]", name, "conduit"), float(m[conduit].sum() / lost[conduit].sum()), unit="1")
    run.number(
        run.key("lost_moment_ratio[island]", name, "conduit below 500 m"), float(m[low].sum() / lost[low].sum()), unit="1"
    )
    run.number(run.key("lost_moment_share[island]", name, "beyond the survey"), float(m[beyond].sum() / m.sum()), unit="1")
run.number("mean_frequency_1[island][conduit below 500 m]", float(often.frequency[low].mean()), unit="1")
run.number("largest_frequency_1[island][beyond the survey]", float(often.frequency[beyond].max()), unit="1")
run.number("centroid_depth_m[island][truth]", results["compact"]["true_centroid_depth_m"], unit="m")
run.number("lambda[island]", inner.penalty, unit="nT^2")
run.number("rms_nt[island]", float(inner.path.rms_nt[inner.index]), unit="nT")
run.number("duality_gap[island]", float(inner.path.relative_gap.max()), unit="1")
run.number("mean_frequency_1[island][conduit]", float(often.frequency[conduit].mean()), unit="1")
run.number("mean_frequency_1[island][elsewhere]", float(often.frequency[~conduit].mean()), unit="1")

# %% [markdown]
# **What has to be reached.** Limits set beforehand, medians over noise seeds; the marks are those of the best sparse-norm inversion of another library on the same blocks (correlation .79) and a centroid depth within 40 m.

# %%
accepted = run.cached(magnetics.acceptance_table, n_sets=run.pick(2, 1), bodies=run.pick(("blocks", "dyke"), ("blocks",)), seed=seed, n_jobs=n_jobs)  # fmt: skip
for row in accepted.itertuples():
    spread_of = {"tier": "stochastic", "uncertainty": {"kind": "standard error of a median", "sd": row.se}} if np.isfinite(row.se) and row.se > 0 else {}  # fmt: skip
    run.number(run.key("acceptance", row.row), row.value, unit="m" if "(m)" in row.quantity else "1", **spread_of)
unmet = accepted.loc[~accepted["met"], "row"].tolist()
run.diagnostic("acceptance", len(unmet), ok=run.pick(not unmet, len(unmet) <= 3), limit=0, on=("acceptance",))
limit = accepted["limit_high"].fillna(accepted["limit_low"])
factor = np.where(accepted["limit_high"].notna(), accepted["value"] / limit, limit / accepted["value"].clip(lower=1e-9))
fig, ax = plots.figure("double", 30 + 4.5 * len(accepted))
plots.forest([f"{row.label}: {row.quantity}" for row in accepted.itertuples()], np.clip(factor, 0.01, 10), reference=1.0, label="Share of what the limit allows (1)", n=noises, ax=ax)  # fmt: skip
run.figure(
    fig,
    "acceptance",
    data=accepted,
    caption=f"""Every requirement as a share of its limit (left of the line: met). {len(accepted) - len(unmet)} of {len(accepted)} are met; the row "must fail" is a common choice that has to miss the limit of depth.""",
    alt_text="Points left of a line at one.",
)

# %% [markdown]
# ## C. Application to real data
#
# **C.1 The survey** (your own points take this place). No public survey of Nishinoshima is known, and the data of Tada et al. (2021) are not public. Instead: 6 x 6 km of the aeromagnetic survey of the Osborne mine in Queensland, around its largest anomaly (Geoscience Australia, CC-BY). It is no volcano, its magnetization is likely to have a
# remanent part of unknown direction, and the ground is taken to be level; but it is real, open, and flown in lines. Readings every 9 m become medians of 100 m along the lines, and a plane through the rim is subtracted. Without the external table the artificial island stands in, and its figures are not kept.

# %%
from lib.magnetics.external_surveys import BLOCKS_KEYS, OSBORNE_KEY
from lib.magnetics.matrices import product

source = None if run.own else run.data(OSBORNE_KEY)
needs = () if run.own else (OSBORNE_KEY,)
if run.own:
    problem = magnetics.prepare(tables.read(run.data("own")), inclination_deg=inclination_deg, declination_deg=declination_deg, magnetization_deg=magnetization_deg, dem_path=dem_path, ground_m=ground_m,
                                cell_m=cell_m, n_layers=n_layers, depth_m=depth_m, noise_nt=sigma_nt)  # fmt: skip
    asked = {"sign": sign, "reference": reference, "sigma_nt": sigma_nt}
elif source is not None:
    points = run.cached(magnetics.read_osborne, source.path, block_m=200.0 if thin else 100.0)
    problem = magnetics.osborne_problem(points, cell_m=400.0 if thin else 250.0, noise_nt=60.0)
    asked = {"sign": "either", "reference": "zero", "sigma_nt": 0.0}
else:
    problem = island
    run.stand_in("artificial island")
    asked = {"sign": "negative", "reference": "uniform", "sigma_nt": error}
print(problem.name, *problem.notes, sep="\n")
survey, mesh = problem.survey, problem.mesh
note = f"{survey.n} points, {len(survey.lines)} lines"
run.number("points", survey.n, unit="1")
run.number("cells", mesh.n_cells, unit="1")


def illustrate(fig) -> None:
    """Say on a figure that stand-in data were used."""
    if not run.own and source is None:
        plots.verdict_box(fig, "the survey is not here: an artificial island, an illustration", "warning")


# %% [markdown]
# **C.2 The inversion.** Column weights, mixing ratio and rules as in section B. How well whole lines are predicted from the others says what the survey can support: lines far apart compared with their height above the ground leave gaps, and the error there is the survey's, not the solver's.

# %%
paths = {"n_penalties": 18, "smallest": 1e-4} if run.own else {"n_penalties": 13, "smallest": 5e-5}
refits = n_resamples if run.own else min(n_resamples, 6)
sizes = {"n_penalties": 8, "smallest": 5e-3, "n_folds": 3, "n_resamples": 4} if thin else {**paths, "n_resamples": refits}
longer = 2 if run.own and not thin else 0  # times that a path is made longer when cross-validation falls to its end
answer = run.cached(magnetics.analyse, problem, exponent=exponent, alpha=alpha, **asked, **sizes, n_longer=longer, seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*answer.messages, sep="\n")
seen = answer.frame("observations")
concerned = ("survey_fit", "survey_lambda", "survey_slices", "survey_sections", "survey_selection", "survey_choices")
for one in ("duality_gap", "misfit", "choices_agree", "resolved_depth"):
    d = answer.diagnostic(one)
    run.diagnostic(one, d["value"], ok=d["ok"], limit=d["limit"], on=concerned)
for row in answer.frame("numbers").itertuples():
    run.number(row.name, row.value, unit=row.unit)

# %%
model, penalties = answer.model, answer.frame("penalties")
if penalties["cv_rms_nt"].notna().any():
    run.number("cross_validated_share[survey]", float(penalties["cv_rms_nt"].min() / survey.anomaly_nt.std()), unit="1")
if np.isfinite(problem.field_nt):  # of an own survey only the direction of the field is known
    missed = magnetics.exact_anomaly(survey, mesh, model, field_nt=problem.field_nt, **problem.directions) - magnetics.anomaly(survey, mesh, model, **problem.directions)  # fmt: skip
    run.number("linearisation_nt[survey][largest]", float(np.abs(missed).max()), unit="nT")
least = 0.05 * float(np.abs(model).max())  # A/m; fainter cells do not count as magnetized
frequency = (np.abs(answer.selection.models) > least).mean(axis=0)
errors = answer.number("sigma_nt")
axes = plots.anomaly_fit(survey.easting_m, survey.northing_m, seen["observed_nt"], seen["predicted_nt"], line=survey.line, sigma_nt=errors)  # fmt: skip
plots.panel_labels(axes)
illustrate(axes[0].figure)
points = seen.round(3)
run.figure(
    axes[0].figure,
    "survey_fit",
    data=seen[["point", "predicted_nt"]].round(2) if needs else points,
    measured=points if needs else None,
    needs=needs,
    caption=f"""Observed anomaly with flight lines, anomaly of the model, and residual: {problem.name}, {note}. χ² is taken with an error of {errors:.3g} nT.""",
    alt_text="Three maps: observed, predicted, residual.",
)
axes = plots.lambda_panel(penalties, chosen=chosen(answer.choice), adopted=rules[answer.method], sigma_nt=errors, n=note)  # fmt: skip
illustrate(axes[0].figure)
run.figure(
    axes[0].figure,
    "survey_lambda",
    data=penalties,
    needs=needs,
    caption="""Choice of the penalty for the survey, as in section B; a rule without an answer on this path is marked "none".""",
    alt_text="Four panels of curves against the penalty with a circle for each rule.",
)

# %%
layers = sorted({int(k) for k in np.linspace(0, mesh.shape[0] - 1, 5).round()[:4]})
words = "Magnetization (A m$^{-1}$)" if asked["reference"] == "zero" else "Difference from uniform (A m$^{-1}$)"
fig = sliced(mesh, {"": model}, layers, label=words)
illustrate(fig)
run.figure(
    fig,
    "survey_slices",
    data=cells(mesh, layers, magnetization_am=model),
    needs=needs,
    caption="""Magnetization of four layers of the model.""",
    alt_text="Four maps of magnetization by depth.",
)
depth = mesh.cube(mesh.depth).mean(axis=(1, 2))
axes = plots.selection_map(mesh.cube(frequency), mesh.east_edges_m, mesh.north_edges_m, layers=layers, titles=[f"{depth[k]:.0f} m deep" for k in layers], n_draws=answer.selection.n_resamples)  # fmt: skip
illustrate(axes[0].figure)
run.figure(
    axes[0].figure,
    "survey_selection",
    data=cells(mesh, layers, frequency_1=frequency),
    needs=needs,
    caption=f"""How often each cell exceeds {least:.2g} A/m (a twentieth of the strongest) when flight lines are drawn again with replacement; white line: half of the resamplings.""",
    alt_text="Four maps of frequencies by depth.",
)
strong = int(np.argmax(np.abs(mesh.cube(model)).sum(axis=0)))
row, column = divmod(strong, mesh.shape[2])
middles = [(side[1:] + side[:-1]) / 2 for side in (mesh.north_edges_m, mesh.east_edges_m)]
fig, axes = plots.figure("double", 50, 1, 2)
for ax, place in zip(axes, ({"north_m": middles[0][row]}, {"east_m": middles[1][column]}), strict=True):
    cut(model, mesh, ax, label=words, **place)
plots.panel_labels(axes)
illustrate(fig)
run.figure(
    fig,
    "survey_sections",
    data=cells(mesh, near=(middles[1][column], middles[0][row]), magnetization_am=model),
    needs=needs,
    caption="""Sections through the column of cells with the largest sum of magnetization: (a) from west to east, (b) from south to north. True elevations.""",
    alt_text="Two sections with magnetized cells below the surface.",
)

# %% [markdown]
# **C.3 What hangs on the choices.** The same data, fitted equally well with other weights: where the magnetization goes. What they share does not hang on the weights; mesh, direction and level ground are common to all.

# %%
matrix = problem.operator()
matrix = matrix.dense() if matrix.kind == "dense" else matrix  # of a flat gridded survey only what differs is kept
fitted = seen["residual_nt"].to_numpy() + product(matrix, model)  # the anomaly, less that of a uniform reference
base = answer.number("reference_am") if asked["reference"] == "uniform" else 0.0
lower, upper = {"either": (-np.inf, np.inf), "positive": (0.0, np.inf), "negative": (-base if base > 0 else -np.inf, 0.0)}[asked["sign"]]  # fmt: skip
reached = float(np.sqrt(np.mean((seen["observed_nt"] - seen["predicted_nt"]) ** 2)))
rows, thickness = [], mesh.cube(mesh.top - mesh.bottom).mean(axis=(1, 2))
for p in (0.5, 1.0) if thin else (0.5, 0.75, 1.0):
    path = run.cached(magnetics.elastic_net_path, matrix, fitted, exponent=p, alpha=alpha, lower=lower, upper=upper, n_penalties=15, smallest=2e-5, stop_rms_nt=1.01 * reached)  # fmt: skip
    moment = np.abs(mesh.cube(path.models[-1] * mesh.volume)).sum(axis=(1, 2))
    share = 100 * moment / moment.sum() / (thickness / 100)
    rows.append(pd.DataFrame({"weights": f"p = {p:g}", "depth_m": depth, "share_pct_per_100m": share, "rms_nt": path.rms_nt[-1]}))  # fmt: skip
    run.number(run.key("centroid_depth_m[survey]", f"p {p:g}"), magnetics.centroid_depth(mesh, path.models[-1]), unit="m")
choices = pd.concat(rows, ignore_index=True)
fig, ax = plots.figure("single", 85)
plots.profile(depth, {name: part["share_pct_per_100m"].to_numpy() for name, part in choices.groupby("weights")}, direction="depth", dodge=0.0, position_label="Depth (m)", value_label="Share of |moment| (% per 100 m)", n=note, ax=ax)  # fmt: skip
illustrate(fig)
run.figure(
    fig,
    "survey_choices",
    data=choices,
    needs=needs,
    caption=f"""Share of the magnetic moment of each layer, by 100 m of thickness, when the survey is fitted nearly equally well with different exponents of the column weights (rms {", ".join(f"{part['rms_nt'].iloc[0]:.3g} nT at {name}" for name, part in choices.groupby("weights"))}).""",
    alt_text="Curves of moment against depth, the deeper the larger the exponent.",
)

# %% [markdown]
# **C.4 A public benchmark.** Three blocks of 0.5, 1.0 and 1.5 A/m of Utsugi's code AdaL1TV (Case 2): 2,500 anomalies, 62,500 cells. The full matrix would take 1.25 GB; on a flat regular mesh under a flat regular grid its entries repeat, and 2 MB hold all that differ. The true model is part of the benchmark.

# %%
run.stand_in()
files = [None] if run.own or thin else [run.data(key) for key in BLOCKS_KEYS]
if all(files):
    bench = run.cached(magnetics.read_blocks, *[file.path for file in files])
    operator = bench.operator()
    path = run.cached(magnetics.elastic_net_path, operator, bench.survey.anomaly_nt, alpha=alpha, exponent=exponent, lower=0.0, n_penalties=16, smallest=1e-3, stop_rms_nt=bench.noise_nt)  # fmt: skip
    result = magnetics.score(path.models[-1], bench.truth, bench.mesh)
    print(f"{bench.survey.n} x {bench.mesh.n_cells}: kernel {operator.nbytes / 1e6:.1f} MB; {result}")
    fig = sliced(bench.mesh, {"": path.models[-1]}, [2, 5, 8, 12], truth=bench.truth > 0)
    run.figure(
        fig,
        "benchmark",
        data=cells(bench.mesh, [2, 5, 8, 12], l1_l2_am=path.models[-1]),
        measured=cells(bench.mesh, [2, 5, 8, 12], truth_am=bench.truth),
        needs=BLOCKS_KEYS,
        caption=f"""The three-block benchmark: L1-L2 model with non-negative cells; outlined: the true blocks. Correlation with the truth {result["corr_truth"]:.2f}; centroid at {result["centroid_depth_m"]:.0f} m, true {result["true_centroid_depth_m"]:.0f} m.""",
        alt_text="Four maps by depth with magnetized cells in the outlined blocks.",
    )
    for key, unit in (("corr_truth", "1"), ("centroid_depth_m", "m"), ("true_centroid_depth_m", "m"), ("iou", "1")):
        run.number(run.key(key, "benchmark"), result[key], unit=unit)
    run.number("rms_nt[benchmark]", float(path.rms_nt[-1]), unit="nT")
    run.number("duality_gap[benchmark]", float(path.relative_gap.max()), unit="1")
    run.number("kernel_mb[benchmark]", operator.nbytes / 1e6, unit="MB")
elif not run.own:
    print("the benchmark is left to the full mode" if thin else "the benchmark is not here: its figure is left as it is")

# %% [markdown]
# ## D. What it means, and its limits
#
# **Meaning.** A survey flown low over an island tells, within limits, where magnetization is missing near the surface. On the artificial island the place of the conduit is right and stable under resampling. Of the loss in its lower half a part comes back, blurred, in the L1-L2 model, and nothing in the compact one (`lost_moment_ratio`); and
# a large part of what is demagnetized lies beyond the survey's edge, where it makes up for the unknown sides and base of the edifice and where resampling does not remove it (`lost_moment_share`). This is what can be said of a volcano like Nishinoshima by such means: that a demagnetized zone is there and where its upper end is; of its lost
# moment only a part, and not how deep its roots go. Whether it is hot or altered, magnetization does not say.
#
# Two solvers are better than one. The compact one is closer to blocks and dyke than the L1-L2 one, at nearly the same misfit. On the island it is worse: errors of terrain, of linearisation and of the mesh's ends are not the independent noise that it assumes, and the smallest body that fits ends too early. Where both agree, something is known; where
# they differ, the preference speaks and not the data.
#
# At Osborne a strongly magnetized body, elongated to the south-east, reaches from close below the surface downwards. By 100 m of thickness its moment does not fall towards the bottom of the mesh whatever the weights (C.3), so that no lower end is resolved (see also the check `resolved_depth`). Left-out lines are predicted much worse than they are fitted (`cross_validated_share` is the rms there over
# the scatter of the data): its lines do not sample what lies between them. The benchmark of three blocks comes out at the right depth, with the smaller two fainter than they are.
#
# **Limits.**
# - The direction of magnetization is taken to be that of the field. At Osborne remanence is likely; cells of negative sign beside the main body are a sign of it, or of a direction that is wrong.
# - The error at Osborne (60 nT) is set, not measured: what cells of 250 m under level ground leave unexplained. No terrain was at hand.
# - The anomaly is linearised; what that costs at the peak of Osborne is stated (`linearisation_nt`).
# - The ground beyond the mesh is taken to be like the edifice: a mesh alone gave a magnetization far too small on the artificial island (`uniform_magnetization_am`). On a real island, whose sides and base are not known, do not read the fitted value as that of the rock.
# - Frequencies of resampling do not contain the choice of weights, mesh, direction and penalty; a halo around each body is selected always (B).
# - The best exponent and mixing ratio differ from body to body.
# - Nothing here reproduces Tada et al. (2021), whose data are not public.
#
# **What to try next.** Set `reference` to uniform and `sign` to negative for an island of your own. Give `magnetization_deg` where the remanence is known. Compare `exponent` 0.5 and 1: what stays is worth reporting.
#
# **References.** Blakely (1995) Potential Theory in Gravity and Magnetic Applications · Fercoq, Gramfort & Salmon (2015) ICML, PMLR 37 · Hansen & O'Leary (1993) SIAM J. Sci. Comput. 14, 1487 · Meinshausen & Bühlmann (2010) J. R. Stat. Soc. B 72, 417 · Tada et al. (2021) J. Volcanol. Geotherm. Res. 419, 107349 (not at hand) · Utsugi (2019) Earth
# Planets Space 71, 73 · Geoscience Australia, survey P1029 (Osborne Mine and Lightning Creek), distributed by Fatiando a Terra.

# %%
stated = run.finish()
