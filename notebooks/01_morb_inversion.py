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
# # MORB inversion: source and degree of melting together
#
# **Question.** A set of basalts came from one piece of mantle, each by its own degree of melting. What was the composition of that mantle, and how
# far did each melt go, when neither is known?
#
# The source report found that Markov chain Monte Carlo recovers both accurately from artificial data, over noise, number of samples and number of
# elements, but that rare runs fail and that a better sampler is needed. No paper with the model, the priors or the criterion of failure was
# found, so this is a study *after* that idea with a formulation of our own. It asks three things: what the data can tell at all, which
# sampler fails and why, and what happens with real basalts.
#
# *Time: a few minutes. To use your own basalts: `make case NAME=morb DATA=my.csv` (section C then shows your table).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own table of basalts (empty for the compendium's own)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial experiments and marks every figure
seed = 2016  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
model = "accumulated"  # word; one of batch, accumulated, dynamic; melting model of section C
coefficients = "gibson_geist_2010"  # word; one of gibson_geist_2010, mckenzie_onions_1991_1995; partition coefficients
prior_f = "log-uniform"  # word; one of log-uniform, hierarchical, flat; prior of the melt fractions
relative_error = 0.05  # fraction; 0.002 to 0.5; 1-sigma error of a concentration where the table has none
d_common = 0.25  # ln units; 0 to 1; 1-sigma uncertainty of all partition coefficients together
d_element = 0.15  # ln units; 0 to 1; 1-sigma uncertainty of each partition coefficient
source_deviation = False  # yes or no; any; let the source of each sample be more or less enriched
n_draws = 1400  # draws; 200 to 100000; kept draws of each of four chains in section C

# %%
import numpy as np
import pandas as pd

from lib import melting, plots, tables
from lib.melting.artificial import ELEMENTS
from lib.melting.calibration import N_RANKS
from lib.melting.compositions import composition
from lib.workflow import Run

run = Run.start("01_morb_inversion", globals())
plots.use_style()

# %% [markdown]
# ## A. The model and its algorithm
#
# **Forward model.** A melt fraction $F$ (mass of melt over mass of initial solid) of a source with concentration $C^0_j$ has the concentration $C_j=C^0_j\,
# e^{g_j(F)}$. With the bulk partition coefficients $D_j$ of the initial solid and $P_j$ of the melting assemblage (Shaw 1970),
#
# $$\text{batch: } e^{g}=\frac{1}{D+F(1-P)},\qquad \text{instantaneous: } e^{g}=\frac1D\Bigl(1-\frac{PF}{D}\Bigr)^{1/P-1},\qquad
# \text{accumulated: } e^{g}=\frac1F\Bigl[1-\Bigl(1-\frac{PF}{D}\Bigr)^{1/P}\Bigr].$$
#
# **Inverse problem.** For $m$ samples and $n$ elements, $y_{ij}=\ln C_{ij}=\ln C^0_j+g_j(F_i)+\varepsilon_{ij}$: $nm$ data, $n+m$ unknowns.
#
# **What cannot be known.** For a very incompatible element $g_j\approx-\ln F$: only $C^0_j/F_i$ is fixed, and multiplying all $F$ and all $C^0$ by one number
# leaves the data unchanged. The *absolute* melt fraction is carried by elements with $D$ comparable to $F$. And multiplying $D$, $F$ and $C^0$ together by one
# number at fixed $P$ leaves equations for batch and accumulated melts *exactly* unchanged: $F$ is measured in units of $D$, and can never be better known than
# the common error of the partition coefficients. Ratios $F_i/F_k$ do not suffer from this; they are reported apart.

# %%
elements = list(ELEMENTS[14])
melts = np.linspace(0.03, 0.14, 10)
bulk = melting.bulk_coefficients(elements)
information = {name: melting.scale_information(name, melts, bulk.d, bulk.p) for name in ("accumulated", "batch")}
fig, ax = plots.figure("double", 70)
plots.information_bars(
    elements, np.array(list(information.values())), series=list(information), n="10 melts, F 0.03 to 0.14", ax=ax
)
run.figure(
    fig,
    "information",
    data=pd.DataFrame({"element": elements, **{f"{name}_1": value for name, value in information.items()}}),
    caption=f"""Information of each element on the absolute level of the melt fractions, for {len(melts)} melts of F between {melts[0]:.2f} and {melts[-1]:.2f} (per unit of inverse
    squared error). The very incompatible elements carry none; {elements[int(np.argmax(information["accumulated"]))]} carries most. All elements together, batch melts
    tell {information["batch"].sum() / information["accumulated"].sum():.0%} of what accumulated melts tell.""",
    alt_text="Bars per element, near zero for the most incompatible ones, highest for heavy rare earths; batch bars are much shorter.",
)
for name, value in information.items():
    run.number(run.key("information_all_elements", name), float(value.sum()), unit="1")

# %% [markdown]
# **Algorithm.** With Gaussian errors on the logarithm the source integrates out analytically (collapsed likelihood): only the $m$ melt fractions are sampled. With
# $r_{ij}=y_{ij}-g_j(F_i)$, $W_j=\sum_i s_{ij}^{-2}$, $S_j=\sum_i r_{ij}s_{ij}^{-2}$, $Q_j=\sum_i r_{ij}^2s_{ij}^{-2}$ and $\ln C^0_j\sim\mathcal N(\mu_j,\tau^2)$,
#
# $$\ln p(y\mid F)=\text{const}-\tfrac12\sum_j\Bigl[Q_j-\frac{S_j^2}{W_j}+\frac{(S_j/W_j-\mu_j)^2}{\tau^2+1/W_j}\Bigr].$$
#
# Each $F_i$ is updated in turn, a *scale move* multiplies all of them along the ridge, and when the warm-up has shown that the draws form one cloud, all $F_i$ are proposed afresh from a Student $t$ of its
# mean and covariance. Samplers of the joint posterior (Metropolis in several forms, an ensemble,
# replica exchange) are the rivals. The prior of $F$ matters: independent flat priors on $m$ melt fractions add up to a prior $k^m$ on their common level $k$,
# which pulls all $F$ upwards, the more the larger $m$. The default is flat in $\ln F$.

# %% [markdown]
# ## B. Artificial data with a known answer
#
# **The default sampler on the whole grid.** Noise 1 to 10 %, 3 to 30 samples, 5 to 14 elements, three melting models; melts of $F$ between 0.02 and 0.15 from a depleted
# mantle. A run *fails* when it ends on a wrong level of likelihood, when it is far from a reference chain started at the truth (slow ridge), or when it agrees
# with the reference but the truth lies beyond three standard deviations (identifiability, or the prior).

# %%
n_sets = run.pick(30, 2)
grid = run.pick(melting.GRID, melting.STAR)
whole = run.cached(
    melting.run_study,
    grid,
    ("collapsed",),
    n_sets=n_sets,
    budget=run.pick(None, 4000),
    seed=seed,
    n_jobs=n_jobs,
)
cells = melting.summary(whole)
cells["noise_pct"] = 100 * cells["noise"]
cells["level_failures"] = (cells["n"] * (cells["wrong_level"] + cells["slow_ridge"])).round().astype(int)
cells["all_failures"] = (cells["n"] * cells["failed"]).round().astype(int)
sets = int(cells["n"].sum())
sampling_failed = int(cells["level_failures"].sum())
wrong = int((whole["failure"] == "wrong_level").sum())
low, high = melting.wilson(wrong, sets)
print(
    f"{sets} data sets in {len(cells)} cells: {wrong} on a wrong level (at most {high:.2%}, 95 %), {sampling_failed} sampling failures in all"
)
spread = {"kind": "binomial (Wilson), 95 %", "lo95": low, "hi95": high}
run.number("wrong_level_share[collapsed][all cells]", wrong / sets, unit="1", uncertainty=spread)
run.number("n_data_sets[grid]", sets, unit="1")
run.diagnostic("default sampler on the grid", wrong, ok=wrong == 0, limit=0, on=("failures_grid",))
axes = plots.failure_grid(cells, failures="all_failures", n=n_sets)
run.figure(
    axes.flat[0].figure,
    "failures_grid",
    data=cells.drop(columns=["seconds"]),
    caption=f"""All failures of the default (collapsed) sampler on the grid: {n_sets} data sets a cell, count and 95 % binomial interval. They are failures of
    identifiability (and of the prior), not of sampling: {wrong} of {sets} runs ended on a wrong level of likelihood, {sampling_failed - wrong} were slow along the ridge.""",
    alt_text="Grids of coloured cells by noise and number of samples, one panel for each number of elements and melting model.",
)

# %% [markdown]
# **Accuracy.** Where sampling works, the error is that of the data. Full lines: root-mean-square error of the mean $\ln F$; dashed: the standard deviation that the
# posterior claims. From three to ten samples it gains most; batch melts are harder than accumulated ones.

# %%
axes = plots.accuracy_panels(cells, error="rmse", spread="sd", row="model", n=n_sets)
run.figure(
    axes.flat[0].figure,
    "accuracy",
    data=cells[["model", "noise_pct", "n_samples", "n_elements", "n", "rmse", "sd", "bias", "coverage"]],
    caption=f"""Error of the common level of the melt fractions (mean ln F) against noise, {n_sets} data sets a cell: root-mean-square error (full) and the
    standard deviation claimed by the posterior (dashed).""",
    alt_text="Panels of rising curves of error against noise, lower for more samples and more elements.",
)
for row in cells.query("noise == 0.05 and n_elements == 14 and n_samples == 10").itertuples():
    run.number(
        run.key("rmse_ln_f", row.model),
        row.rmse,
        unit="1",
        tier="stochastic",
        uncertainty={"kind": "posterior sd", "sd": row.sd},
    )

# %% [markdown]
# **Every sampler at the same cost.** Ten cells around 5 % noise, 10 samples and 14 elements; all samplers start from the same draws of the prior and stop at the same number
# of likelihood evaluations. This is a test of efficiency: a sampler that fails at this budget may succeed at ten times the cost.

# %%
star = run.cached(
    melting.run_study,
    run.pick(melting.STAR, melting.STAR[:2]),
    melting.SAMPLERS,
    n_sets=run.pick(30, 2),
    budget=run.pick(8_000, 4000),
    seed=seed,
    n_jobs=n_jobs,
)
rivals = melting.summary(star, by=("sampler",)).set_index("sampler").loc[list(melting.SAMPLERS)]
total = rivals["n"].astype(int).to_numpy()
kinds = {"wrong_level": "wrong level", "slow_ridge": "slow ridge", "prior_bias": "prior", "identifiability": "identifiability"}
counts = np.array([(rivals[kind] * total).round().astype(int) for kind in kinds]).T
fig, axes = plots.figure("double", 96, 1, 2, width_ratios=[1.5, 1])
plots.failure_rates(list(rivals.index), counts, total, list(kinds.values()), n=f"{star['cell'].nunique()} cells", ax=axes[0])
share = (rivals["wrong_level"] + rivals["slow_ridge"]).to_numpy()
plots.ess_bars(list(rivals.index), rivals["ess_per_1000"].to_numpy(), failed=share, ax=axes[1])
plots.panel_labels(axes)
run.figure(
    fig,
    "samplers",
    data=melting.summary(star).drop(columns=["seconds"]),
    caption=f"""Seven samplers on the same data sets, starts and {run.pick(8_000, 4000):,} likelihood evaluations. (a) Failures by kind with 95 % binomial intervals. (b) Effective
    sample size of the mean ln F per 1000 evaluations (median over runs that did not fail); hollow: the sampler failed on more than 5 % of the data sets.""",
    alt_text="Left, failure shares by sampler; right, efficiency by sampler on a logarithmic axis, the collapsed sampler far ahead.",
)
for row in rivals.reset_index().itertuples():
    run.number(
        run.key("ess_per_1000", row.sampler),
        row.ess_per_1000,
        unit="1",
        tier="stochastic",
        uncertainty={"kind": "rough", "sd": 0.3 * (row.ess_per_1000 or 0)},
    )
    failed = row.wrong_level + row.slow_ridge
    lo, hi = melting.wilson(round(failed * row.n), int(row.n))
    run.number(
        run.key("sampling_failure_share", row.sampler),
        failed,
        unit="1",
        uncertainty={"kind": "binomial (Wilson), 95 %", "lo95": lo, "hi95": hi},
    )

# %% [markdown]
# **Is the posterior right?** In simulation-based calibration the truths are drawn from the prior; their ranks among the posterior draws must then be uniform, and 95 % intervals
# cover 95 % of them. With *fixed* melt fractions this need not hold, and with independent flat priors it does not: they push $F$ upwards.

# %%
checked = run.cached(melting.run_calibration, n_sets=run.pick(40, 3), seed=seed, n_jobs=n_jobs)
covered = melting.coverage(checked)
bias = run.cached(melting.prior_bias, n_sets=run.pick(30, 2), seed=seed, n_jobs=n_jobs)
fig, axes = plots.figure("double", 72, 1, 3)
steps = {}
for ax, kind, label in zip(axes, ("level", "melt_fraction", "source"), ("mean ln $F$", "ln $F$", "ln $C^0$"), strict=True):
    ranks = (checked.loc[checked["kind"] == kind, "rank"] * N_RANKS).round().astype(int).to_numpy()
    plots.rank_histogram(ranks, N_RANKS, bins=20, label=f"Rank of the true {label}", n=f"{len(ranks)} ranks", ax=ax)
    steps[kind] = np.bincount(ranks * 20 // (N_RANKS + 1), minlength=20)
plots.panel_labels(axes)
run.figure(
    fig,
    "calibration",
    data={
        "coverage": covered,
        "ranks": pd.DataFrame({"twentieth": np.arange(1, 21), **{f"{kind}_count": count for kind, count in steps.items()}}),
    },
    caption="""Ranks of the truth among posterior draws, truths drawn from the prior: flat within the band when inference is calibrated. Ranks of one data set are not
    independent in (b) and (c), so that single bins may leave the band.""",
    alt_text="Three flat histograms within grey bands.",
)
pooled = covered.iloc[-1]
run.number(
    "coverage95[calibration, pooled]",
    pooled["coverage"],
    unit="1",
    uncertainty={"kind": "data sets as clusters, 95 %", "lo95": pooled["clustered_lo"], "hi95": pooled["clustered_hi"]},
)
sure = run.pick(
    pooled[["coverage", "coverage"]], pooled[["clustered_hi", "clustered_lo"]]
)  # few sets: the interval must reach the range
run.diagnostic(
    "coverage",
    float(pooled["coverage"]),
    ok=bool(sure.iloc[0] >= 0.92 and sure.iloc[1] <= 0.98),
    limit="0.92 to 0.98",
    on=("calibration",),
)

fig, ax = plots.figure("double", 20 + 7 * len(bias))
plots.forest([f"{row.prior}: {row.cell}" for row in bias.itertuples()], bias["bias"], lower=bias["bias"] - 1.96 * bias["bias_se"], upper=bias["bias"] + 1.96 * bias["bias_se"],
             label="Bias of mean ln $F$ (1)", n=f"{int(bias['n'].iloc[0])} data sets each", ax=ax)  # fmt: skip
run.figure(
    fig,
    "prior_bias",
    data=bias,
    caption="""Bias of the common level at fixed true melt fractions under three priors: independent flat priors push it up by about m times its posterior variance; a prior
    flat in ln F and a hierarchical one do not.""",
    alt_text="Points with intervals: flat priors to the right of zero, the others at zero.",
)
for row in bias.itertuples():
    run.number(
        run.key("bias_ln_f", row.prior, row.cell),
        row.bias,
        unit="1",
        tier="stochastic",
        uncertainty={"kind": "standard error", "sd": row.bias_se},
    )

# %% [markdown]
# **Which melting model?** The evidence of the collapsed likelihood, computed along a ladder of temperatures, on artificial data whose model is known.

# %%
compared = []
for truth, stream in zip(("batch", "accumulated"), np.random.SeedSequence(seed).spawn(2), strict=True):
    data = melting.make_data(melting.Cell(truth, noise=0.03), np.random.default_rng(stream))
    compared.append(
        run.cached(melting.compare_models, data.posterior, n_sweeps=run.pick(1500, 150), seed=seed, n_jobs=n_jobs).assign(
            truth=truth
        )
    )
fig, axes = plots.figure("double", 62, 1, 2)
for ax, frame in zip(axes, compared, strict=True):
    plots.evidence_bars(
        list(frame["model"]), frame["log_evidence"], err=frame["standard_error"], truth=frame["truth"].iloc[0], ax=ax
    )
plots.panel_labels(axes)
run.figure(
    fig,
    "evidence",
    data=pd.concat(compared),
    caption="""Log evidence of three melting models on artificial data made (a) by batch and (b) by accumulated fractional melting, 3 % noise, ten samples, 14 elements; intervals are
    Monte-Carlo errors.""",
    alt_text="Bars of log evidence relative to the best model.",
)
for frame in compared:
    for row in frame.itertuples():
        run.number(
            run.key("log_evidence", row.model, f"data by {row.truth}"),
            row.log_evidence,
            unit="1",
            tier="stochastic",
            uncertainty={"kind": "Monte Carlo", "sd": row.standard_error},
        )

# %% [markdown]
# ## C. Application to real data
#
# Samples of three ridge segments from Gale et al. (2013) with 7 to 9 wt% MgO, corrected to 8 wt% MgO within the model: every element has a slope against MgO with its own
# uncertainty. The partition coefficients have a common and an individual uncertainty, and a model error is estimated beside the measurement errors. Without the external table the
# published *mean* compositions of MORB types stand in: they are not melts of one source, and their results are an illustration only. (With your own table, this section shows your
# groups instead.)

# %%
SEGMENTS = ("MARR89", "JUAN15", "MARR116")
WANTED = ["Th", "Nb", "La", "Ce", "Nd", "Zr", "Sm", "Ti", "Gd", "Dy", "Y", "Er", "Yb", "Lu"]
gale = None if run.own else run.data("morb/Gale_2013_MOR_Sample_Data.csv")
if run.own:
    source_tables = {"own": tables.read(run.data("own"))}
elif gale is not None:
    samples = melting.read_gale(gale)
    source_tables = {code: melting.segment(samples, code, WANTED) for code in run.pick(SEGMENTS, SEGMENTS[:1])}
else:
    source_tables = {"published means": tables.read(run.data("mean_morb"))}
given = {"model": model, "coefficients": coefficients, "prior_f": prior_f, "errors": relative_error, "d_common": d_common, "d_element": d_element,
         "source_deviation": source_deviation}  # fmt: skip
kept = n_draws if run.own else run.pick(n_draws, min(n_draws, 500))
results = {
    name: run.cached(melting.analyse, table, **given, n_draws=kept, seed=seed, n_jobs=n_jobs)
    for name, table in source_tables.items()
}
groups = {}
for name, result in results.items():
    for part, group in result.groups.items():
        groups[name if len(result.groups) == 1 else part] = group
slugs = run.slugs(groups)
several = len(groups) > 1
for name, group in groups.items():
    for message in group.messages:
        print(f"{name}: {message}")


def tag(figure: str, name: str) -> str:
    """Name of a group's figure."""
    return f"{figure}_{slugs[name]}" if several else figure


def key(quantity: str, name: str, *keys) -> str:
    """Name of a group's number."""
    return run.key(quantity, *((name, *keys) if several else keys))


def posterior95(row) -> dict:
    """Posterior interval of a row of results."""
    return {"kind": "posterior, 95 %", "lo95": row["lo95"], "hi95": row["hi95"]}


def note(fig, name: str) -> None:
    """Say on a figure what limits it."""
    if not run.own and gale is None:
        plots.verdict_box(fig, "published mean compositions, not melts of one source: an illustration", "warning")
    codes = set(groups[name].frame("messages")["code"])
    if "no_mgo_correction" in codes:
        plots.verdict_box(fig, "no correction of fractionation: source and F hold for these melts as they are", "note")


needs = () if run.own else ("morb/Gale_2013_MOR_Sample_Data.csv",)

# %%
FIGURES = ("patterns", "melt_fraction", "ridge", "traces")
CHECKS = ("rhat_max", "ess_min", "posterior_predictive", "level_boundary")
for name, group in groups.items():
    drawn = tuple(tag(figure, name) for figure in FIGURES)
    for row in group.frame("diagnostics").itertuples():
        if row.name in CHECKS:
            run.diagnostic(key(row.name, name), row.value, ok=row.ok, limit=row.limit, on=drawn)
    for row in group.frame("melt_fraction").to_dict("records"):
        run.number(
            key("melt_fraction", name, row["sample"]), row["median"], unit="1", tier="stochastic", uncertainty=posterior95(row)
        )
    for row in group.frame("relative_melt_fraction").to_dict("records"):
        if row["sample"] != row["reference"]:
            pair = f"{row['sample']}/{row['reference']}"
            run.number(
                key("relative_melt_fraction", name, pair),
                row["ratio"],
                unit="1",
                tier="stochastic",
                uncertainty=posterior95(row),
            )
    for row in group.frame("source").rename(columns={"lo95_ppm": "lo95", "hi95_ppm": "hi95"}).to_dict("records"):
        run.number(
            key("source_ppm", name, row["element"]),
            row["median_ppm"],
            unit="ppm",
            tier="stochastic",
            uncertainty=posterior95(row),
        )
    level = group.frame("scale").iloc[0]
    run.number(key("melt_fraction_level", name), level["median"], unit="1", tier="stochastic", uncertainty=posterior95(level))
if several:
    for check in CHECKS:
        failed = [not group.frame("diagnostics").set_index("name").loc[check, "ok"] for group in groups.values()]
        run.diagnostic(check, int(sum(failed)), ok=not any(failed), limit=0, on=("assumptions",))

# %% [markdown]
# **Patterns, melt fractions, ridge and chains of every segment.** The source is drawn over primitive mantle (Palme & O'Neill 2003), with the depleted mantles of
# Workman & Hart (2005, DMM) and Salters & Stracke (2004, DM) for reference. Melt fractions are drawn twice: on the absolute scale, where all intervals share the uncertainty of the common
# level, and over the sample in the middle, where it cancels.

# %%
mantles = {"DMM (2005)": composition("DMM_WH2005"), "DM (2004)": composition("DM_SS2004")}
for name, group in groups.items():
    predicted, forest = group.frame("predictive"), group.frame("melt_fraction").sort_values("median")
    used = list(dict.fromkeys(predicted["element"]))
    ordered = forest["sample"].tolist()
    some = [ordered[place] for place in np.unique(np.linspace(0, len(ordered) - 1, 5).astype(int))]
    drawn = {column: predicted.pivot(index="sample", columns="element", values=column).loc[some, used].to_numpy()
             for column in ("observed_ppm", "median_ppm", "lo95_ppm", "hi95_ppm")}  # fmt: skip
    source = group.frame("source").set_index("element").loc[used]
    scale = {"normalise": composition("PM_PON").reindex(used), "normalisation": "primitive mantle"}
    fig, axes = plots.figure("double", 100, 1, 2)
    plots.spider(used, drawn["observed_ppm"], middle=drawn["median_ppm"], lower=drawn["lo95_ppm"], upper=drawn["hi95_ppm"], subject="Basalt",
                 series=[str(sample) for sample in some], n=f"{name}: {len(some)} of {len(ordered)} samples", ax=axes[0], **scale)  # fmt: skip
    plots.spider(used, source["median_ppm"].to_numpy()[None], lower=source["lo95_ppm"].to_numpy()[None], upper=source["hi95_ppm"].to_numpy()[None], subject="Source",
                 references={label: mantle.reindex(used) for label, mantle in mantles.items()}, band_label="95 % posterior", ax=axes[1], **scale)  # fmt: skip
    plots.panel_labels(axes)
    note(fig, name)
    run.figure(
        fig,
        tag("patterns", name),
        data={"source": group.frame("source")},
        measured=predicted,
        needs=needs,
        caption=f"""{name}. (a) Measured concentrations (points) of {len(some)} of {len(ordered)} samples, from the lowest to the highest melt fraction, with 95 % posterior predictive bands, over
        primitive mantle. (b) Posterior of the source composition, with two estimates of depleted mantle for reference.""",
        alt_text="Left, measured patterns within predictive bands; right, the source pattern with its band among reference lines of depleted mantle.",
    )

    relative = group.frame("relative_melt_fraction").set_index("sample").loc[ordered].reset_index()
    fig, axes = plots.figure("double", max(70, 26 + 3.4 * len(forest)), 1, 2, sharey=True, width_ratios=[1.3, 1])
    plots.melt_fraction_forest(
        ordered, forest["median"], lower=forest["lo95"], upper=forest["hi95"], n=f"{len(forest)} samples", ax=axes[0]
    )
    plots.forest(ordered, relative["ratio"], lower=relative["lo95"], upper=relative["hi95"], reference=1.0, label=f"$F$ / $F$ of {relative['reference'].iloc[0]} (1)", ax=axes[1])  # fmt: skip
    axes[1].tick_params(labelleft=False)
    plots.panel_labels(axes)
    note(fig, name)
    run.figure(
        fig,
        tag("melt_fraction", name),
        data={"melt_fraction": forest, "relative": relative},
        needs=needs,
        caption=f"""{name}. (a) Melt fraction of every sample, posterior median and 95 % interval. The intervals share the uncertainty of the common level, a factor of
        {np.exp(1.96 * group.frame("scale")["sd_ln"].iloc[0]):.2f} either way. (b) The same over the sample in the middle, free of the common level.""",
        alt_text="Points with intervals of melt fraction by sample, absolute on the left, relative on the right with narrower intervals.",
    )

    ridge = group.frame("ridge").drop(columns="group")
    axes = plots.corner(ridge.rename(columns={"geometric_mean_f": "Mean $F$ (1)", "d_factor": "Factor on all $D$ (1)"}))
    note(axes.flat[0].figure, name)
    run.figure(
        axes.flat[0].figure,
        tag("ridge", name),
        data=ridge.describe().rename_axis("statistic").reset_index(),
        needs=needs,
        caption=f"""{name}. The ridge: common level of the melt fractions (geometric mean), source concentrations, and the factor on all partition coefficients; contours of 50 and 95 % of the
        posterior mass.""",
        alt_text="A triangle of panels with narrow inclined contours.",
    )

    traces = group.frame("traces")
    chains = traces.pivot(index="chain", columns="draw", values="level").to_numpy()
    health = group.frame("diagnostics").set_index("name")["value"]
    fig, axes = plots.figure("double", 60, 1, 2, width_ratios=[1.7, 1])
    plots.trace_ranks(chains, label="Mean $F$ (1)", r_hat=health["rhat_max"], ess=health["ess_min"], axes=axes)
    note(fig, name)
    run.figure(
        fig,
        tag("traces", name),
        data=pd.DataFrame({"diagnostic": health.index, "value": health.to_numpy()}),
        needs=needs,
        caption=f"""{name}. (a) Traces of the common level in the {len(chains)} chains, each from its own draw of the prior. (b) Ranks of their draws among all.""",
        alt_text="Overlapping traces and flat rank histograms.",
    )

# %% [markdown]
# **What if the assumptions are others?** One homogeneous source with exact partition coefficients fits badly, and its narrow intervals are wrong, not precise: differences of the
# *source* within a segment are read as differences of $F$. The remedies are tried one at a time: the other table of coefficients; no correction for fractionation; batch melting; and a
# source that may be more or less enriched from sample to sample, $\ln C^0_{ij}=\ln C^0_j+a_iv_j$ with $v$ running from the most compatible element to the least. Then a sample can be
# enriched in two ways, by little melting or by its source, and each has modes of its own; chains start from the best of several pilots, and where they still disagree the
# row says so and no answer should be taken from it.

# %%
variants = pd.concat(
    [
        run.cached(melting.compare_variants, table, **given, n_draws=run.pick(400, 50), seed=seed, n_jobs=n_jobs)
        for table in source_tables.values()
    ]
)
if len(source_tables) == 1 and not run.own:
    variants["group"] = next(iter(groups))
disagree = variants["rhat_max_1"] > 1.1
names = [row.variant if not several else f"{row.group}: {row.variant}" for row in variants.itertuples()]
names = [f"{name} (chains disagree)" if bad else name for name, bad in zip(names, disagree, strict=True)]
fig, axes = plots.figure("double", 30 + 5.2 * len(variants), 1, 3, sharey=True, width_ratios=[1.2, 1, 1])
plots.melt_fraction_forest(
    names,
    variants["melt_fraction_1"],
    lower=variants["lo95_1"],
    upper=variants["hi95_1"],
    label="Level of $F$ (1)",
    n=" ",
    ax=axes[0],
)
plots.forest(names, variants["chi2_per_datum_1"], reference=1.0, label="$\\chi^2$ per datum at\nstated errors (1)", ax=axes[1])
plots.forest(names, 100 * variants["model_error_1"], label="Model error needed (%)", ax=axes[2])
for ax in axes[1:]:
    ax.tick_params(labelleft=False)
plots.panel_labels(axes)
for name in groups:
    note(fig, name)
run.figure(
    fig,
    "assumptions",
    data=variants,
    needs=needs,
    caption=f"""The same tables under other assumptions. (a) Common level of the melt fractions, median and 95 % interval. (b) Mean squared residual over the stated errors
    ({relative_error:.0%} unless the row says otherwise): far above 1 where one source is too simple. (c) Relative error that the model has to add.""",
    alt_text="Three columns of points by assumption: level of melt fraction with intervals, misfit, and model error.",
)
for row in variants.itertuples():
    where = (row.group, row.variant) if several else (row.variant,)
    run.number(run.key("melt_fraction_level[assumptions]", *where), row.melt_fraction_1, unit="1", tier="stochastic",
               uncertainty={"kind": "posterior, 95 %", "lo95": row.lo95_1, "hi95": row.hi95_1})  # fmt: skip

# %% [markdown]
# **Which melting model do these samples prefer?** The evidence as in B, with all uncertainties of this section in the model.

# %%
frames = []
for name, group in groups.items() if run.own else list(groups.items())[:1]:
    frames.append(run.cached(melting.compare_models, group.posterior, n_levels=run.pick(32, 14), n_sweeps=run.pick(800, 150), seed=seed, n_jobs=n_jobs).assign(group=name))  # fmt: skip
    for row in frames[-1].to_dict("records"):
        run.number(key("log_evidence", name, row["model"]), row["log_evidence"], unit="1", tier="stochastic",
                   uncertainty={"kind": "Monte Carlo", "sd": row["standard_error"]})  # fmt: skip
fig, axes = plots.figure("double", 62, 1, max(len(frames), 2))
for ax, frame in zip(axes, frames, strict=False):
    plots.evidence_bars(
        list(frame["model"]), frame["log_evidence"], err=frame["standard_error"], n=frame["group"].iloc[0], ax=ax
    )
for ax in axes[len(frames) :]:
    ax.set_axis_off()
note(fig, frames[0]["group"].iloc[0])
run.figure(
    fig,
    "evidence_real",
    data=pd.concat(frames),
    needs=needs,
    caption=f"""Log evidence of three melting models (dynamic with 1 % porosity) for {"the first segment" if several else "these samples"}, with Monte-Carlo errors that do not hold all of the uncertainty of such long ladders. It compares models of one source: where the source varies
    from sample to sample, a preference may answer that instead.""",
    alt_text="Bars of log evidence relative to the best model.",
)

# %% [markdown]
# ## D. What it means, and its limits
#
# **Meaning.** With known partition coefficients and a truly common source, ten basalts measured to 5 % fix the level of their melt fractions to a few per cent, and their ratios better
# still. The rare failures of a joint random walk are failures of mixing along one ridge: integrating the source out, and moving along the ridge, removes them, also for instantaneous
# melts with additive noise, where independence steps carry chains off the plateaus of exhausted elements. At the same cost replica exchange leaves some of them, at a small part of the
# efficiency (figure `samplers`); it pays where evidence is wanted.
#
# **Real basalts are another matter.** With one source a segment the melt fractions come out far below what any thermal model of a ridge allows; letting the source vary from sample to sample along one
# direction raises them towards those of petrology (figure *assumptions*), but there chains agree badly or not at all: an indication, no answer. And the evidence prefers other melting models than the accumulated melts of this section. The level also follows the common error of the partition
# coefficients in full.
# Read section C as a criticism of the model, not as a finding about ridges.
#
# **Limits.**
# - Absolute melt fractions are in units of the partition coefficients. Report ratios.
# - Garnet, sulphide, plagioclase and the mixing of melts of different depths are not in the model.
# - Fractionation is corrected to 8 wt% MgO by straight lines; a common dilution on the way to a primary melt changes the source, not the melt fractions.
# - The direction along which sources vary is fixed beforehand; real mantle is more than one-dimensional.
#
# **What to try next.** Switch `coefficients`: the level moves by the difference of the tables. Set `source_deviation`. Group samples by isotopes in your own table. Drop the middle and heavy rare
# earths and see the refusal.
#
# **References.** Gale et al. (2013) Geochem. Geophys. Geosyst. 14, 489 · Gibson & Geist (2010) Earth Planet. Sci. Lett. · Kinzler & Grove (1992) J. Geophys. Res. · McKenzie & O'Nions (1991) J. Petrol. 32,
# 1021 · Palme & O'Neill (2003) Treatise on Geochemistry · Salters & Stracke (2004) Geochem. Geophys. Geosyst. 5, Q05B07 · Shaw (1970) Geochim. Cosmochim. Acta 34, 237 · Workman & Hart (2005) Earth Planet. Sci. Lett. 231, 53.

# %%
stated = run.finish()
