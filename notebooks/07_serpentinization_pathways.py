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
# # Serpentinization pathways: along which path, and where
#
# **Question.** Olivine stands against quartz in hot water. Silica diffuses into it, and after some weeks there is talc next to the quartz, then serpentine, then serpentine with brucite. Several sets of reactions make such zones. Which of them
# ran, how fast, and how well did silica move, when all that is known are minerals in slices of the column at the end of a run?
#
# Oyanagi et al. (2018) found rate constants and the diffusivity of silica from such patterns by exchange Monte Carlo; Oyanagi et al. (2021) weighed every combination of pathways by WBIC, and found that few and noisy data do not tell the right one, while
# many and good ones nearly always do. Only their abstracts were available: the equations and settings below are our own, *after* theirs.
#
# *Time: under two minutes. To use your own table: `make case NAME=serpentinization DATA=profiles.csv` (section C then shows your column; with `ARGS='-p network_path my.toml'` other candidates than those of section A:
# `data/07_serpentinization_pathways/example_network.toml` is a file to start from).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own slices (empty for the compendium's artificial column)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial experiments and marks every figure
seed = 2021  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
network_path = ""  # file; any; TOML file of candidate reactions for your table (empty for those of olivine against quartz)
candidates = []  # names; any; reactions to weigh, by name (empty for all)
length_m = 0.0  # m; 0 to 1000; length of the column (0 for the end of the last slice)
noise = 0.0  # unit of the table; 0 to 100; error of numbers without one of their own (0 for unknown)
diffusivity_m2_h = 0.0  # m2/h; 0 to 1; middle of the prior of the diffusivity (0: silica then just crosses the column)
boundary = 1.0  # 1; 0.001 to 100; dissolved silica at the quartz side over that at quartz saturation
n_cells = 50  # count; 10 to 400; cells of the model
n_draws = 200  # draws; 20 to 10000; posterior draws for bands
n_compared = 5  # count; 2 to 100; best networks whose evidence is also sampled, and whose WBIC is given

# %%
import numpy as np
import pandas as pd

from lib import plots, tables
from lib import serpentinization as sp
from lib.network_selection import calibration_table
from lib.reactions.report import reactions_frame
from lib.workflow import Run

run = Run.start("07_serpentinization_pathways", globals())
plots.use_style()
if network_path or candidates:  # what is wrong with them is said here, before anything runs
    sp.candidate_network(network_path, tuple(candidates))
SOLVER_WT = 0.1  # wt%: what the solver leaves open, a thousandth of the olivine
minerals = {"Fo": "olivine", "Srp": "serpentine", "Brc": "brucite", "Tlc": "talc"}

# %% [markdown]
# ## A. The model and its algorithm
#
# **Column.** $x$ runs from quartz into olivine. Minerals $m$ react in place, dissolved silica $C$ (over that at quartz saturation) diffuses; the fluid holds so little of it that its transport is always steady:
#
# $$\frac{\partial m_i}{\partial t}=\sum_jN_{ij}\,k_j\,S_j(m)\,f_j(C),\qquad D\,\frac{\partial^2C}{\partial x^2}=\sum_j\nu_j\,k_j\,S_j(m)\,f_j(C),\qquad C(0)=1,\quad C'(L)=0 .$$
#
# $\nu_j$ is the silica that reaction $j$ takes, $S$ a surface ($m^{2/3}$, grains of fixed number), $f$ an affinity. $D$ is per mole of olivine: diffusivity times silica at saturation over olivine, both per volume. It is constant here
# (it can follow the porosity, after Archie, by `archie` and `volumes` of `lib.serpentinization.Design`; no parameter of this notebook asks for that). Second order in space and time; all derivatives with respect to $k$ and $D$ come with the solution in a millisecond, and magnesium is conserved to rounding.
#
# **Candidates.** R2 olivine hydrates to serpentine and brucite; R3 olivine takes up silica and becomes serpentine; R4 serpentine turns into talc above a threshold of $C$; R5 brucite takes up silica; R6 olivine turns into talc at once; R8 is R2 on the surface of
# serpentine, so that it accelerates itself.
#
# **What is unknown.** The rate constants $k_j$, as they are, since one may be zero, and $\ln D$. What the data tell is another thing: the width of a zone tells $\sqrt{D/k}$, and *when* it had that width tells $k$. If $D$ and all $k$ were $a$ times larger, the same column would stand there after $1/a$ of the time, so that one run of known duration
# fixes both only where its minerals are neither all gone nor hardly begun; with **two durations** the clock is read twice.
#
# **Choice.** Every set of reactions is weighed by its evidence $Z=\int p(\text{data}\mid k,D)\,p(k,D)\,dk\,dD$; $k_j$ of a reaction that is in has a half-normal prior, $D$ a log-normal one (half a decade). $Z$ is found at the most probable rates with the normal integral cut off at $k=0$,
# and checked by sampling. Networks that differ by a reaction that had nothing to do count as one.

# %%
network = sp.pathway_network()
model = sp.ProfileModel(sp.Design(), network)
columns = []
for name, reactions in sp.PATHWAYS.items():
    parameters = np.append(np.where(network.mask(reactions), network.reference, 0.0), sp.DIFFUSIVITY)
    columns.append(sp.column_of(model, parameters, f"{name}\n{' + '.join(reactions)}"))
columns = sp.zone_shares(pd.concat(columns), network)
last = columns[columns["duration"] == model.design.durations[-1]]
axes = plots.zoned_profile(
    sp.to_the_ends(last, model.design.length), panel="label", names=minerals, position_label="Distance from quartz (1)"
)
run.figure(
    axes[0].figure,
    "pathways",
    data=columns.assign(label=columns["label"].str.replace("\n", ": ")),
    caption="""Four pathways at their reference rates, at the end of the longest run (model, no data): what the magnesium of the column is in. Quartz is at the left. Columns that look alike were made by different reactions.""",
    alt_text="Four panels of stacked areas; talc at the left, serpentine, then brucite or olivine at the right.",
)
for label, one in last.groupby("label", sort=False):
    for mineral, share in one.groupby("mineral", sort=False)["share"].mean().items():
        run.number(run.key("share", label.split("\n")[0], minerals[mineral]), share / 100, unit="of the magnesium")
reactions_frame(network).assign(k=network.reference)

# %% [markdown]
# *Reading the table.* $k$ is the reference rate constant, in mol (per mole of olivine at the start) per unit of time; the longest run lasts 40 of them. Surfaces: *mineral* $m^{2/3}$ (proportional to $m$ below 0.001, so that a mineral ends smoothly); *autocatalytic* the same of reactant and product, multiplied, with 0.001 of product to begin with. Affinities: *none* one; *first order* $C$; *precipitation* $C/C_s-1$
# where that is positive, with the saturation $C_s$ of talc in brackets; *excess* $C$ less its threshold, in brackets too, where that is positive: brucite and silica exclude each other. The fluid's own capacity for silica does not enter: its transport is always steady.
#
# ## B. Artificial data with a known answer
#
# **Can rates and diffusivity be known at all?** Before any experiment: the information of a design (all derivatives, at reference rates, noise 3 % of a mole) gives the ellipse in which a rate and the diffusivity would be found. Here eight slices, brucite and talc only. After a *short* run a wide zone
# can mean fast diffusion with a fast reaction as well as slow with slow: a tilted ridge, steeper than a constant $D/k$ would be. After a *long* one the front tells the diffusivity, but olivine is gone where it was attacked, and the rate at which it went is forgotten. The ridges differ, so that the two runs together know both.

# %%
few = {"10 only": (10.0,), "40 only": (40.0,), "10 and 40": (10.0, 40.0), "10, 20 and 40": (10.0, 20.0, 40.0)}
known = {label: sp.design_information(sp.Design(times, 8, ("Brc", "Tlc")), "through serpentine") for label, times in few.items()}  # fmt: skip
turn = np.linspace(0, 2 * np.pi, 181)
ellipses = []
for label, one in known.items():
    sd, rho = one.set_index("parameter")["sd_log"], float(one.set_index("parameter").loc["R3", "correlation"])
    x, y = np.cos(turn), rho * np.cos(turn) + np.sqrt(max(1 - rho**2, 0)) * np.sin(turn)
    ellipses.append(pd.DataFrame({"durations": label, "log10_d": 2.448 * sd["D"] * x / np.log(10), "log10_k": 2.448 * sd["R3"] * y / np.log(10)}))  # fmt: skip
    run.number(run.key("sd_log_diffusivity", label), float(sd["D"]), unit="1, natural logarithm, before the experiment")
    run.number(run.key("correlation", label, "R3 and D"), rho, unit="1")
information = sp.design_map(search=False)
worst = information.groupby(["durations", "n_slices", "solids"], sort=False)["worst_sd_log_rate"].median().reset_index()
worst["row"] = (
    worst["solids"].replace({"Fo, Srp, Brc, Tlc": "all four", "H2O": "water"})
    + ", "
    + worst["n_slices"].astype(str)
    + " slices"
)
grid = worst.pivot(index="row", columns="durations", values="worst_sd_log_rate").loc[list(dict.fromkeys(worst["row"])), list(dict.fromkeys(worst["durations"]))]  # fmt: skip
grid = grid[~grid.index.str.startswith("Tlc")]
fig, axes = plots.separate_panels("double", 92, 2, width_ratios=[1, 1.15])
for (label, one), tint in zip(pd.concat(ellipses).groupby("durations", sort=False), plots.class_colors(len(few)), strict=True):
    axes[0].plot(one["log10_d"], one["log10_k"], color=tint, label=label, lw=1.4)
axes[0].set(xlim=(-0.6, 0.6), ylim=(-2.6, 2.2), xlabel="log$_{10}$ $D$ − true (1)", ylabel="log$_{10}$ $k$ of R3 − true (1)")
axes[0].legend(title="durations", fontsize=7, loc="lower right")
plots.count_note(axes[0], "8 slices, brucite and talc")
plots.score_table(grid.clip(upper=99).to_numpy(), list(grid.index), list(grid.columns), label="sd of ln $k$ known worst (1)", fmt="{:.2g}", limits=np.ones(grid.shape[1]), ax=axes[1])  # fmt: skip
axes[1].set_xlabel("durations over the columns; framed: known within a factor of e", fontsize=7)
plots.panel_labels(axes)
run.figure(
    fig,
    "identifiability",
    data={"ellipses": pd.concat(ellipses), "information": information},
    caption="""What a design can know before the experiment, noise 3 % of a mole. (a) 95 % ellipses of the diffusivity and of the rate of R3 with all other rates unknown too: a linear approximation, which cannot be taken at its word where an ellipse is wider than a factor of about two. (b) Standard deviation of the logarithm of the rate known worst (median over four pathways) by durations, measured solids and
    slices. Talc alone never suffices and is left out.""",
    alt_text="Left, a tilted and an upright long ellipse and two small ones; right, a table of numbers that fall with more runs and with more slices; they are lowest where all four minerals are measured.",
)
at_equal_cost = worst.set_index(["solids", "durations", "n_slices"])["worst_sd_log_rate"]
for kind in ("H2O", "Brc, Tlc", "Fo, Srp, Brc, Tlc"):
    print(f"20 slices analysed for {kind}, sd of the ln k known worst: {at_equal_cost[kind, '40', 20]:.2f} in one run of 40, {at_equal_cost[kind, '20, 40', 10]:.2f} in runs of 20 and 40")  # fmt: skip
for row in worst.itertuples():
    run.number(run.key("worst_sd_log_rate", row.durations, row.solids, f"{row.n_slices} slices"), min(row.worst_sd_log_rate, 99.0), unit="1, natural logarithm, 99 at most", tier="solver" if row.worst_sd_log_rate < 5 else "stochastic", uncertainty=None if row.worst_sd_log_rate < 5 else {"kind": "rough", "sd": row.worst_sd_log_rate})  # fmt: skip

# %% [markdown]
# **How often is the right pathway found?** Four pathways in turn; rates and diffusivity drawn within 0.2 decades of their reference; noise in per cent of a mole of olivine. The full design, and what is lost by leaving runs, slices or solids out.

# %%
full, poor = next(iter(sp.STUDY_DESIGNS)), list(sp.STUDY_DESIGNS)[-1]
designs = run.pick(sp.STUDY_DESIGNS, {label: sp.STUDY_DESIGNS[label] for label in (full, poor)})
paths = run.pick(tuple(sp.PATHWAYS), ("without brucite",))
tried = []
for i, (label, design) in enumerate(designs.items()):
    noises = (0.01, 0.03, 0.1) if label == full else run.pick((0.03, 0.1), (0.03,))
    n_sets = run.pick(2, 1) if label == full else 1
    tried.append(run.cached(sp.recovery, {label: design}, noises, n_sets, pathways=paths, seed=seed + i, n_jobs=n_jobs))
tried = pd.concat(tried, ignore_index=True)
scores = sp.summarise_recovery(tried)
for row in scores.itertuples():
    print(f"{row.design}, noise {100 * row.noise:g} %: right pathway in {row.n_sets * row.exact:.0f} of {row.n_sets}")
hits = tried[tried["exact"]]
if len(hits):
    run.number("coverage[rates, right pathway found]", float(hits["inside"].mean()), unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.05})  # fmt: skip
    print(f"where the right pathway was found ({len(hits)} experiments), {hits['inside'].mean():.0%} of the true rates and diffusivities lie inside their 95 % intervals")  # fmt: skip
scores.round(3)

# %%
shown = scores.assign(noise_pct=100 * scores["noise"])
fig, axes = plots.separate_panels("double", 92, 2, width_ratios=[1.2, 1])
order = list(designs)
by = {
    column: 100 * scores.pivot(index="noise", columns="design", values=column)[order] for column in ("exact", "lo95", "hi95")
}
noises = list(by["exact"].index)
plots.profile(np.arange(len(noises)), by["exact"], lower=by["lo95"], upper=by["hi95"], dodge=0.04, position_label="Noise (% of a mole)", value_label="Right pathway found (% of experiments)", n=f"{scores['n_sets'].min()} to {scores['n_sets'].max()} experiments a point", legend=None, ax=axes[0])  # fmt: skip
axes[0].set_xticks(np.arange(len(noises)), [f"{100 * s:g}" for s in noises])
axes[0].set_ylim(-2, 103)
axes[0].figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=1, frameon=False, fontsize=7)
decisions = sp.inclusion_decisions(tried)
bins = calibration_table(decisions["probability"], decisions["ran"], (0.0, 0.05, 0.35, 0.65, 0.95, 1.0))
bins = bins[bins["n"] > 0]
axes[1].plot([0, 100], [0, 100], color="0.5", lw=0.8, label="calibrated")
axes[1].errorbar(100 * bins["predicted"], 100 * bins["observed"], yerr=196 * bins["error"], fmt="o", ms=5, label="decisions in a bin, 95 %")  # fmt: skip
for row in bins.itertuples():
    low = row.predicted < 0.5  # to the side where the line leaves room
    axes[1].annotate(f"{row.n:.0f}", (100 * row.predicted, 100 * row.observed), (7 if low else -7, 0), textcoords="offset points", ha="left" if low else "right", va="center", fontsize=7)  # fmt: skip
axes[1].set(xlim=(-4, 104), ylim=(-4, 104), xlabel="Predicted probability (%)", ylabel="Reactions that ran (%)")
axes[1].legend(loc="upper left", fontsize=7)
plots.count_note(axes[1], f"{len(decisions)} decisions")
plots.panel_labels(axes)
run.figure(
    fig,
    "recovery",
    data={"recovery": scores, "decisions": decisions, "calibration": bins},
    caption="""(a) How often the right pathway is the most probable one, by design and noise (bars: 95 %, Wilson). (b) Calibration: how often a reaction ran that was said to have run with the probability on the axis; all designs, the number of decisions beside each bin.""",
    alt_text="Left, points by noise for each design; right, points near a diagonal.",
)
for row in scores.itertuples():
    keys = row.design, f"{row.noise:g}"
    run.number(run.key("exact_recovery", *keys), row.exact, unit="1", tier="stochastic", uncertainty={"kind": "95 % interval (Wilson)", "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip
    for short, value in (("brier", row.brier), ("false_positive_rate", row.fpr), ("log_diffusivity_error", row.log_diffusivity_error)):  # fmt: skip
        run.number(run.key(short, *keys), value, unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.05})

# %% [markdown]
# **Which design tells the pathway?** On data without scatter, at reference rates: the probability that the true pathway would have among all 63 networks, when olivine went *straight to talc*. This is the best that can be hoped for with 3 % noise.

# %%
solids = {"water": ("H2O",), "brucite, talc": ("Brc", "Tlc"), "all four": ("Fo", "Srp", "Brc", "Tlc")}
times = {"10": (10.0,), "40": (40.0,), "20, 40": (20.0, 40.0), "10, 20, 40": (10.0, 20.0, 40.0)}
tested = sp.standard_designs(run.pick(times, {"10": (10.0,)}), run.pick((5, 15), (5,)), solids)
mapped = run.cached(sp.design_map, tested, ("straight to talc",), n_jobs=n_jobs)  # fmt: skip
chance = mapped.groupby(["solids", "n_slices", "durations"], sort=False)["probability"].mean().reset_index()
ordered = chance.assign(durations=pd.Categorical(chance["durations"], list(dict.fromkeys(chance["durations"])), ordered=True))
axes = plots.detectability_map(ordered, x="durations", y="n_slices", panel="solids", x_text="{}", panel_text="measured: {}", x_label="Durations (1)", y_label="Slices", label="Probability of the truth (%)")  # fmt: skip
plots.panel_labels(axes)
run.figure(
    axes[0].figure,
    "design_map",
    data=mapped,
    caption="""Probability of the true pathway (straight to talc) on data without scatter, taken for data with 3 % noise, by durations, slices and measured solids. More of one thing need not tell more: a network that imitates the truth may profit more from it than the truth.""",
    alt_text="Three tables of percentages; most grow with the number of runs and of slices, not all.",
)
at_equal_cost = chance.set_index(["solids", "durations", "n_slices"])["probability"]
for kind in solids if "40" in set(chance["durations"]) else ():
    print(f"15 slices analysed for {kind}, probability of the truth: {at_equal_cost[kind, '40', 15]:.0%} in one run of 40, {at_equal_cost[kind, '10, 20, 40', 5]:.0%} in runs of 10, 20 and 40")  # fmt: skip
for row in chance.itertuples():
    run.number(run.key("probability_of_truth", row.durations, f"{row.n_slices} slices", row.solids), row.probability, unit="1", tier="stochastic", uncertainty={"kind": "rough, solver", "sd": 0.05})  # fmt: skip

# %% [markdown]
# **What has to be reached.** Limits set beforehand; here with few experiments, in the acceptance run with forty of each kind. The row that must fail shows a design that cannot tell.

# %%
accepted = sp.acceptance_table(rows=tried)
for row in accepted.itertuples():
    run.number(run.key("acceptance", row.row), row.value, unit="1", tier="stochastic", uncertainty={"kind": "standard error", "sd": float(np.nan_to_num(max(row.se, 0.05), nan=0.05))})  # fmt: skip
unmet = accepted.loc[~accepted["met"], "row"].tolist()
run.diagnostic("acceptance", len(unmet), ok=run.pick(not unmet, len(unmet) <= 4), limit=0, on=("acceptance",))
limit = accepted["limit_high"].fillna(accepted["limit_low"])
factor = np.where(accepted["limit_high"].notna(), accepted["value"] / limit.clip(lower=1e-12), limit / accepted["value"].clip(lower=1e-2))  # fmt: skip
fig, ax = plots.figure("double", 30 + 4.5 * len(accepted))
plots.forest([f"{row.row}: {row.quantity}" for row in accepted.itertuples()], np.clip(factor, 0.0, 4), reference=1.0, label="Share of what the limit allows (1)", n=f"{scores['n_sets'].max()} experiments a noise", ax=ax)  # fmt: skip
run.figure(
    fig,
    "acceptance",
    data=accepted,
    caption=f"""Every requirement as a share of its limit (left of the line: met; a share is allowed the margin of its number of experiments). {len(accepted) - len(unmet)} of {len(accepted)} are met.""",
    alt_text="Points about a line at one.",
)

# %% [markdown]
# ## C. As if it were real
#
# **No open data set of measured mineral profiles between quartz and olivine is known to us.** An *artificial* column stands in (your own table takes its place): 5 mm of olivine, runs of 250, 500 and 1000 h, 15 slices each, four minerals in mass % with an error of 1.5. It is treated as if it had been
# measured; the known answer is drawn beside it afterwards.

# %%
own = tables.read(run.data("own"), "07_serpentinization_pathways") if run.own else None
table = own if run.own else tables.read(run.data("artificial_profiles"))
options = {"candidates": tuple(candidates), "length_m": length_m, "noise": noise, "diffusivity": diffusivity_m2_h, "boundary": boundary, "n_cells": n_cells, "n_draws": n_draws, "seed": seed, "n_jobs": n_jobs}  # fmt: skip
# a stored result would not notice that a network file has changed
answer = sp.analyse(table, network_path=network_path, **options) if network_path else run.cached(sp.analyse, table, **options)
truth = None if run.own else sp.embedded_experiment()
subject = "your column" if run.own else "the artificial column"
print(*answer.messages, sep="\n")
for one in answer.frame("diagnostics")["name"]:
    d = answer.diagnostic(one)
    run.diagnostic(
        one, d["value"], ok=d["ok"], limit=d["limit"], on=("inclusion", "best_networks", "profiles", "zones", "rates")
    )
unit = answer.profiles.design.amounts
value_label = "Amount (wt%)" if unit == "wt" else "Amount (mol per mol of olivine)"


def in_mm(frame):
    """Distances in millimetres, for drawing."""
    return frame.assign(distance=1e3 * frame["distance"])


# %%
shown = in_mm(answer.frame("profiles"))
right = None if truth is None else in_mm(truth.frame.drop(columns="value").rename(columns={"truth": "value"}))
axes = plots.mineral_profiles(shown, right, names=minerals | {"H2O": "water in minerals"}, series_text="{:g} h", value_label=value_label, n=f"{len(shown['value'].dropna())} numbers" + ("" if run.own else ", artificial"))  # fmt: skip
run.figure(
    axes[0].figure,
    "profiles",
    data={"profiles": answer.frame("profiles")} | ({} if truth is None else {"truth": truth.frame}),
    caption=f"""Minerals in slices of {subject}, and the bands (95 %) of the model averaged over pathways. {"" if run.own else "Dashed: the known answer."}""",
    alt_text="A panel a mineral; points within narrow bands.",
)
shares = in_mm(sp.zone_shares(answer.frame("columns"), answer.model.network))
kinds = [m for m in dict.fromkeys(shares["mineral"]) if shares.loc[shares["mineral"] == m, "share"].max() > 0.5][:7]
drawn = sp.to_the_ends(shares[shares["mineral"].isin(kinds)], 1e3 * answer.profiles.design.length)
axes = plots.zoned_profile(drawn, kinds=kinds, names=minerals, panel_text="{:g} h", value_label=f"Share of the {shares['of'].iloc[0]} (%)", n=None if run.own else "artificial")  # fmt: skip
run.figure(
    axes[0].figure,
    "zones",
    data={"columns": shares, "zones": answer.frame("zones")},
    caption=f"""Zones of {subject} after each run, by the median of the model: what holds the {shares["of"].iloc[0]}.""",
    alt_text="Stacked areas, a panel a run; talc grows from the left.",
)
for row in answer.frame("zones").itertuples():
    name = run.key("zone_to_mm", minerals.get(row.mineral, row.mineral), f"{row.duration:g} h")
    if np.isnan(row.to):
        run.number(name, "to the end of the column", unit="mm, where it falls to half of its most")
    else:
        run.number(name, 1e3 * row.to, unit="mm, where it falls to half of its most", tier="stochastic", uncertainty={"kind": "width of a cell", "sd": 2e3 * answer.model.reactor.centres[0]})  # fmt: skip

# %% [markdown]
# **Which pathway.** Inclusion of each candidate by evidence and by BIC, and the best networks: their evidence sampled along a path of tempered distributions, with its Monte-Carlo error, and WBIC, which the paper used. WBIC estimates the same number from one temperature, $\beta=1/\ln n$; with few data it is
# off by more than its own error, and it punishes superfluous reactions less.

# %%
inclusion = answer.frame("inclusion")
ran = None if truth is None else sp.effective_truth(truth)
fig, ax = plots.figure("double", 68)
plots.inclusion_bars(list(inclusion["reaction"]), inclusion[["probability", "probability_bic"]].to_numpy().T, series=["evidence", "BIC"], truth=None if ran is None else [r for r in ran if r in set(inclusion["reaction"])], label="Probability that it ran (%)", n=f"{len(answer.search.networks)} networks" + ("" if run.own else ", artificial"), ax=ax)  # fmt: skip
run.figure(
    fig,
    "inclusion",
    data=inclusion,
    caption=f"""Probability that each candidate ran in {subject}, by the evidence of all networks, and with BIC in its place.{"" if run.own else " Green: the reactions that did run."}""",
    alt_text="Grouped bars, a group a reaction.",
)
for row in inclusion.itertuples():
    run.number(run.key("inclusion", row.reaction), row.probability, unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.02})  # fmt: skip
compared = sp.compare_evidence(
    answer, n_compared if mode == "full" else 2, n_evaluations=1600 if mode == "full" else 400, seed=seed, n_jobs=n_jobs
)
true_name = None if ran is None or " + ".join(ran) not in set(compared["network"]) else " + ".join(ran)
fig, axes = plots.separate_panels("double", 72, 2)
plots.evidence_bars(list(compared["network"]), compared["log_evidence"], err=compared["log_evidence_error"], reference=compared["network"].iloc[0], truth=true_name, scale="symlog", label="ln evidence − that of the first (1)", n="evidence, sampled", ax=axes[0])  # fmt: skip
plots.evidence_bars(list(compared["network"]), compared["minus_wbic"], err=compared["wbic_error"], reference=compared["network"].iloc[0], truth=true_name, scale="symlog", label="−WBIC − that of the first (1)", n="WBIC", ax=axes[1])  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "best_networks",
    data=compared,
    caption=f"""The best networks of {subject}: differences of the log evidence (a) and of −WBIC (b), with 95 % Monte-Carlo intervals. P is over those shown.""",
    alt_text="Two panels of bars.",
    resampled=True,
)
for row in compared.itertuples():
    for short, value, error in (("log_evidence", row.log_evidence, row.log_evidence_error), ("minus_wbic", row.minus_wbic, row.wbic_error)):  # fmt: skip
        run.number(run.key(short, row.network), value, unit="nats, without constants", tier="resampled", uncertainty={"kind": "Monte Carlo", "sd": max(float(np.nan_to_num(error, nan=3.0)), 0.05)})  # fmt: skip
    run.number(run.key("minus_half_bic", row.network), row.minus_half_bic, unit="nats, without constants")
shift, ratio = compared["minus_wbic"] - compared["log_evidence"], compared["wbic_error"] / compared["log_evidence_error"]
print(f"−WBIC lies {shift.min():.1f} to {shift.max():.1f} nats above the sampled evidence, with an error {ratio.min():.0f} to {ratio.max():.0f} times as large at the same cost")  # fmt: skip
compared.round(2)

# %% [markdown]
# **Rates and diffusivity** of the most probable pathway, and what the choice of priors does to it. Intervals are those of the normal approximation about the most probable rates; how often they and the bands of the profiles hold the known answer, in this one column, is printed below. One rate that lies outside takes all slices along that hang on it, so that their misses are not independent;
# the share over many experiments is under the scores of section B.

# %%
rates = answer.frame("rates")
middle = rates["median"].to_numpy(float)
fig, axes = plots.separate_panels("double", 78, 2, width_ratios=[1, 1.35])
plots.forest(list(rates["reaction"]), np.ones(len(rates)), lower=rates["lo95"] / middle, upper=rates["hi95"] / middle, reference=1.0, label="Over the median, 95 % (1)", n="most probable pathway", ax=axes[0])  # fmt: skip
axes[0].set_xscale("log")
plots.plain_log_axis(axes[0], "x")
if truth is not None:
    at = dict(zip(truth.model.names, truth.parameters, strict=True))
    axes[0].plot([at.get(r, np.nan) / m for r, m in zip(rates["reaction"], middle, strict=True)], np.arange(len(rates)), ls="none", marker="|", ms=12, mew=1.6, color="black", label="true")  # fmt: skip
    axes[0].legend(loc="best", markerscale=0.5)
priors = sp.prior_panel(
    answer, factors=(0.25, 1.0, 4.0) if mode == "full" else (1.0,), dex=(1.5,) if mode == "full" else (), n_jobs=n_jobs
)
grid = priors.pivot(index="prior", columns="reaction", values="probability").loc[list(dict.fromkeys(priors["prior"])), list(dict.fromkeys(priors["reaction"]))]  # fmt: skip
plots.score_table(100 * grid.to_numpy(), list(grid.index), list(grid.columns), label="Inclusion (%)", log=False, fmt="{:.0f}", ax=axes[1])  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "rates",
    data={"rates": rates, "priors": priors},
    caption=f"""(a) Rate constants and diffusivity (D) of the most probable pathway, each over its median{"" if run.own else "; black: the true ones"}. (b) Inclusion under other priors of the rates.""",
    alt_text="Left, intervals about one; right, a table of percentages.",
)
for row in rates.itertuples():
    name = "diffusivity" if row.reaction == "D" else run.key("rate", row.reaction)
    run.number(name, row.median, unit="m2/h, times silica at saturation over olivine" if row.reaction == "D" else "1/h", uncertainty={"kind": "95 % interval, most probable pathway", "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip
for row in priors.itertuples():
    run.number(run.key("inclusion", row.prior, row.reaction), row.probability, unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.02})  # fmt: skip
if truth is not None:
    right = rates.set_index("reaction").assign(true=pd.Series(at))
    outside = right.index[~right["true"].between(right["lo95"], right["hi95"])].tolist()
    run.number("coverage[rates]", 1 - len(outside) / len(right), unit="1", tier="stochastic", uncertainty={"kind": "one of them", "sd": 1 / len(right)})  # fmt: skip
    far = (right["true"] - right["median"]).abs() / (right["hi95"] - right["lo95"]) * 2 * 1.96
    said = ", ".join(f"{name} ({far[name]:.1f} standard deviations away)" for name in outside)
    print(f"true rates and diffusivity inside their 95 % intervals: {len(right) - len(outside)} of {len(right)}; outside: {said or 'none'}")  # fmt: skip
    at_slices = answer.frame("profiles").merge(truth.frame[["duration", "slice", "observable", "truth"]], on=["duration", "slice", "observable"])  # fmt: skip
    # narrower bands are no statement: there the mineral is all or nothing, and the rest is error of the solver
    open_ones = at_slices[at_slices["hi95"] - at_slices["lo95"] > SOLVER_WT]
    for mineral, one in open_ones.groupby("observable", sort=False):
        inside = one["truth"].between(one["lo95"], one["hi95"])
        run.number(run.key("coverage[profiles]", minerals[mineral]), float(inside.mean()), unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.1})  # fmt: skip
        print(f"{minerals[mineral]}: the truth lies inside the 95 % band of the model in {inside.sum()} of {len(one)} slices where the band is wider than {SOLVER_WT:g} wt%")  # fmt: skip
    for name, value in sp.score(answer.search, truth).items():
        run.number(
            run.key("known_answer", name), value, unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.02}
        )
rates.drop(columns="at_bound", errors="ignore")

# %% [markdown]
# **What to measure next.** One more slice, after a run of some other duration: where would it tell the two most probable pathways apart, and where is most still open?

# %%
ahead = in_mm(answer.frame("next_measurement"))
ahead["observable"] = ahead["observable"].replace(minerals)
if len(ahead):
    kinds = list(dict.fromkeys(ahead["observable"]))[:7]
    ways = {"difference_over_sigma": "Difference between the two best pathways\nover the error (1)", "posterior_spread_over_sigma": "Spread of all that is still possible\nover the error (1)"}  # fmt: skip
    most = ahead[ahead["observable"].isin(kinds)].groupby(["observable", "duration"], as_index=False)[list(ways)].max()
    fig, axes = plots.separate_panels("double", 82, 2)
    for ax, (column, text) in zip(axes, ways.items(), strict=True):
        plots.benchmark_curves(most, x="duration", y=column, method="observable", methods=kinds, log=False, label="legend" if ax is axes[0] else "none", x_label="Duration (h)", y_label=text, n="best slice", ax=ax)  # fmt: skip
        ax.set_ylim(0, max(1.05, 1.1 * most[column].max()))
        ax.set_xscale("log")
        plots.plain_log_axis(ax, "x")
    plots.panel_labels(axes)
    run.figure(
        fig,
        "next_measurement",
        data=ahead,
        caption=f"""What one further slice of {subject} would tell, by duration, at the best slice. (a) Difference of the predictions of the two most probable pathways, over the error of a measurement: below 1, no single slice tells them apart. (b) Standard deviation of the
        predictions of all pathways and rates that are still possible, over the same error.""",
        alt_text="Curves of four minerals by duration, in two panels.",
    )
    for column, short in (("difference_over_sigma", "pathway"), ("posterior_spread_over_sigma", "rates")):
        best = ahead.loc[ahead[column].idxmax()]
        run.number(run.key("next_measurement_gain", short), float(best[column]), unit="errors of a measurement", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.1})  # fmt: skip
    run.number("next_measurement", f"{best['observable']} at {best['distance']:.2g} mm after {best['duration']:.2g} h", unit="where most is still open")  # fmt: skip

# %% [markdown]
# ## D. What it means, and how far
#
# **What was learnt.** With three runs, 15 slices and all four minerals the pathway is found in nearly every experiment, with 10 % of a mole of noise too. One run of 15 slices does as well while the noise is 3 %, and fails in most experiments at 10 %; talc alone, or a single short run of water contents, fails in most already at 3 %
# (counts under the scores; with four experiments a point, eight in the full design, neighbouring designs cannot be ranked). No design of two runs was tried on noisy data. That few and noisy data do not tell is also what the paper reported.
#
# **Runs or slices.** Three runs are three times the analyses of one, so that designs are to be compared at the same number of slices (printed under the figures on identifiability and on design). With all four minerals measured, one long run fixes the rates about as well as two runs of half the slices; with water, or brucite and
# talc only, the second run helps. To tell *straight to talc* from its rivals, three runs of five slices promise more than one run of fifteen, whatever is measured; in the noisy experiments the difference is too small to be seen. The short run shows how fast olivine goes, the long one how far silica came.
#
# **Inclusion probabilities** agree with how often reactions ran, within what so few decisions can tell, all designs taken together.
#
# **Zones are not a pathway.** A sequence of talc, serpentine and serpentine with brucite comes from all three pathways that make brucite. Talc that grows from serpentine has a sharp front, since serpentine must be there first and silica must exceed a threshold; talc straight from olivine fades out. Brucite at the far end asks
# for hydration without silica (R2, or R8 that accelerates itself), and its retreat for R5. R2 and R8 imitate each other: no single further slice tells them apart.
#
# **Evidence and WBIC.** WBIC has a Monte-Carlo error of about a nat, several times that of the sampled evidence at the same cost: enough to leave open which of the two best networks comes first. It lies nats higher (numbers under the figure), and lets superfluous reactions in more easily.
#
# **A trap.** Where one long run has used up what tells reactions apart, the likelihood has side summits and kinks (a rate of zero next to which all silica is taken up). A search that starts every network from its best part then misses the true one, and a quadratic at a kink promises an evidence that cannot be. Networks are therefore
# started again from larger ones that fit better, and such promises are not counted.
#
# **Limits.** No measured column was available: everything here is artificial, and made by the equations that explain it. Magnesium does not move and there is no iron; temperature is constant, the grains are of one size; volumes do not change, nothing cracks, and the diffusivity does not follow the porosity. Intervals of rates and bands of profiles are normal approximations about the best rates of each network; where a rate is far outside, as under the figure on rates, the bands of the minerals that it makes miss too.
# Errors are independent and normal. Rates are near the scale of their priors. Quartz keeps the fluid at saturation (`boundary`). $D$ is per mole of olivine: for that of silica in the pores, multiply it by olivine over dissolved silica, both per volume of rock.
#
# **To try next.** Your own column: `data/templates/07_serpentinization_pathways_blank.csv`. Plan runs of two durations, a factor of four apart, and look at the figures on identifiability and design first. A mineral that was looked for and not found is 0; an empty cell was not analysed. Other minerals (lizardite and chrysotile, magnesite) go into a network file, every reaction of which is checked element by element.

# %%
run.finish()
