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
# # Hydrous melt: how water makes silicate melt non-ideal
#
# **Question.** Olivine crystallises from a hydrous melt at a lower temperature than from a dry one. How much of that is mere dilution, how much is non-ideal, and which terms of the
# water content does the equilibrium ask for: linear, squared, a square root, a product with silica?
#
# Ueki et al. (2020) let the data decide: *every* combination of thermodynamic terms was fitted, and the one with the best cross-validated prediction kept; a linear with a squared term of water won,
# which they read as dissociation of water in the melt. Only their abstract was available: the equations, the dictionary of terms and the data below are our own choice, *after* theirs. Two things are added: several
# schemes of cross-validation side by side, since experiments of one laboratory are not independent, and the prediction of what one wants in the end, the temperature.
#
# *Time: about a minute. To use your own table: `make case NAME=hydrous_melt DATA=my.csv` (section C then shows your experiments).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own table of experiments (empty for the compendium's own)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial experiments and marks every figure
seed = 2020  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
terms = []  # names; any; dictionary of terms such as H2O^2, sqrtH2O, SiO2*H2O (empty for the 16 of this case)
schemes = ["random", "loo", "study"]  # names; any; of random, loo, study, one study
entropy = 57.2  # J/(mol K); 0 to 200; entropy of fusion of forsterite that fixes the part of T; 0 leaves it free
n_folds = 10  # count; 2 to 100; folds of the schemes random and study
fold_seed = 0  # integer; 0 to 4294967295; of the deal of the folds
filters = ["olivine", "not silicic"]  # names; any; quality filters of the compilation
with_hierarchy = False  # yes or no; any; powers and products only beside their variables
pressure_gpa = 0.2  # GPa; 0.0001 to 3; pressure of the liquidus curves
n_bootstrap = 200  # draws; 20 to 10000; resamplings of studies for bands

# %%
import numpy as np
import pandas as pd

from lib import hydrous_melt, plots, tables
from lib.hydrous_melt.artificial import LAW, artificial_experiments, law_model
from lib.hydrous_melt.depression import WATER
from lib.hydrous_melt.lepr import LEPR
from lib.workflow import Run

run = Run.start("09_hydrous_melt", globals())
plots.use_style()
streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]
dictionary = tuple(terms) or hydrous_melt.TERMS
fixed = entropy or None
short = hydrous_melt.SHORT_TERMS
water_words = {"no water term": "no water term", "linear": "H$_2$O", "linear + squared": "H$_2$O + (H$_2$O)$^2$", "any": "any water terms"}  # fmt: skip

# %% [markdown]
# ## A. The model and its algorithm
#
# **Equilibrium.** For Mg$_2$SiO$_4$(olivine) = Mg$_2$SiO$_4$(melt), with $a_{ol}=X_{Fo}^2$ and $a_{melt}=X_{MgO}^2X_{SiO_2}\,\gamma$ in mole fractions of oxides, water counted,
#
# $$y\equiv T\ln\frac{X_{Fo}^2}{X_{MgO}^2X_{SiO_2}}=\frac{\Delta H-T\Delta S+P\Delta V+RT\ln\gamma}{R}=w_0+w_TT+w_PP+\sum_jw_j\phi_j(X).$$
#
# The right-hand side is linear in its coefficients, so that all $2^p$ combinations of $p$ terms are ordinary regressions: 65,536 for the dictionary of 16, a second's work by eliminating columns from the cross-products of the folds. $y$ is in
# kelvin; times $R$ it is an energy.
#
# **The part of $T$.** $w_T$ follows from the entropy of fusion, $w_T=-\Delta S/R+\ln(27/4)$ (the ideal activity of pure Mg$_2$SiO$_4$ melt is 4/27). It can be left free, as the other coefficients; what that does is seen in C. Solved for temperature,
# $T=(w_0+w_PP+\sum w_j\phi_j)/(\ln Q-w_T)$ with $Q$ the quotient above, $X_{Fo}$ from the exchange coefficient $K_D=0.30$ for a liquidus.
#
# **Schemes.** *Random* folds and *leave-one-out* keep experiments of one study on both sides; *folds by study* predict laboratories that were not in the calibration.
#
# **Consistency.** Freely chosen $\phi_j$ need not satisfy the Gibbs-Duhem equation. Derivatives of one excess energy $\sum_{j<k}W_{jk}X_jX_k$ do: $RT\ln\gamma_i=\sum_kW_{ik}X_k-\sum_{j<k}W_{jk}X_jX_k$, and forsterite's is twice MgO's plus
# SiO$_2$'s. One set of $W$ then serves the equations of forsterite and fayalite together.
#
# **Dilution or non-ideality.** Water is light: 4 wt% are 13 mol%. Diluting MgO and SiO$_2$ alone lowers the liquidus by about half of what is measured; the rest is $\gamma$.

# %%
basalt, dilution = hydrous_melt.basalt_wt(WATER), law_model({k: v for k, v in LAW.items() if "H2O" not in k})
liquidus = {"dilution alone": dilution.temperature(basalt, pressure_gpa), "artificial law (section B)": law_model().temperature(basalt, pressure_gpa)}  # fmt: skip
drop = {name: t[0] - t for name, t in liquidus.items()}
published = {}
for name, d in hydrous_melt.DEPRESSIONS.items():
    along = np.linspace(*d.limits, 161)
    published[name if d.checked == "abstract" else f"{name} (not verified)"] = along, d.formula(along)
fig, ax = plots.figure("single", 95)
plots.liquidus_depression(WATER, drop, published=published, n="one basalt", ax=ax)
run.figure(
    fig,
    "dilution",
    data={
        "model": pd.DataFrame({"h2o_wt": WATER, **{f"{name}_k": v for name, v in drop.items()}}),
        "published": pd.concat([pd.DataFrame({"curve": name, "h2o_wt": x, "depression_k": y}) for name, (x, y) in published.items()]),
    },
    caption="""Depression of the olivine liquidus of a basalt by water: by dilution alone, by the law that the artificial experiments of section B obey, and published curves. The coefficients of Almeev et al. (2007)
    were read in their abstract; those of the two others are quoted from memory and were not verified.""",
    alt_text="Curves of depression against water content; dilution gives about half of the published ones.",
)  # fmt: skip
run.number("depression_k[dilution alone][4 wt%]", float(np.interp(4, WATER, drop["dilution alone"])), unit="K")

# %% [markdown]
# ## B. Artificial data with a known answer
#
# **One set of experiments.** 20 artificial laboratories with 12 experiments each obey a law with water in a linear and a squared term; temperatures scatter by 5 K, and all experiments of a laboratory share an offset (15 K, one sigma). All combinations of
# eleven terms are searched. Many are as good as the best within its standard error, and the law is among them: the best one alone says too much.

# %%
made = artificial_experiments(20, 12, streams[0], study_k=15.0)
found = {scheme: run.cached(hydrous_melt.search_terms, made.experiments, short, scheme, entropy=hydrous_melt.FUSION_ENTROPY["Fo"], n_jobs=n_jobs) for scheme in ("random", "study")}  # fmt: skip
law = [name for name in found["study"].terms if name in LAW]
fig, axes = plots.figure("double", 88, 1, 2)
for ax, (scheme, search) in zip(axes, found.items(), strict=True):
    density = search.result.density.assign(loss_low=lambda d: np.sqrt(d["loss_low"].clip(lower=0)), loss_high=lambda d: np.sqrt(d["loss_high"].clip(lower=0)))  # fmt: skip
    best = search.result.best
    whole = search.result.whole
    truth = float(np.sqrt(whole.loss[np.flatnonzero(whole.masks == sum(1 << search.terms.index(n) for n in law))[0]]))
    plots.density_of_states(density, marks={"best": (search.rmse, best.size), "the law": (truth, len(law))}, empty=float(np.sqrt(search.result.empty)),
                            one_se=(search.rmse, float(np.sqrt(best.loss + best.loss_se))), label="Cross-validated error of $y$ (K)", n=f"{'random folds' if scheme == 'random' else 'folds by study'}, {search.result.n_subsets} equations", ax=ax)  # fmt: skip
    run.number(run.key("one_se_set_size[artificial]", scheme), int(search.result.one_se_count), unit="1")
plots.panel_labels(axes)
run.figure(
    fig,
    "artificial_density",
    data=pd.concat([search.result.density.assign(scheme=scheme) for scheme, search in found.items()]),
    caption="""Density of states of the search on artificial experiments: number of equations at each cross-validated error, by number of terms; (a) random folds, (b) folds by study. Shaded: within one standard error
    of the best. The law is hardly worse than the best equation, and not alone.""",
    alt_text="Two histograms on a logarithmic count axis with lines for the best equation and for the law near the left end.",
)  # fmt: skip

# %%
from lib.hydrous_melt.searching import problem_of

top = found["study"].result.top.iloc[:40]
table = found["study"].result.indicator(n=40, problem=problem_of(made.experiments, found["study"].terms, found["study"].folds, hydrous_melt.FUSION_ENTROPY["Fo"]))  # fmt: skip
fig, ax = plots.figure("double", 100)
plots.indicator_diagram(table.to_numpy(), list(table.columns), np.sqrt(top["loss"]), truth=law, loss_label="Error of $y$ (K)", n="40 best equations, artificial", ax=ax)  # fmt: skip
run.figure(
    fig,
    "artificial_indicator",
    data=table.assign(rank=np.arange(1, len(table) + 1), cv_rmse_k=np.sqrt(top["loss"].to_numpy())),
    caption="""Signed standardised coefficients of the 40 best equations under folds by study; marked: terms of the law. Collinear terms stand in for each other: this is what is known, rather than any single row.""",
    alt_text="A diagram of forty rows by eleven terms in diverging colours.",
)

# %% [markdown]
# **Which scheme is honest, and what can be seen?** The same, repeated: when laboratories share no offset, all schemes are honest. With offsets, random folds and leave-one-out promise a smaller error than new laboratories will show, and add
# terms that fit the laboratories. Folds by study come much closer, but still promise somewhat too little, because the best equation was chosen on them; and they see the water terms less often,
# although these are there.

# %%
recovered = run.cached(hydrous_melt.recovery, run.pick((0.0, 7.5, 15.0, 30.0), (0.0, 15.0)), n_sets=run.pick(24, 4), seed=seed, n_jobs=n_jobs)  # fmt: skip
words = {"random": "random folds", "loo": "leave-one-out", "study": "folds by study"}
recovered["method"] = recovered["scheme"].map(words)
new = recovered.groupby("study_k", as_index=False)["new_k"].mean().assign(method="true: new studies").rename(columns={"new_k": "claimed_k"})  # fmt: skip
fig, axes = plots.figure("double", 78, 1, 2)
plots.benchmark_curves(pd.concat([recovered, new]), x="study_k", y="claimed_k", methods=[*words.values(), "true: new studies"], highlight="true: new studies", log=False, label="legend",
                       x_label="Offset between studies (K, 1 sigma)", y_label="Error of temperature (K)", n=f"{run.pick(24, 4)} data sets a point", ax=axes[0])  # fmt: skip
seen = recovered.assign(share=100 * recovered["seen"])
plots.benchmark_curves(seen, x="study_k", y="share", methods=list(words.values()), log=False, label="legend", x_label="Offset between studies (K, 1 sigma)", y_label="Water terms seen (% of data sets)",
                       n=f"{run.pick(24, 4)} data sets a point", ax=axes[1])  # fmt: skip
axes[1].set_ylim(0, 105)
plots.panel_labels(axes)
run.figure(
    fig,
    "schemes",
    data=recovered.drop(columns="method"),
    caption=f"""Artificial experiments of 20 studies, {run.pick(24, 4)} data sets a point. (a) Error of temperature that each scheme of cross-validation claims for its best equation, and the error on new studies.
    (b) How often water terms beat none by a standard error; the law has them always.""",
    alt_text="Left, claimed errors fall below the true one as offsets grow; folds by study lie nearest to it. Right, shares that fall.",
)
for row in recovered.itertuples():
    for name, unit in (("claimed_k", "K"), ("new_k", "K"), ("seen", "1"), ("water_exact", "1"), ("false_terms", "1")):
        run.number(run.key(f"{name}[artificial]", row.scheme, f"offset {row.study_k:g} K"), getattr(row, name), unit=unit, tier="stochastic",
                   uncertainty={"kind": "standard error", "sd": max(getattr(row, f"{name}_se"), 1e-3)})  # fmt: skip

# %% [markdown]
# **The liquidus comes out although the terms do not.** Equations with different terms predict nearly the same depression: the curve is better known than its formula.

# %%
curve = run.cached(hydrous_melt.depression_curves, made.experiments, found["study"].best, entropy=hydrous_melt.FUSION_ENTROPY["Fo"], pressure_gpa=pressure_gpa, n_bootstrap=run.pick(200, 40), seed=seed)  # fmt: skip
fig, ax = plots.figure("single", 85)
plots.liquidus_depression(
    WATER,
    {"best equation": curve["depression_k"]},
    bands={"best equation": (curve["lower_k"], curve["upper_k"])},
    truth=drop["artificial law (section B)"],
    calibrated=(0.0, float(made.experiments.h2o_wt.max())),
    band_label="90 % of resampled studies",
    n="240 artificial experiments",
    ax=ax,
)
run.figure(
    fig,
    "artificial_depression",
    data=curve.assign(truth_k=drop["artificial law (section B)"]),
    caption="""Depression of the liquidus of a basalt from the best equation of the artificial experiments (folds by study), with the band of resampled studies, and the law (black). The band holds the choice of terms fixed, and is
    therefore somewhat too narrow (row C2 of what has to be reached).""",
    alt_text="A curve with a band near the black curve of the law.",
)
run.number("depression_k[artificial][4 wt%]", float(np.interp(4, WATER, curve["depression_k"])), unit="K", tier="stochastic",
           uncertainty={"kind": "resampled studies, 90 %", "sd": float(np.interp(4, WATER, curve["upper_k"] - curve["lower_k"])) / 3.29})  # fmt: skip

# %% [markdown]
# **What has to be reached.** Limits set beforehand; rows that say "must fail" show a scheme failing on purpose.

# %%
accepted = run.cached(hydrous_melt.acceptance_table, n_sets=run.pick(30, 6), seed=seed, n_jobs=n_jobs)
for row in accepted.itertuples():
    run.number(run.key("acceptance", row.row), row.value, unit="1", tier="stochastic", uncertainty={"kind": "standard error", "sd": max(row.se, 1e-9)})  # fmt: skip
unmet = accepted.loc[~accepted["met"], "row"].tolist()
run.diagnostic("acceptance", len(unmet), ok=run.pick(not unmet, len(unmet) <= 4), limit=0, on=("acceptance",))
limit = accepted["limit_high"].fillna(accepted["limit_low"])
factor = np.where(accepted["limit_high"].notna(), accepted["value"] / limit, limit / accepted["value"].clip(lower=1e-9))
fig, ax = plots.figure("double", 30 + 4.5 * len(accepted))
plots.forest([f"{row.row}: {row.label}" for row in accepted.itertuples()], np.clip(factor, 0.01, 10), reference=1.0, label="Share of what the limit allows (1)", n=f"{run.pick(30, 6)} data sets a row", ax=ax)  # fmt: skip
run.figure(
    fig,
    "acceptance",
    data=accepted,
    caption=f"""Every requirement as a share of its limit (left of the line: met). {len(accepted) - len(unmet)} of {len(accepted)} are met.""",
    alt_text="Points left of a line at one.",
)

# %% [markdown]
# ## C. Application to real data
#
# **C.1 The experiments** (your own table takes this place). Olivine-liquid pairs of the Library of Experimental Phase Relations (Hirschmann et al. 2008), as stitched by Wieser et al. (2023). Filters are switchable, and counted. A trap of the file: blank
# cells are zero, and five zeros of water stand beside a method of measuring it, in melts far too cold to be dry (filter "water not blank"). Without the external table artificial experiments stand in, and their figures are not kept.

# %%
library = None if run.own else (run.data(LEPR) and hydrous_melt.read_lepr())
needs = () if run.own else (LEPR,)
counts = None
if run.own:
    experiments = hydrous_melt.prepare(tables.read(run.data("own")), terms=dictionary)
elif library is not None:
    experiments, counts = hydrous_melt.filtered(library, filters)
    print(counts.to_string(index=False))
else:
    experiments = hydrous_melt.prepare(tables.read(tables.Source.from_key("templates/09_hydrous_melt_example.csv")))
    run.stand_in("artificial experiments")
print(f"{len(experiments)} experiments, {(experiments.h2o_wt > 0).sum()} with water, {experiments.n_studies} studies")
number_note = f"{len(experiments)} experiments"
run.number("experiments", len(experiments), unit="1")
if counts is not None:
    for row in counts.itertuples():
        run.number(run.key("filter_fails", row.filter), int(row.fails_alone), unit="1")


def illustrate(fig) -> None:
    """Say on a figure that stand-in data were used."""
    if not run.own and library is None:
        plots.verdict_box(fig, "the experiments are not here: artificial ones, an illustration", "warning")


# %% [markdown]
# **C.2 All coefficients free, the part of $T$ too.** Under random folds the best equation holds every water term, which help together and hardly alone; under folds by study the best one holds water linearly, squared and in a product with silica, and is no better than the best
# equation without any water. The contrast is the result.

# %%
free = run.cached(hydrous_melt.analyse, experiments, terms=dictionary, schemes=tuple(schemes), entropy=None, n_folds=n_folds, fold_seed=fold_seed, with_hierarchy=with_hierarchy, pressure_gpa=pressure_gpa,
                  n_bootstrap=0, seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*free.messages, sep="\n")
scheme_words = words | {"one study": "one study at a time"}
patterns = free.frame("patterns")
order = ["no water term", *patterns.loc[patterns["n_water"] > 0, "pattern"].drop_duplicates()]


def contrast(patterns, name, caption) -> None:
    """Draw what combinations of water terms reach under each scheme."""
    shown = patterns.assign(scheme=patterns["scheme"].map(scheme_words))
    axes = plots.scheme_contrast(shown, model="pattern", value="rmse_k", error="rmse_se_k", reference="no water term", label="CV error of $y$ (K)", n=number_note)  # fmt: skip
    fig = axes.flat[0].figure
    illustrate(fig)
    run.figure(fig, name, data=patterns, needs=needs, caption=caption, alt_text="Rows of combinations of water terms, points with errors, a panel a scheme of cross-validation.")  # fmt: skip


contrast(patterns, "free_contrast", """Error of the best equation with each combination of water terms (all others free to be chosen), by scheme of cross-validation, when the coefficient of T is free. Line and band: no water term, with its
standard error; at the right, the difference in per cent.""")  # fmt: skip
for row in free.frame("searches").itertuples():
    run.number(run.key("cv_rmse_k[free T]", row.scheme), row.cv_rmse_k, unit="K")
    run.number(run.key("best_subset[free T]", row.scheme), row.terms, unit="terms")
    run.number(run.key("one_se_set_size[free T]", row.scheme), int(row.one_se_count), unit="1")
for row in patterns[patterns["pattern"].isin(["no water term", "H2O", "H2O + H2O^2"])].itertuples():
    run.number(run.key("cv_rmse_k[free T]", row.scheme, row.pattern), row.rmse_k, unit="K")
for row in free.frame("inclusion").itertuples():
    run.number(run.key("inclusion[free T]", row.scheme, row.term), row.inclusion, unit="1")

# %% [markdown]
# **What that equation is worth as a thermometer: nothing.** $T$ and $X_{MgO}$ stand on both sides of the regression, and the fitted part of $T$ nearly cancels the left-hand side: $\ln Q-w_T$ passes through zero, and temperatures run away.
# The fitted $w_T$ means a *negative* entropy of fusion, which no melt has. A small cross-validated error of $y$ is no merit by itself. So the entropy is given, over a range that includes the calorimetric values, and the error of
# temperature is what counts.

# %%
profile = run.cached(hydrous_melt.entropy_profile, experiments, dictionary, entropies=(None, *run.pick(hydrous_melt.ENTROPIES, (20.0, 57.2, 100.0))),
                     schemes=tuple(s for s in ("random", "study") if s in free.searches) or ("random",), n_folds=n_folds, n_jobs=n_jobs)  # fmt: skip
given = profile[profile["entropy_j_mol_k"].notna()].assign(label=lambda d: d["family"].map(water_words))
panels = list(dict.fromkeys(given["scheme"]))
fig, axes = plots.figure("double", 80, 1, len(panels), sharey=True, squeeze=False)
for ax, scheme in zip(axes.flat, panels, strict=True):
    plots.benchmark_curves(given[given["scheme"] == scheme], x="entropy_j_mol_k", y="rmse_k", method="label", methods=list(water_words.values()), log=False, label="legend" if ax is axes.flat[0] else "none",
                           x_label="Entropy of fusion of forsterite (J/(mol K))", y_label="Error of temperature (K)" if ax is axes.flat[0] else "", n=scheme_words[scheme], ax=ax)  # fmt: skip
    ax.axvspan(50, 65, color="#DDDDDD", zorder=0)
plots.panel_labels(axes.flat)
illustrate(fig)
unsolved = profile[profile["entropy_j_mol_k"].isna() & (profile["family"] == "any")]
run.figure(
    fig,
    "entropy_profile",
    data=profile,
    needs=needs,
    caption=f"""Held-out error of temperature of the best equations against the entropy of fusion that they are given, by the water terms allowed; grey: about the calorimetric range at the melting point. With a free part of T only
    {unsolved["solved"].min():.0%} of the experiments have a temperature at all, with a median error of {unsolved["median_abs_k"].min():.0f} K.""",
    alt_text="Curves of error against entropy that fall and flatten; under random folds those with water terms lie lower.",
)
for row in profile.itertuples():
    if row.family in ("no water term", "linear + squared", "any") and (np.isnan(row.entropy_j_mol_k) or row.entropy_j_mol_k in (20.0, 57.2, 100.0)):  # fmt: skip
        given_as = "free T" if np.isnan(row.entropy_j_mol_k) else f"{row.entropy_j_mol_k:g} J/(mol K)"
        run.number(run.key("temperature_error_k", given_as, row.scheme, row.family), row.median_abs_k if np.isnan(row.entropy_j_mol_k) else row.rmse_k, unit="K")  # fmt: skip

# %% [markdown]
# **C.3 With the entropy of fusion given.** The same search with forsterite's entropy of fusion (57.2 J/(mol K), Ghiorso & Sack 1995): 32,767 equations a scheme. The linear with the squared term comes out under leave-one-out and in this deal of the studies.

# %%
if fixed is None:
    answer = free
else:
    answer = run.cached(hydrous_melt.analyse, experiments, terms=dictionary, schemes=tuple(schemes), entropy=fixed, n_folds=n_folds, fold_seed=fold_seed, with_hierarchy=with_hierarchy, pressure_gpa=pressure_gpa,
                        n_bootstrap=run.pick(n_bootstrap, min(n_bootstrap, 40)), seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*answer.messages, sep="\n")
for name in ("temperature_error", "water_terms", "scheme_agreement", "extrapolation"):
    one = answer.diagnostic(name)
    concerned = {"temperature_error": ("temperature",), "extrapolation": ("depression",)}.get(name, ("contrast", "inclusion", "indicator"))  # fmt: skip
    run.diagnostic(name, one["value"], ok=bool(one["ok"]), limit=one["limit"], on=concerned)
contrast(answer.frame("patterns"), "contrast", f"""As before, with the entropy of fusion given ({entropy:g} J/(mol K)).""")
searches, used = answer.frame("searches"), answer.parameters["used"]["terms"]
for row in searches.itertuples():
    run.number(run.key("cv_rmse_k", row.scheme), row.cv_rmse_k, unit="K", uncertainty={"kind": "standard error over folds", "sd": row.se_k})  # fmt: skip
    run.number(run.key("best_subset", row.scheme), row.terms, unit="terms")
    run.number(run.key("one_se_set_size", row.scheme), int(row.one_se_count), unit="1")
for row in answer.frame("patterns").itertuples():
    if row.pattern in ("H2O", "H2O^2", "H2O + H2O^2"):
        run.number(run.key("difference_pct", row.scheme, row.pattern), row.difference_pct, unit="%", uncertainty={"kind": "standard error, paired over folds", "sd": row.difference_se_pct})  # fmt: skip

# %% [markdown]
# **Is it the deal?** Thirty-three studies can be dealt to ten folds in many ways. Twenty deals of each kind tell what of the best equation is more than an accident.

# %%
dealing = tuple(s for s in ("random", "study") if s in answer.searches)
water_names = list(hydrous_melt.water_terms(used))
if dealing and water_names:
    deals = run.cached(
        hydrous_melt.over_deals, experiments, used, dealing, entropy=fixed, n_deals=run.pick(20, 4), n_folds=n_folds
    )
    share = deals.groupby("scheme", sort=False)[water_names].mean()
    print(deals.groupby(["scheme", "pattern"], sort=False).size().to_string())
    fig, ax = plots.figure("single", 78)
    plots.inclusion_bars(water_names, share.to_numpy(), series=[scheme_words[s] for s in share.index], label="Deals whose best equation\nholds the term (%)", n=f"{run.pick(20, 4)} deals a scheme", ax=ax)  # fmt: skip
    illustrate(fig)
    run.figure(
        fig,
        "deals",
        data=deals,
        needs=needs,
        caption=f"""How often each water term is in the best equation, over {run.pick(20, 4)} deals of the folds.""",
        alt_text="Pairs of bars for each water term.",
    )
    for scheme, part in deals.groupby("scheme"):
        for name in water_names:
            run.number(run.key("water_term_share", scheme, name), float(part[name].mean()), unit="1")
        if part["difference_pct"].notna().all():
            run.number(run.key("difference_pct[mean of the deals]", scheme, "H2O + H2O^2"), float(part["difference_pct"].mean()), unit="%",
                       uncertainty={"kind": "mean standard error of a deal, paired over folds", "sd": float(part["difference_se_pct"].mean())})  # fmt: skip

# %%
density = answer.frame("density")
shown = [s for s in ("random", "study") if s in answer.searches] or list(answer.searches)[:1]
fig, axes = plots.figure("double", 88, 1, len(shown), squeeze=False)
for ax, scheme in zip(axes.flat, shown, strict=True):
    search, best = answer.searches[scheme], answer.searches[scheme].result.best
    dry = answer.frame("patterns").query("scheme == @scheme and n_water == 0").iloc[0]
    plots.density_of_states(density[density["scheme"] == scheme], marks={"best": (search.rmse, best.size), "no water term": (dry["rmse_k"], int(dry["n_terms"]))}, empty=float(np.sqrt(search.result.empty)),
                            one_se=(search.rmse, float(np.sqrt(best.loss + best.loss_se))), label="Cross-validated error of $y$ (K)", n=f"{scheme_words[scheme]}, {search.result.n_subsets} equations", ax=ax)  # fmt: skip
plots.panel_labels(axes.flat)
illustrate(fig)
run.figure(
    fig,
    "density",
    data=density,
    needs=needs,
    caption="""Density of states: number of equations at each cross-validated error of y, by number of terms, with the best equation and the best one without water. Shaded: within one standard error of the best.""",
    alt_text="Histograms on a logarithmic count axis, a panel a scheme.",
)

# %%
inclusion = answer.frame("inclusion").pivot(index="scheme", columns="term", values="inclusion").loc[list(answer.searches), list(used)]  # fmt: skip
fig, ax = plots.figure("double", 82)
plots.inclusion_bars(list(used), inclusion.to_numpy(), series=[scheme_words[s] for s in inclusion.index], chance=0.5, label="Inclusion in the 100 best (%)", n=number_note, ax=ax)  # fmt: skip
illustrate(fig)
run.figure(
    fig,
    "inclusion",
    data=answer.frame("inclusion"),
    needs=needs,
    caption="""Share of the 100 best equations that hold each term, by scheme of cross-validation; dashed: share among all equations.""",
    alt_text="Grouped bars of terms by scheme.",
)
for row in answer.frame("inclusion").itertuples():
    run.number(run.key("inclusion", row.scheme, row.term), row.inclusion, unit="1")

table = answer.frame("indicator")
fig, ax = plots.figure("double", 105)
plots.indicator_diagram(table[list(used)].to_numpy(), list(used), table["cv_rmse_k"], loss_label="Error of $y$ (K)", n=f"{len(table)} best equations, {scheme_words[answer.strict]}", ax=ax)  # fmt: skip
illustrate(fig)
run.figure(
    fig,
    "indicator",
    data=table,
    needs=needs,
    caption=f"""Signed standardised coefficients of the {len(table)} best equations under {scheme_words[answer.strict]}.""",
    alt_text="A diagram of rows of equations by terms in diverging colours.",
)
for row in answer.frame("coefficients").itertuples():
    run.number(run.key("term", row.term), row.coefficient_k, unit="K per unit of the term", uncertainty={"kind": "standard error, experiments taken as independent", "sd": row.error_k})  # fmt: skip

# %% [markdown]
# **C.4 Temperature, study by study.** Errors are those of laboratories rather than of single experiments: most of the scatter is between studies. A published thermometer is drawn for scale; it was calibrated on many of the same experiments.

# %%
errors = answer.frame("temperatures")
print(errors.round(2).to_string(index=False))
for row in errors.itertuples():
    run.number(run.key("temperature_rmse_k", row.method), row.rmse_k, unit="K")
    run.number(run.key("temperature_median_abs_k", row.method), row.median_abs_k, unit="K")
    if np.isfinite(row.ln_partition_rmse):
        run.number(run.key("partition_error_pct", row.method), 100 * row.ln_partition_rmse, unit="%")
        run.number(run.key("liquidus_rmse_k", row.method), row.liquidus_rmse_k, unit="K")
residuals = answer.frame("residuals")
if residuals["temperature_error_k"].notna().sum() > 3:
    axes = plots.residuals_by_study(residuals["h2o_wt"], residuals["temperature_error_k"], [s or "no study given" for s in residuals["study"]], label="Predicted − measured temperature (K)")  # fmt: skip
    illustrate(axes.flat[0].figure)
    run.figure(axes.flat[0].figure, "temperature", data={"errors": errors, "by_study": answer.frame("by_study")}, measured=residuals, needs=needs,
               caption=f"""Error of temperature, each experiment predicted without its fold ({scheme_words[answer.strict]}): (left) against water, (right) by study. Root mean square {errors.iloc[list(answer.searches).index(answer.strict)]["rmse_k"]:.0f} K, searching
               again in every fold {errors["rmse_k"].iloc[-2]:.0f} K, published thermometer (Putirka 2008, eq. 22) {errors["rmse_k"].iloc[-1]:.0f} K.""",
               alt_text="Left, residuals against water with a running median near zero; right, residuals by study, some of which lie off zero as a whole.")  # fmt: skip

# %% [markdown]
# **C.5 Water on the liquidus, and magnesium between olivine and melt.**

# %%
curve = answer.frame("depression")
models = {f"best, {scheme_words[answer.strict]}": curve}
for scheme, search in answer.searches.items():
    if scheme != answer.strict and search.best != answer.model.terms:
        models[f"best, {scheme_words[scheme]}"] = run.cached(hydrous_melt.depression_curves, experiments, search.best, entropy=answer.parameters["entropy"], pressure_gpa=pressure_gpa, n_bootstrap=0, seed=seed)  # fmt: skip
solved = {name: c for name, c in models.items() if np.isfinite(c["depression_k"]).all()}
fig, ax = plots.figure("single", 100)
if solved:
    first = next(iter(solved))
    bands = {first: (curve["lower_k"], curve["upper_k"])} if np.isfinite(curve["lower_k"]).all() else None
    inside = curve.loc[~curve["extrapolated"], "h2o_wt"]
    plots.liquidus_depression(WATER, {name: c["depression_k"] for name, c in solved.items()}, bands=bands, published=None if run.own else published, band_label="90 % of resampled studies",
                              calibrated=(float(inside.min()), float(inside.max())) if len(inside) > 1 else None, n=number_note, ax=ax)  # fmt: skip
else:
    plots.verdict_box(fig, "the equation gives no liquidus for this basalt", "warning")
illustrate(fig)
run.figure(
    fig,
    "depression",
    data=pd.concat([c.assign(model=name) for name, c in models.items()]),
    needs=needs,
    caption=f"""Depression of the olivine liquidus of a basalt (round numbers, {pressure_gpa:g} GPa) by water: best equations, band of resampled studies, and published curves (two of them taken from memory of the papers and not verified). The band holds the choice
    of terms fixed and is somewhat too narrow (row C2).{" Shaded: beyond the calibration." if curve["extrapolated"].any() else ""} At 1 wt% the adopted equation gives {np.interp(1.0, WATER, curve["depression_k"]):.0f} K, less than the published curves.""",
    alt_text="Curves of depression against water that lie close together, below the published ones at little water.",
)
for h2o in (1.0, 2.0, 4.0, 6.0):
    value, low, high = (float(np.interp(h2o, WATER, curve[c])) for c in ("depression_k", "lower_k", "upper_k"))
    if np.isfinite(value):
        run.number(run.key("depression_k", f"{h2o:g} wt%"), value, unit="K", tier="stochastic",
                   uncertainty={"kind": "resampled studies, 90 %", "sd": (high - low) / 3.29 if np.isfinite(high - low) else abs(value)})  # fmt: skip

# %%
isopleths = answer.frame("partition")
isopleths = isopleths[np.isfinite(isopleths["liquidus_k"])]
fig, axes = plots.figure("double", 80, 1, 2)
for ax, column, what in zip(axes, ("partition", "partition_wt"), ("molar, water counted", "by mass"), strict=True):
    for color, (h2o, part) in zip(plots.class_colors(4), isopleths.groupby("h2o_wt"), strict=False):
        inside = part[~part["extrapolated"]]
        ax.plot(part["liquidus_k"] - 273.15, part[column], ":", color=color)
        ax.plot(inside["liquidus_k"] - 273.15, inside[column], color=color, label=f"{h2o:g} wt% H$_2$O")
    ax.set(xlabel="Olivine liquidus (°C)", ylabel=f"$D_{{MgO}}$ olivine/melt ({what})", yscale="log")
    plots.plain_log_axis(ax)
axes[0].legend()
plots.panel_labels(axes)
illustrate(fig)
run.figure(
    fig,
    "partition",
    data=isopleths,
    needs=needs,
    caption=f"""Distribution coefficient of MgO between olivine and basaltic melts of 4 to 14 wt% MgO, against their olivine liquidus at {pressure_gpa:g} GPa, for four water contents; dotted: beyond the calibration. At one temperature, magnesium is less
    olivine-loving the more water the melt holds.""",
    alt_text="Falling curves of the distribution coefficient against temperature, shifted to the left by water.",
)
for h2o, part in isopleths.groupby("h2o_wt"):
    if part["liquidus_k"].min() < 1450 < part["liquidus_k"].max():
        run.number(run.key("partition_wt[1450 K]", f"{h2o:g} wt%"), float(np.interp(1450, part["liquidus_k"], part["partition_wt"])), unit="1")  # fmt: skip

# %% [markdown]
# **C.6 Does it hang on the data?** The search again with stricter filters.

# %%
choices = {"X(Fo) > 0.3, SiO2 < 66 wt%": hydrous_melt.DEFAULT_FILTERS, "and water not blank": (*hydrous_melt.DEFAULT_FILTERS, "water not blank"), "and Kd 0.27-0.36": (*hydrous_melt.DEFAULT_FILTERS, "Kd"), "and water not estimated": (*hydrous_melt.DEFAULT_FILTERS, "water known"), "and no chromium": (*hydrous_melt.DEFAULT_FILTERS, "chromium-free"),
           "and at most 1 GPa": (*hydrous_melt.DEFAULT_FILTERS, "pressure"), "all of these but pressure": hydrous_melt.STRICT_FILTERS}  # fmt: skip
if library is not None:
    rows = []
    for name, chosen in choices.items():
        part = hydrous_melt.filtered(library, chosen)[0]
        for scheme in ("random", "study"):
            search = run.cached(hydrous_melt.search_terms, part, dictionary, scheme, entropy=fixed, n_folds=n_folds, keep=100, n_jobs=n_jobs)  # fmt: skip
            result = run.cached(hydrous_melt.water_patterns, part, search)
            best = result.loc[result["rmse_k"].idxmin()]
            both = result[result["pattern"] == "H2O + H2O^2"].iloc[0]
            rows.append({"filters": name, "scheme": scheme, "n": len(part), "studies": part.n_studies, "best_pattern": best["pattern"], "best_difference_pct": best["difference_pct"],
                         "difference_pct": both["difference_pct"], "se_pct": both["difference_se_pct"], "terms": best["terms"]})  # fmt: skip
    robust = pd.DataFrame(rows)
    print(robust.drop(columns="terms").round(2).to_string(index=False))
    fig, axes = plots.figure("double", 75, 1, 2, sharey=True)
    for ax, (scheme, part) in zip(axes, robust.groupby("scheme", sort=False), strict=True):
        plots.forest([f"{row.filters}: {row.n}" for row in part.itertuples()], part["difference_pct"], lower=part["difference_pct"] - 1.96 * part["se_pct"], upper=part["difference_pct"] + 1.96 * part["se_pct"],
                     label="Change of the error by H$_2$O and (H$_2$O)$^2$ (%)", n=scheme_words[scheme], ax=ax)  # fmt: skip
    plots.panel_labels(axes)
    run.figure(
        fig,
        "filters",
        data=robust,
        needs=needs,
        caption="""Change of the cross-validated error of the best equation when water enters linearly and squared, against no water term, with 95 % intervals paired over folds; rows: quality filters and number of experiments.
        Left of zero: better.""",
        alt_text="Two panels of points with intervals left of and across zero.",
    )
    for row in robust.itertuples():
        run.number(run.key("difference_pct[filters]", row.filters, row.scheme), row.difference_pct, unit="%", uncertainty={"kind": "standard error, paired over folds", "sd": row.se_pct})  # fmt: skip

# %% [markdown]
# **C.7 The consistent version.** All sets of at most four interactions of 28, in the equations of forsterite and fayalite together.

# %%
consistent = {scheme: run.cached(hydrous_melt.fit_consistent, experiments, scheme, n_interactions=run.pick(4, 3), n_folds=n_folds, n_jobs=n_jobs) for scheme in shown}  # fmt: skip
names = list(hydrous_melt.pair_names())
frequency = np.array([c.result.inclusion("top", n=100).set_index("feature")["frequency"].reindex(names).to_numpy() for c in consistent.values()])  # fmt: skip
often = np.argsort(-frequency.max(axis=0))[:14]
fig, ax = plots.figure("double", 92)
plots.inclusion_bars([names[j] for j in often], frequency[:, often], series=[scheme_words[s] for s in consistent], label="Inclusion in the 100 best (%)", n=number_note, ax=ax)  # fmt: skip
illustrate(fig)
run.figure(
    fig,
    "interactions",
    data=pd.DataFrame(frequency.T, columns=list(consistent), index=pd.Index(names, name="interaction")).reset_index(),
    needs=needs,
    caption=f"""Interactions W in the 100 best sets of at most {run.pick(4, 3)} (14 most frequent shown). Error of temperature of the best set: """
    + "; ".join(f"{scheme_words[s]} {c.rmse_temperature_k:.0f} K" for s, c in consistent.items())
    + ".",
    alt_text="Grouped bars of interactions by scheme.",
)
for scheme, c in consistent.items():
    run.number(run.key("interactions", scheme), ", ".join(c.best), unit="terms")
    run.number(run.key("temperature_rmse_k[interactions]", scheme), c.rmse_temperature_k, unit="K")
    for row in c.coefficients.itertuples():
        run.number(run.key("interaction", scheme, row.name), row.coefficient_kj_mol, unit="kJ/mol", uncertainty={"kind": "standard error, experiments taken as independent", "sd": row.error_kj_mol})  # fmt: skip

# %% [markdown]
# ## D. What it means, and its limits
#
# **Meaning.** Water lowers the olivine liquidus by about twice what dilution does. With a physical entropy of fusion and folds dealt at random, the linear and the squared term of water are in the best equation of every deal, as the abstract of Ueki et al.
# (2020) says. When whole studies are predicted, the squared term stays in most deals and the linear one does not, and their advantage over no water term, a few per cent, is within its standard error; stricter quality filters do not make it clearer (C.6).
# Section B shows why that is no contradiction: with offsets between laboratories, which real studies clearly have (C.4), folds by study often miss water terms that are there, while random folds claim too small an error. The depression itself is fairly well determined,
# whatever the terms, to some fifteen per cent; the formula is not. Under random folds, too, the gain is not significant with some of the stricter filters (C.6), and the two terms are always in the best equation but often with others.
#
# **Limits.**
# - With the part of $T$ free, the cross-validated error of $y$ is smallest and the equation useless as a thermometer (C.2): the criterion must be what one wants to predict.
# - The entropy is taken as constant; it falls on cooling. Between 20 and 100 J/(mol K) the errors of temperature change by about a sixth, and under folds by study the linear and squared terms lose their advantage above the calorimetric values.
# - Iron is all FeO here; oxygen fugacity is stated for a third of the experiments only. How water was measured is not stated for half of them.
# - The published thermometer was calibrated on many of these experiments; its error is not a held-out one. Two of the published curves could not be verified.
# - Free terms do not satisfy the Gibbs-Duhem equation; the consistent version does; its errors are as small under folds by study and larger under random folds (C.7), and its interactions differ in kind and sign between the schemes.
# - Curves say where they are extrapolated; a melt outside the calibration gets a warning from `TermModel.outside`.
#
# **What to try next.** Set `entropy` to 0 and read the messages. Add products of your own to `terms`, such as Na2O*H2O. Use `schemes` with "one study".
#
# **References.** Almeev et al. (2007) Am. Mineral. 92, 670 · Falloon & Danyushevsky (2000) J. Petrol. 41, 257 · Frost (1991) Rev. Mineral. 25, 1 · Ghiorso & Sack (1995) Contrib. Mineral. Petrol. 119, 197 · Hirschmann et al. (2008) Geochem. Geophys. Geosyst. 9, Q03011 · Igarashi et al. (2018) arXiv:1707.02050 · Kress & Carmichael (1991)
# Contrib. Mineral. Petrol. 108, 82 · Médard & Grove (2008) Contrib. Mineral. Petrol. 155, 417 · Putirka (2008) Rev. Mineral. Geochem. 69, 61 · Roeder & Emslie (1970) Contrib. Mineral. Petrol. 29, 275 · Ueki et al. (2020) Phys. Earth Planet. Inter. 300, 106430 · Wieser et al. (2023), compilation.

# %%
stated = run.finish()
