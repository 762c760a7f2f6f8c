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
# # Hydrothermal reactions: which of many candidates really ran
#
# **Question.** Rock and water react in a closed vessel, and a few things are measured over time: dissolved silica often, the solids once at the end. Many reactions could have run, each on one of several kinds of surface.
# Which did, at what rates, and how sure is that?
#
# Two routes are taken. One follows Ito et al. (2021): amounts that were not measured are hidden states of a noisy system, and expectation-maximisation with *sparse* rate constants selects reaction terms and surface models at
# once, from dissolved concentration alone. The other is Bayesian, as Oyanagi et al. (2021) did in space (case 07): *every* network is weighed by its evidence. Only the opening passages of the papers were available: the
# equations below are our own, *after* theirs.
#
# *Time: under two minutes. To use your own table: `make case NAME=hydrothermal DATA=series.csv ARGS='-p network_path my.toml'` (section C then shows your series; without a network file the candidates are the eight of section A;
# `data/05_hydrothermal_reactions/example_network.toml` is a file to start from).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own series (empty for the compendium's own)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial experiments and marks every figure
seed = 2021  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
network_path = ""  # file; any; TOML file of candidate reactions for your table (empty for the olivine-quartz-water network)
candidates = []  # names; any; reactions to weigh, by name (empty for all)
leave_out = []  # names; any; measured species that are not used
n_sweeps = 1800  # count; 0 to 1000000; sweeps of the assisted check by replica exchange (0 leaves it out)
n_rescored = 12  # count; 0 to 1000; best networks whose evidence is computed again by stepping stones
n_draws = 200  # draws; 50 to 10000; posterior draws for predictive bands

# %%
import numpy as np
import pandas as pd

from lib import plots, reactions, tables
from lib.kinetics import BatchReactor, silica_network
from lib.reactions import report, silica
from lib.workflow import Run

run = Run.start("05_hydrothermal_reactions", globals())
plots.use_style()

# %% [markdown]
# ## A. The model and its algorithm
#
# **Rates.** Amounts $y$ change as $\dot y=N\,r(y)$, $r_j=k_j\,S_j(y)\,f_j(y)$: a rate constant $k_j\ge0$, a surface model $S_j$ (constant, proportional to the amount $m$ or to $m^{2/3}$ of grains of fixed number, of the product, of
# both), and an affinity $f_j$ of the dissolved species. Every rate is linear in its constant, and a reaction on another surface is another candidate: one column of $N$.
#
# **The network.** Olivine (Fo), quartz (Qz) and water, silica the only mobile component: C is dissolved silica over that at quartz saturation. R1 quartz dissolves; R2 olivine hydrates to serpentine (Srp) and brucite (Brc); R3 olivine takes up
# silica; R4 serpentine turns into talc (Tlc); R5 brucite takes up silica; R6 olivine goes straight to talc; R7 silica is lost; R8 is R2 that needs serpentine to sit on. The fluid holds little silica, so the system is stiff. A compiled Rosenbrock
# solver returns amounts and their derivatives with respect to every $k$ in some 0.1 ms; magnesium and silicon are conserved to rounding.
#
# **Evidence.** Priors: every network alike, $k_j$ of a reaction that is in half-normal with scale $s_j$ (twice a reference value). The evidence of a network, $Z=\int p(\text{data}\mid k)\,p(k)\,dk$, penalises what is not needed. It is found at the most
# probable $k$, with the normal integral cut off at $k=0$; every network starts from its best part, so that none can fit worse than a part of it. A reaction that is present but *inert* (R5 without brucite) explains nothing: networks that differ in
# one are counted as the same. Large networks often explain the data in several ways, by one half of their reactions or by the other: the best networks are computed again by stepping stones that start from *all* these explanations. Replica exchange over
# networks and rates is an *assisted* check, for it also proposes whole networks from what the search found. The Metropolis rule makes it exact for long chains; in short ones, what the search missed is left to the other moves. An unassisted
# check is part of the acceptance tests.
#
# **Sparsity.** In the other route the states are noisy, $dy=N r\,dt+dW$, and a particle smoother draws trajectories of what was not measured. Given these, the expected log likelihood is quadratic in $k$ and is maximised
# with a penalty $\sum_j\lambda_j k_j$: *uniform*, or *non-uniform* (adaptive), where small rates pay more than large ones.

# %%
network = silica_network()
times = np.geomspace(silica.FIRST / 4, silica.DURATION, 120)
answers = {}
for names in reactions.TRUTHS.values():
    k = np.where(network.mask(names), network.reference, 0.0)
    y = BatchReactor(network, None, times).solve(k, rtol=1e-8)
    answers[" + ".join(names)] = pd.concat([pd.DataFrame({"time_h": times, "species": s, "median": y[:, j], "lo95": y[:, j], "hi95": y[:, j]}) for j, s in enumerate(network.species) if s != "Am"])  # fmt: skip
    drift = np.abs((y - network.initial()) @ network.conserved()[:2].T).max()
    run.number(run.key("conservation_drift", " + ".join(names)), bool(drift < 1e-12), unit="below 1e-12 mol")
axes = plots.hidden_states(
    answers, time_label="Time (1)", value_label="Amount (mol; C: 1)", ncols=3, n="three artificial networks", band_label=""
)
run.figure(
    axes[0].figure,
    "networks",
    data=pd.concat(
        [
            f.drop(columns=["lo95", "hi95"]).rename(columns={"median": "amount", "time_h": "time"}).assign(network=n)
            for n, f in answers.items()
        ]
    ),
    caption="""Amounts over time in three networks with reference rates: what an experimenter would have to tell apart. C is dissolved silica over that at quartz saturation, the others are in mol.""",
    alt_text="Six panels of curves; the networks differ most in brucite and talc.",
)
report.reactions_frame(network).assign(k=network.reference)

# %% [markdown]
# *Reading the table.* $k$ is the reference rate constant, in mol (per mol of olivine at the start) per unit of time; a series lasts 60 units. Surfaces: *mineral* $m^{2/3}$, *autocatalytic* the same of reactant and of product, multiplied, with 0.001 of product to begin with, *constant* one. Affinities:
# *dissolution* $1-c$; *first order* $c$; *precipitation* $c/c_s-1$ where that is positive, with the saturation $c_s$ of talc in brackets; *excess* $c$ above a threshold, which makes brucite and silica exclude each other. Saturation of quartz, $c=1$, is
# 0.02 mol.
#
# ## B. Artificial data with a known answer
#
# **Hidden solids, sparse rates.** A solid A dissolves to c, from which B precipitates; only c is measured. Seven candidates: dissolution on a constant surface, on the area or the amount of A, precipitation on a constant surface, on the
# area of A, of B, or in proportion to B. Dissolution on the area of A and precipitation on the area of B are true. Sixty readings over 60 h with a noise of 2 mmol/kg; A dissolves up to 0.3 mol/kg, and B precipitates above 0.1 mol/kg.

# %%
sparse = run.cached(reactions.sparse_example, seed=seed, n_starts=1, n_iterations=run.pick(40, 20))
axes = plots.hidden_states({"filtered": sparse["filtered"], "smoothed": sparse["smoothed"]}, sparse["data"], sparse["truth"], log_time=False, time_label="Time (1)", value_label="Amount (mol/kg)", ncols=3)  # fmt: skip
run.figure(
    axes[0].figure,
    "hidden_solids",
    data={name: sparse[name] for name in ("filtered", "smoothed", "data", "truth")},
    caption="""Filtered and smoothed amounts (95 % bands) of two solids that were never measured, from dissolved concentration alone; dashed: the known answer. Rates are held at their estimates: the bands lack the error of these.""",
    alt_text="Three panels of bands that follow the dashed lines, inside at most times.",
)
for name in dict.fromkeys(sparse["smoothed"]["species"]):
    band, right = (sparse[kind].query("species == @name") for kind in ("smoothed", "truth"))
    at = np.interp(band["time_h"], right["time_h"], right["value"])
    share = float(((band["low"] <= at) & (at <= band["high"])).mean())
    run.number(run.key("coverage[hidden solids]", name), share, unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.15})  # fmt: skip
    print(f"{name}: the truth lies inside the smoothed 95 % band at {share:.0%} of times")

# %%
rates, short = sparse["rates"], sparse["short"]
true = {r.reaction: r.rate for r in rates.itertuples() if r.kind == "true" and r.rate > 0}
fig, axes = plots.figure("double", 80, 1, 2, sharey=True)
for ax, way in zip(axes, ("uniform", "non-uniform"), strict=True):
    plots.em_path(sparse["path"].query("method == @way"), truth=true, names=short, label="Rate constant (mol/kg per unit time)" if ax is axes[0] else "", n=f"{way} sparsity", ax=ax)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "em_path",
    data=sparse["path"],
    caption="""Rate constants along the iterations of expectation-maximisation with uniform (a) and non-uniform (b) sparsity; dotted: the true ones; grey: terms that end at zero.""",
    alt_text="Two panels of curves over iterations.",
)
kinds = [kind for kind in dict.fromkeys(rates["kind"]) if kind != "true"]
table = rates.pivot(index="reaction", columns="kind", values="rate").loc[list(short)]
sd = rates.pivot(index="reaction", columns="kind", values="sd").loc[list(short)].fillna(0)
fig, ax = plots.figure("double", 85)
plots.profile(
    np.arange(len(table)),
    {kind: table[kind].to_numpy() for kind in kinds},
    lower={kind: (table[kind] - 1.96 * sd[kind]).clip(lower=0).to_numpy() for kind in kinds},
    upper={kind: (table[kind] + 1.96 * sd[kind]).to_numpy() for kind in kinds},
    connect=False,
    position_label="",
    value_label="Rate constant (mol/kg per unit time)",
    n="one artificial series",
    ax=ax,
)
ax.plot(np.arange(len(table)), table["true"], ls="none", marker="_", ms=20, mew=1.6, color="black", zorder=1, label="true")
ax.set_xticks(np.arange(len(table)), [short[r] for r in table.index], rotation=20, ha="right")
ax.legend(loc="upper center", markerscale=0.6)
run.figure(
    fig,
    "sparse_rates",
    data=rates,
    caption="""True and estimated rate constants (95 %): uniform and non-uniform sparsity, and the terms chosen by the latter refitted without penalty.""",
    alt_text="Points for each candidate beside black ticks of the truth.",
)
for row in rates[rates["kind"] != "true"].itertuples():
    run.number(run.key("rate[hidden solids]", row.kind, short[row.reaction]), row.rate, unit="mol/kg per unit time", tier="stochastic", uncertainty={"kind": "rough", "sd": max(0.3 * row.rate, 0.02)})  # fmt: skip

# %%
support = run.cached(reactions.recover_supports, run.pick((0.001, 0.01), (0.003,)), run.pick((15, 60), (15,)), n_sets=run.pick(3, 1), seed=seed, n_jobs=n_jobs)  # fmt: skip
support.drop(columns=["exact_se", "exact_lo95", "exact_hi95"]).round(2)

# %%
fig, axes = plots.figure("double", 72, 1, 2)
shown = support[support["stage"] == "debiased"]
cells = shown[["noise", "n_times"]].drop_duplicates().sort_values(["noise", "n_times"])
words = {"exact": "Right terms and no others (% of series)", "true_positive": "True terms that were found (%)"}
for ax, (column, text) in zip(axes, words.items(), strict=True):
    for kind, shift, marker in (("uniform", -0.08, "o"), ("non-uniform", 0.08, "s")):
        part = cells.merge(shown[shown["sparsity"] == kind], on=["noise", "n_times"])
        reach = 100 * np.abs(part[["exact_lo95", "exact_hi95"]].to_numpy().T - part["exact"].to_numpy())
        ax.errorbar(np.arange(len(part)) + shift, 100 * part[column], yerr=reach if column == "exact" else None, fmt=marker, label=kind)  # fmt: skip
    ax.set(ylim=(-5, 105), xlim=(-0.5, len(cells) - 0.5), xlabel="Noise (mmol/kg), readings", ylabel=text)
    ax.set_xticks(np.arange(len(cells)), [f"{1000 * r.noise:g},\n{r.n_times}" for r in cells.itertuples()])
axes[1].legend(title="sparsity", loc="lower left")
plots.panel_labels(axes)
run.figure(
    fig,
    "support_recovery",
    data=support,
    caption=f"""How often the right reaction terms and surfaces are found from dissolved concentration alone, against noise and number of readings over the same time ({run.pick(3, 1)} series a point, 95 % intervals in a; terms refitted without penalty).""",
    alt_text="Two panels of points for each noise and number of readings, a marker for each kind of sparsity; wide error bars in the first.",
    resampled=True,
)
for row in support.itertuples():
    run.number(run.key("support_recovery", row.sparsity, row.stage, f"noise {row.noise:g}", f"{row.n_times} times"), row.exact, unit="1", tier="resampled", uncertainty={"kind": "standard error", "sd": max(row.exact_se, 0.1)})  # fmt: skip

for kind, part in shown.groupby("sparsity", sort=False):
    right = ", ".join(
        f"{r.n_sets * r.exact:.0f} of {r.n_sets} at {1000 * r.noise:g} mmol/kg with {r.n_times} readings"
        for r in part.itertuples()
    )
    print(f"{kind} sparsity, right terms and no others: {right}; true terms found {part['true_positive'].mean():.0%}, others kept {part['false_positive'].mean():.0%}")  # fmt: skip

# %% [markdown]
# **Weighing all networks.** Silica is measured at 30 times and the four solids once, at the end, with 3 % noise; R1 to R4 ran. The most probable network need not be the one that ran, for R8 imitates R2: what counts is that neither is called certain. The
# chains are short here; they need several times as many sweeps to agree with the evidence within 0.05, which the acceptance run holds them to.

# %%
series, found = run.cached(
    reactions.silica_example,
    seed,
    n_sweeps=run.pick(n_sweeps // 2, 200),
    n_rescored=run.pick(8, 4),
    dex=(1.5,),
    factors=run.pick((0.25, 1.0, 4.0), (1.0,)),
    n_draws=n_draws,
    n_jobs=n_jobs,
)
print(*found.messages, sep="\n")
checks = found.frame("agreement")
fig, ax = plots.figure("double", 70)
ways = {"evidence": found.frame("inclusion")["probability"], "replica exchange": checks["exchange"], "BIC": found.frame("inclusion")["probability_bic"]}  # fmt: skip
plots.inclusion_bars(list(network.names), np.array(list(ways.values())), series=list(ways), truth=series.truth, label="Probability that it ran (%)", n=f"{len(found.frame('data'))} numbers", ax=ax)  # fmt: skip
run.figure(
    fig,
    "artificial_inclusion",
    data=found.frame("inclusion").merge(checks, on="reaction"),
    caption="""Probability that each candidate ran, by the evidence of all 256 networks, by replica exchange, and with BIC in place of the evidence; green: the reactions that did run.""",
    alt_text="Bars for eight reactions.",
    resampled=True,
)
for row in found.frame("inclusion").itertuples():
    run.number(
        run.key("inclusion[artificial]", row.reaction),
        row.probability,
        unit="1",
        tier="resampled",
        uncertainty={"kind": "rough", "sd": 0.05},
    )
run.number(
    "largest_difference[artificial][evidence and replica exchange]",
    float(checks["difference"].max()),
    unit="1",
    tier="resampled",
    uncertainty={"kind": "rough", "sd": 0.05},
)
top = found.frame("networks").head(8)
fig, ax = plots.figure("double", 80)
plots.evidence_bars(list(top["network"]), top["log_evidence"], err=top["log_evidence_error"], truth=" + ".join(series.truth) if " + ".join(series.truth) in set(top["network"]) else None, n="8 best of 256 networks", ax=ax)  # fmt: skip
run.figure(
    fig,
    "artificial_networks",
    data=top,
    caption="""Evidence of the best networks, with its Monte-Carlo error by stepping stones (without bar: Laplace evidence); P is over those shown.""",
    alt_text="Bars of log evidence.",
    resampled=True,
)
place = [set(name.split(" + ")) == set(series.truth) for name in found.frame("networks")["network"]]
rank = int(np.argmax(place)) + 1 if any(place) else None
print(f"the network that ran has rank {rank} of {len(place)}; evidence and replica exchange differ by at most {checks['difference'].max():.2f} in an inclusion probability")  # fmt: skip

# %%
truth = (
    series.frame.rename(columns={"time": "time_h", "clean": "amount"})
    .drop(columns="value")
    .rename(columns={"amount": "value"})
)
axes = plots.hidden_states(found.frame("prediction"), found.frame("data"), truth, species=["C", "Qz", "Fo", "Srp", "Brc", "Tlc"], time_label="Time (1)", value_label="Amount (mol; C: 1)", ncols=3)  # fmt: skip
run.figure(
    axes[0].figure,
    "artificial_prediction",
    data={"prediction": found.frame("prediction"), "data": found.frame("data"), "truth": truth},
    caption="""Posterior predictive amounts averaged over networks (95 %), of what was measured and of what was not; dashed: the known answer.""",
    alt_text="Six panels of bands; data on silica and single points on the solids.",
    resampled=True,
)

# %% [markdown]
# **Does the prior matter?** A half-normal prior lets a rate be small but counts that against the reaction, the more the wider it is: a wide one leaves out what is not needed, a *narrow* one lets false reactions in. So does a broad log-normal
# prior, for which "present but negligible" imitates "absent". **And what to measure next?** Where
# networks that are still possible predict different values.

# %%
priors_by = (
    "Under each prior only the evidence of the few best networks is sampled, and briefly; the others have the Laplace evidence"
)
sensitivity = found.frame("sensitivity")
grid = sensitivity.pivot(index="prior", columns="reaction", values="probability").loc[
    list(dict.fromkeys(sensitivity["prior"]))
]
fig, axes = plots.separate_panels("double", 82, 2, width_ratios=[1.25, 1])
plots.score_table(
    100 * grid.to_numpy(), list(grid.index), list(grid.columns), label="Inclusion (%)", log=False, fmt="{:.0f}", ax=axes[0]
)
ahead = found.frame("next_measurement")
shown = ahead[ahead["species"].isin(["C", "Fo", "Srp", "Brc", "Tlc", "Qz"])].sort_values("time")
plots.benchmark_curves(shown, x="time", y="spread_over_sigma", method="species", methods=["C", "Fo", "Srp", "Brc", "Tlc", "Qz"], log=False, label="legend", x_label="Time (1)", y_label="Spread between networks\nover the error (1)", n="one reading", ax=axes[1])  # fmt: skip
axes[1].set_xscale("log")
plots.panel_labels(axes)
run.figure(
    fig,
    "prior_and_next",
    data={"sensitivity": sensitivity, "next_measurement": ahead},
    caption=f"""(a) Inclusion probabilities under other priors of the rates, scale as a factor of the one used, or width of log-normal ones. {priors_by}, so that the row × 1 differs a little from the probabilities above. (b) Which further reading would tell the remaining networks apart: the spread of their predictions, over the error of a reading.""",
    alt_text="A table of percentages, and curves over time.",
    resampled=True,
)

# %% [markdown]
# **Repeated.** How often is the right network found, with how many and how good data? BIC, which counts parameters, is put beside the evidence.

# %%
n_sets = run.pick(6, 2)
repeated = run.cached(
    reactions.recovery,
    run.pick(reactions.DESIGNS, reactions.DESIGNS[1:]),
    (0.01, 0.03, 0.1),
    n_sets=n_sets,
    seed=seed,
    n_jobs=n_jobs,
)
scores = reactions.summary(repeated)
designs = list(dict.fromkeys(scores["design"]))
fig, axes = plots.separate_panels("double", 85, 2)
noises = sorted(set(scores["noise"]))
by = {column: 100 * scores.pivot(index="noise", columns="design", values=column)[designs] for column in ("exact", "exact_lo95", "exact_hi95")}  # fmt: skip
plots.profile(np.arange(len(noises)), by["exact"], lower=by["exact_lo95"], upper=by["exact_hi95"], dodge=0.05, position_label="Noise (% of a mole, of saturation)", value_label="Right network found (% of series)", n=f"{n_sets} series a point", legend="lower left", ax=axes[0])  # fmt: skip
axes[0].set_xticks(np.arange(len(noises)), [f"{100 * s:g}" for s in noises])
axes[0].set_ylim(0, 105)
predicted, happened = reactions.decisions(repeated)
plots.reliability(np.column_stack([1 - predicted, predicted]), np.where(happened > 0, "ran", "did not run"), ["did not run", "ran"], bins=5, only="ran", label="Predicted probability that it ran (%)", n=f"{len(predicted)} decisions", ax=axes[1])  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "recovery",
    data={
        "recovery": scores.drop(columns="cpu_seconds"),
        "decisions": pd.DataFrame({"predicted": predicted, "observed": happened}),
    },
    caption=f"""(a) How often the right network is found, against noise, for three designs (with 95 % intervals of {n_sets} series). (b) Calibration: how often a reaction ran that was said to have run with the probability on the axis, every candidate of every series once (95 % intervals as if these were independent). Both use the Laplace evidence, without sampling.""",
    alt_text="Points for three designs over the noise with wide intervals, and points about a diagonal.",
    resampled=True,
)


def solver_noise(quantity, n_sets, se=0.0):
    """What another machine may change: the series are the same, so that little more than one answer can flip."""
    if quantity in ("exact", "exact_bic", "gain"):
        return {"kind": "one series may flip", "sd": 1 / (3 * n_sets)}
    return {"kind": "solver noise", "sd": {"brier": 0.01, "fpr": 0.02}.get(quantity, max(se, 0.01) / 5)}


stated = {"exact": "exact_recovery", "exact_bic": "exact_recovery_bic", "brier": "brier", "fpr": "false_positive_rate"}
for row in scores.itertuples():
    for name, long_name in stated.items():
        run.number(run.key(long_name, row.design, f"{row.noise:g}"), getattr(row, name), unit="1", tier="resampled", uncertainty=solver_noise(name, row.n_sets))  # fmt: skip
for name in designs:
    part = scores[scores["design"] == name]
    right = (part[["exact", "exact_bic"]].mul(part["n_sets"], axis=0)).sum().round().astype(int)
    print(
        f"{name}, all noises: right network in {right['exact']} of {part['n_sets'].sum()} series by evidence, in {right['exact_bic']} by BIC"
    )
sure = (predicted >= 0.8) | (predicted <= 0.2)
print(f"of {np.sum(predicted >= 0.8)} reactions given 80 % or more, {predicted[predicted >= 0.8].mean():.0%} on average, {happened[predicted >= 0.8].mean():.0%} ran; of {np.sum(predicted <= 0.2)} given 20 % or less, {predicted[predicted <= 0.2].mean():.0%} on average, {happened[predicted <= 0.2].mean():.0%} ran; of the {np.sum(~sure)} between, {predicted[~sure].mean():.0%} on average, {happened[~sure].mean():.0%} ran")  # fmt: skip

# %%
detect = run.cached(reactions.detectable, n_jobs=n_jobs)
axes = plots.detectability_map(detect.assign(noise_pct=100 * detect["noise"]), x="noise_pct", x_label="Noise (%)", panel_text="rate of R2: {:g} of the reference", label="Posterior probability of R2 (%)")  # fmt: skip
plots.panel_labels(axes)
run.figure(
    axes[0].figure,
    "detectability",
    data=detect,
    caption="""Posterior probability, at even odds, of R1 to R4 against the same network without R2, for three rate constants of R2, over noise and number of times; data without scatter, silica at all times and solids at the end. At 50 % nothing is learnt; below, the data do not need R2 and its free rate counts against it, the more the better they are, until they show it. R8, which imitates R2, is not a candidate here; where it is, R2 is less certain.""",
    alt_text="Three tables of percentages.",
)
for row in detect.itertuples():
    run.number(
        run.key("detectability", f"rate {row.multiplier:g}", f"noise {row.noise:g}", f"{row.n_times} times"),
        row.probability,
        unit="1",
    )

# %% [markdown]
# **What has to be reached.** Limits set beforehand; here with few series, in the acceptance run with forty of each kind.

# %%
accepted = reactions.acceptance_table(repeated, together=True)
for row in accepted.itertuples():
    run.number(
        run.key("acceptance", row.row),
        row.value,
        unit="1",
        tier="resampled",
        uncertainty=solver_noise(row.quantity, row.n_sets, row.se),
    )
unmet = accepted.loc[~accepted["met"], "row"].tolist()
run.diagnostic("acceptance", len(unmet), ok=run.pick(not unmet, len(unmet) <= 4), limit=0, on=("acceptance",))
within = (accepted["value"] >= accepted["limit_low"].fillna(-np.inf)) & (accepted["value"] <= accepted["limit_high"].fillna(np.inf))  # fmt: skip
limit = accepted["limit_high"].fillna(accepted["limit_low"])
factor = np.where(
    accepted["limit_high"].notna(), accepted["value"] / limit.clip(lower=1e-3), limit / accepted["value"].clip(lower=1e-2)
)
fig, ax = plots.figure("double", 30 + 4.5 * len(accepted))
plots.forest([f"{row.row}: {row.label}" for row in accepted.itertuples()], np.clip(factor, 0.01, 4), reference=1.0, label="Share of what the limit allows (1)", n=f"{n_sets} series a kind", ax=ax)  # fmt: skip
run.figure(
    fig,
    "acceptance",
    data=accepted,
    caption=f"""Every requirement as a share of its limit (left of the line: within the limit itself). Right of it, a requirement still counts as met within the margin of its few series, so wide that chance alone fails one in twenty runs. Of {len(accepted)}, {within.sum()} are within the limit itself, {(accepted["met"] & ~within).sum()} only within the margin, and {len(unmet)} are not met.""",
    alt_text="Points about a line at one.",
    resampled=True,
)

# %% [markdown]
# ## C. Real data
#
# No open hydrothermal time series with fluid *and* solids is known to us. Two smaller sets are here: the isomerisation of alpha-pinene, the standard test of reaction selection although no geologist's reaction, and the progress of one serpentinisation
# experiment.

# %%
own = tables.read(run.data("own"), "05_hydrothermal_reactions") if run.own else None
if own is not None:
    options = {"candidates": tuple(candidates), "leave_out": tuple(leave_out), "n_sweeps": n_sweeps, "n_rescored": n_rescored, "n_draws": n_draws, "seed": seed, "n_jobs": n_jobs}  # fmt: skip
    # a stored result would not notice that a network file has changed
    mine = reactions.analyse(own, network_path=network_path, **options) if network_path else run.cached(reactions.analyse, own, **options)  # fmt: skip
else:
    pinene = tables.read(run.data("alpha_pinene"))
    progress = tables.read(run.data("serpentinization_progress"))
    for name, value in reactions.traps(pinene).items():
        run.number(run.key("alpha_pinene", name), value, unit="mass %")
    box, ssr = reactions.box_fit(pinene)
    run.number("ssr[mechanism of Box et al.]", ssr, unit="(mass %)^2", published=19.8721, tolerance=1e-4,
               source="COPS 3.0 (Dolan, Moré & Munson 2004, ANL/MCS-273), isomerization of alpha-pinene: 1.98721e1, by collocation, hence the last digit")  # fmt: skip
    for name, value in zip(reactions.BOX, box, strict=True):
        run.number(run.key("rate[mechanism of Box et al.]", name), 1e5 * value, unit="1e-5 per minute")
    mine = run.cached(reactions.analyse, pinene, candidates=tuple(candidates) or reactions.PLAUSIBLE, leave_out=tuple(leave_out) or ("pyronene",), n_sweeps=run.pick(n_sweeps, 200), n_rescored=run.pick(n_rescored, 4), factors=run.pick((0.5, 1.0, 2.0), (1.0, 2.0)), dex=(), n_draws=n_draws, seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*mine.messages, sep="\n")
subject = "your series" if run.own else "alpha-pinene"


# %% [markdown]
# **C.1 Two traps of alpha-pinene.** Pyronene equals 0.03 (100 − alpha-pinene) within rounding at every time: it was hardly measured, and to fit it is to fit a rule. And the five add up to 100: with all five, the same information counts twice. Four
# are used, with one unknown error. The candidates are ten, named by letters (A alpha-pinene, D dipentene, L alloocimene, P pyronene, M dimer; 2L>M is of second order): dipentene is taken for an end product, and nothing turns into alpha-pinene again. The mechanism of Box et al. (1973) fits with a sum of squares that is reproduced above; but others are more probable (its rank is printed below).


# %%
def state(answer, on) -> None:
    """Record the headline diagnostics of an analysis."""
    for one in answer.frame("diagnostics")["name"]:
        d = answer.diagnostic(one)
        run.diagnostic(one, d["value"], ok=d["ok"], limit=d["limit"], on=on)


if mine.kind == "networks":
    state(mine, ("inclusion", "best_networks", "prediction"))
    inclusion, checks = mine.frame("inclusion"), mine.frame("agreement")
    ways = {"evidence": inclusion["probability"]}
    if len(checks):
        ways["replica exchange"] = checks["exchange"]
    ways["BIC"] = inclusion["probability_bic"]
    fig, ax = plots.figure("double", 72)
    plots.inclusion_bars(list(inclusion["reaction"]), np.array(list(ways.values())), series=list(ways), label="Probability that it ran (%)", n=f"{len(mine.frame('data'))} numbers", ax=ax)  # fmt: skip
    run.figure(
        fig,
        "inclusion",
        data=inclusion.merge(checks, on="reaction", how="left"),
        caption=f"""Probability that each candidate ran in {subject}, by evidence over networks, by BIC, and by replica exchange.""",
        alt_text="Grouped bars, a group a candidate.",
        resampled=True,
    )
    top = mine.frame("networks").head(10)
    fig, ax = plots.figure("double", 92)
    error = top.get("log_evidence_error")
    plots.evidence_bars(
        list(top["network"]),
        top["log_evidence"],
        err=error,
        n=f"{len(top)} best of {len(mine.search.networks)} networks",
        ax=ax,
    )
    run.figure(
        fig,
        "best_networks",
        data=top,
        caption=f"""Evidence of the best networks of {subject} with its Monte-Carlo error (without bar: Laplace evidence); P is over those shown.""",
        alt_text="Bars of log evidence, one a network.",
        resampled=True,
    )
    for row in inclusion.itertuples():
        run.number(run.key("inclusion", row.reaction), row.probability, unit="1", tier="resampled", uncertainty={"kind": "difference from replica exchange", "sd": float(checks.set_index("reaction")["difference"].get(row.reaction, 0.05)) + 0.01} if len(checks) else None)  # fmt: skip
    for row in mine.frame("rates").itertuples():
        if row.probability > 0.5:
            run.number(run.key("rate", row.reaction), row.median, unit="per hour, in the network's amounts", tier="resampled", uncertainty={"kind": "95 % interval, given that it ran", "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip
    for row in top.head(2).itertuples():  # the order of those below is within the error
        run.number(run.key("log_evidence", row.network), row.log_evidence, unit="nats, without constants", tier="resampled", uncertainty={"kind": "Monte Carlo and rough", "sd": 0.3})  # fmt: skip

if mine.kind == "networks" and not run.own:
    ranked = mine.search.networks
    classical = ranked[[set(name.split(" + ")) == set(reactions.BOX) for name in ranked["network"]]]
    for rank, row in classical.iterrows():
        print(f"mechanism of Box et al.: rank {rank} of {len(ranked)}, {ranked['log_evidence'].max() - row['log_evidence']:.1f} nats below the best network")  # fmt: skip

# %%
if mine.kind == "networks":
    tidy = {"alpha_pinene": "alpha-pinene"}
    axes = plots.hidden_states(mine.frame("prediction"), mine.frame("data"), names=tidy, value_label=" / ".join(sorted(set(mine.frame("data")["unit"]))).replace("pct", "Mass %"), ncols=3)  # fmt: skip
    run.figure(
        axes[0].figure,
        "prediction",
        data={"prediction": mine.frame("prediction"), "data": mine.frame("data")},
        caption=f"""Measured amounts of {subject} and the posterior predictive bands (95 %), averaged over networks; species without data are predicted.""",
        alt_text="A panel a species, data within bands.",
        resampled=True,
    )
    sensitivity = mine.frame("sensitivity")
    grid = sensitivity.pivot(index="prior", columns="reaction", values="probability").loc[list(dict.fromkeys(sensitivity["prior"])), list(dict.fromkeys(sensitivity["reaction"]))]  # fmt: skip
    fewer = f", of the {grid.shape[1]} most probable of {len(inclusion)} candidates" if grid.shape[1] < len(inclusion) else ""
    fig, ax = plots.figure("double", 60)
    plots.score_table(
        100 * grid.to_numpy(), list(grid.index), list(grid.columns), label="Inclusion (%)", log=False, fmt="{:.0f}", ax=ax
    )
    run.figure(
        fig,
        "priors",
        data=sensitivity,
        caption=f"""Inclusion probabilities in {subject} under other priors of the rates{fewer}. {priors_by}, so that the row × 1 differs a little from the headline.""",
        alt_text="A table of percentages.",
        resampled=True,
    )
    for row in sensitivity.itertuples():
        run.number(run.key("inclusion", row.prior, row.reaction), row.probability, unit="1", tier="resampled", uncertainty={"kind": "rough", "sd": 0.05})  # fmt: skip

# %% [markdown]
# **Rates, and what to measure next.** Rate constants are averaged over networks, given that the reaction ran (`probability`); where networks that are still possible predict different values, one more reading would tell them apart.

# %%
if mine.kind == "networks":
    ahead = mine.frame("next_measurement")
    if len(ahead):
        ahead = ahead.sort_values("time")
        fig, ax = plots.figure("double", 82)
        plots.benchmark_curves(ahead.replace({"species": tidy}), x="time", y="spread_over_sigma", method="species", methods=[tidy.get(s, s) for s in dict.fromkeys(ahead["species"])], log=False, label="legend", x_label="Time (h)", y_label="Spread between networks\nover the error (1)", n="one reading", ax=ax)  # fmt: skip
        ax.set_xscale("log")
        plots.plain_log_axis(ax, "x")
        run.figure(
            fig,
            "next_measurement",
            data=ahead,
            caption=f"""Which further reading would tell the remaining networks of {subject} apart: the spread of their predictions over the error of a reading, for every species at the times of the series.""",
            alt_text="A curve over time for each species.",
            resampled=True,
        )
mine.frame("rates") if mine.kind == "networks" else None

# %% [markdown]
# **C.2 The surface of serpentinising olivine.** Only the progress of one reaction was measured, so that surface models are compared and not networks. Every model has a half time, with the same prior, and one or no shape parameter. Progress *accelerates*
# until three quarters are done, which no area that only shrinks explains.

# %%
surface = (
    mine
    if mine.kind == "surfaces"
    else None
    if run.own
    else run.cached(reactions.analyse, progress, seed=seed, n_draws=n_draws)
)
if surface is not None:
    if run.own:
        state(surface, ("surfaces", "progress"))
    else:
        print(*surface.messages, sep="\n")
        chance = surface.diagnostic("residual")
        run.diagnostic("residual of the progress", chance["value"], ok=chance["ok"], limit=chance["limit"], on=("surfaces", "progress"))  # fmt: skip
    ranked = surface.frame("surfaces")
    fig, ax = plots.figure("double", 75)
    plots.evidence_bars(
        list(ranked["model"]), ranked["log_evidence"], scale="symlog", n=f"{ranked['n'].iloc[0]} readings", ax=ax
    )
    run.figure(
        fig,
        "surfaces",
        data=ranked,
        caption="""Evidence of surface models of the progress of one reaction; the error of a reading is unknown and marginalised.""",
        alt_text="Bars; models whose area grows stand far ahead.",
    )
    for row in ranked.itertuples():
        run.number(run.key("log_evidence", row.model), row.log_evidence, unit="nats, without constants")
        run.number(run.key("half_time", row.model), row.half_time, unit="h", uncertainty={"kind": "95 % interval", "lo95": row.half_time_lo95, "hi95": row.half_time_hi95})  # fmt: skip
        if row.shape_name:
            run.number(run.key(row.shape_name, row.model), row.shape, unit="1", uncertainty={"kind": "95 % interval", "lo95": row.shape_lo95, "hi95": row.shape_hi95})  # fmt: skip
        run.number(run.key("autocorrelation", row.model), row.autocorrelation, unit="1")

# %%
if surface is not None:
    bands = surface.frame("prediction").copy()
    for column in ("median", "lo95", "hi95", "predictive_lo95", "predictive_hi95"):
        bands[column] *= 100
    shown = list(ranked["model"].head(6))
    readings = pd.concat([surface.frame("data").assign(species=m, value=lambda d: 100 * d["value"]) for m in shown])
    axes = plots.hidden_states(
        bands,
        readings,
        species=shown,
        log_time=False,
        value_label="Progress (%)",
        ncols=3,
        n=f"{ranked['n'].iloc[0]} readings",
    )
    run.figure(
        axes[0].figure,
        "progress",
        data={"prediction": bands, "data": surface.frame("data")},
        caption="""Progress of serpentinisation and posterior predictive bands of the six most probable surface models.""",
        alt_text="Six panels of readings and bands; the last ones miss the sigmoid.",
    )

# %% [markdown]
# ## D. What it means, and how far
#
# **What was learnt.** From dissolved concentration alone, hidden solids are followed; but the right terms on the right surfaces, and no others, are not found in every series, whatever the noise (counts under the figure on support recovery). With the
# solids measured *throughout*, the network is right most often; with solids measured once, at the end, or with silica alone, success hangs on the noise (figure on recovery, a, and counts under it; few series a point settle no more than that). Whether
# the probabilities can be trusted is seen in (b) of that figure, and in the shares printed under it. The answer is not certain where reactions imitate each other, R2 and R8 (hydration with and without help of the product), and says so.
#
# **Alpha-pinene** certainly goes to dipentene and to alloocimene. The dimer probably forms from alpha-pinene (A>M) and from two alloocimenes (2L>M). Open are where pyronene comes from, A>P or L>P, and whether alloocimene and dimer turn
# into each other, L>M against M>L. The mechanism of Box et al. lacks A>M: it is disfavoured by these data *under these candidates* and with one error for all. To take one mechanism is then a choice and not a finding.
#
# **Serpentinisation** makes its own surface. An area that only shrinks is excluded by many powers of ten; new surface in proportion to what has reacted, by cracking or by growth of the product on what is there, explains the acceleration.
# Yet successive residuals of *every* model agree with each other: the experiment changed in a way that none of these simple laws knows. The readings then count for fewer than they are, so that intervals given here are too narrow *and* differences of
# evidence are overstated: those among models whose area grows should not be taken at their face value.
#
# **Limits.** Artificial data are made by the equations that explain them. Rates are near the scale of their priors. Errors are taken as independent. Temperature, pressure and composition are constant. The two real sets are small; their publications were cited
# but not read.
#
# **To try next.** Put your own candidates into a network file; give errors (`_err` columns) where you know them; look at the last figure of C.1, on what to measure next, before you open the vessel. With more than some fifteen candidates only the smaller networks are weighed, and the messages say how much probability the largest of them have.

# %%
run.finish()
