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
# # Monazite discrimination: which rock did this grain come from
#
# **Question.** A grain of monazite in a river sand came from a granite or from a metamorphic rock, with garnet or without. Which of its elements tell, how surely, and what
# do the grains of one river say together about the rocks upstream?
#
# Itano et al. (2020) answered with multinomial logistic regression on the abundances of 16 elements: every combination of elements was tried, its power to discriminate was
# measured by cross-validation, and the best one was read geologically. Their data are not in an open machine-readable form and only the abstract was available here, so this is a
# study *after* that paper. It runs the whole search, looks at *all* 65,535 answers instead of the best one, asks what the winner owes to luck, and does the same with real zircon and
# pyrite. Your own copy of the published supplement can be read in: `discrimination.read_itano`.
#
# *Time: a few minutes. To use your own grains: `make case NAME=monazite DATA=my.csv` (section C then shows your table); grains to be classified go into a second table, `ARGS='-p detrital_path my_sands.csv'`.*

# %% tags=["parameters"]
data_path = ""  # file; any; your own table of grains with a class (empty for the compendium's own)
detrital_path = ""  # file; any; your own table of grains without a class (empty for none)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the search and marks every figure
seed = 2020  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
C = 1.0  # 1; 0.0001 to 1000000; inverse strength of the ridge penalty (large means nearly none)
cv = "auto"  # word; one of auto, stratified, grouped, leave-group-out; folds of your table (auto groups when it has groups)
n_folds = 10  # folds; 2 to 50; of the cross-validation
max_size = 0  # features; 0 to 63; largest subset (0 for all sizes)
choose = "best"  # word; one of best, one_se, full; which subset classifies the unlabelled grains
below = "drop"  # word; one of drop, lod/sqrt2, lod/2; what is done with cells below detection
exclude = []  # names; any; features to leave out, as in the table without unit
ratios = []  # names; any; ratios to add, as Th/U
threshold = 0.6  # fraction; 0 to 0.99; a grain whose best class has less is called undetermined
n_permutations = 20  # draws; 5 to 1000; permuted labels for the null distribution

# %%
import numpy as np
import pandas as pd

from lib import discrimination, plots, subset_search, tables
from lib.discrimination import CHONDRITE, ELEMENTS, STEM
from lib.workflow import Run

run = Run.start("04_monazite_discrimination", globals())
plots.use_style()
streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(4)]

# %% [markdown]
# ## A. The model and its algorithm
#
# **Model.** With $x_j=\log_{10}$ of the concentration of element $j$ (z-scores with mean and standard deviation of the *training* rows), the probability that grain $i$ belongs to class $k$ is
#
# $$p(k\mid x_i)=\frac{\exp(b_k+w_k\cdot x_i)}{\sum_l\exp(b_l+w_l\cdot x_i)},\qquad \min_{b,w}\;-\sum_i\ln p(y_i\mid x_i)+\frac1{2C}\sum_k|w_k|^2 .$$
#
# The differences $D_{kl}(x)=(b_k-b_l)+(w_k-w_l)\cdot x$ are linear discriminants: a coefficient on $\log_{10}$ ppm tells what an element says for one rock against another, the others held
# fixed. Classes that are separated without error would send the coefficients to infinity; the ridge keeps them finite, and the note below says so when that happens.
#
# **Exhaustive search.** An indicator $c\in\{0,1\}^p$ switches elements on and off. Each of the $2^p-1$ subsets is fitted anew in every fold and scored by the mean log-loss of the rows held out,
#
# $$E(c)=-\frac1n\sum_i\ln p\bigl(y_i\mid x_i;\,c,\text{ fitted without the fold of }i\bigr)\quad\text{(nats per grain)},$$
#
# which, unlike the share of right answers, has few ties and punishes false certainty. The *density of states* $g(E)$ counts the subsets at every loss (Igarashi et al. 2018); the
# *indicator diagram* lists the best ones; the *one-standard-error set* holds all subsets that the data cannot tell from the best.
#
# **What the winner owes to luck.** The least of tens of thousands of noisy scores is too good. Nested cross-validation repeats the search (up to five features where the whole search is long) without the rows on which the winner is then judged;
# permuted labels show what a search finds where nothing is to be found. Grains of one rock resemble each other, so that folds keep the grains of a rock together wherever the table says which these are.
#
# **Algorithm.** Newton's method in the parametrisation against a reference class, whose penalty is exactly the symmetric ridge; every fold starts from the fit to all rows. Compiled, one thread a task, resumable, equal to scikit-learn's tight
# solution to better than $10^{-7}$ nats.
#
# **A check that the model can be right.** Grains whose classes are, by construction, a logistic model of three elements, while all others differ between classes only because they go along with those three.

# %%
planted = discrimination.plant(streams[0], n=run.pick(500, 200), informative=("Eu", "Gd", "Yb"), accuracy=0.9)
trial = planted.grains
folds = subset_search.stratified(trial.codes, run.pick(10, 5), seed)
problem = subset_search.MultinomialProblem(trial.x, trial.codes, folds, C, list(trial.names))
found = run.cached(subset_search.exhaustive_search, problem, sizes=run.pick(None, (1, 4)), n_jobs=n_jobs)
marks = {row.method: (row.loss, row.size) for row in subset_search.select_all(problem, result=found).itertuples()}
print(f"{found.n_subsets:,} subsets; best: {', '.join(found.best.names)}; planted: {', '.join(planted.informative)}")
truth = problem.score(np.array([sum(1 << trial.names.index(name) for name in planted.informative)], np.uint64)).loss[0]
rank = 1 + int((found.whole.loss < truth).sum())
best_rows = found.indicator(run.pick(60, 30))
held = ", ".join(f"{name} {share:.0%}" for name, share in best_rows[list(planted.informative)].mean().items())
run.number("planted_truth_rank", rank, unit="1")

# %%
fig, axes = plots.separate_panels("double", 90, 2, width_ratios=[1.25, 1])
plots.density_of_states(found.density, marks=marks, empty=found.empty, one_se=(found.best.loss, found.best.loss + found.best.loss_se), n=f"{found.n_subsets:,} subsets, {len(trial.codes)} artificial grains", ax=axes[0])  # fmt: skip
plots.path_by_size(found.best_by_size, density=found.density, empty=found.empty, truth=len(planted.informative), ax=axes[1])
plots.panel_labels(axes)
run.figure(
    fig,
    "planted_density",
    data={"density": found.density, "best_by_size": found.best_by_size},
    caption=f"""All subsets of 16 elements on artificial grains whose class depends on {", ".join(planted.informative)} alone. (a) Density of states by size, with where other ways of selection end. (b) Best subset of every size with its standard
    error, over the range of all subsets of that size; it hardly falls beyond the true size.""",
    alt_text="Left, stacked histograms on a logarithmic count axis; right, a curve that falls until size three and then stays level.",
)
fig, ax = plots.figure("double", 85)
plots.indicator_diagram(found.indicator(run.pick(60, 30)).to_numpy(), list(trial.names), found.top["loss"].to_numpy()[: run.pick(60, 30)], value="member", truth=list(planted.informative), n=f"best {run.pick(60, 30)} subsets", ax=ax)  # fmt: skip
run.figure(
    fig,
    "planted_indicator",
    data=found.indicator(run.pick(60, 30)).reset_index(),
    caption=f"""Indicator diagram of the planted case: the best subsets, a row each. Share of them that hold the planted elements (marked): {held}; the others come and go. The planted
    subset alone has rank {rank}: the best of many is seldom the true one.""",
    alt_text="A raster of subsets by elements with three full columns.",
)

# %% [markdown]
# **When there are too many subsets.** With $p$ much above 20 nobody can fit them all. Replica exchange walks over the subsets at a ladder of temperatures, from a walk that sees all subsets alike to one that holds to the best, and multiple histograms
# put the density of states together from all of them. Here the whole answer is known.

# %%
walk = run.cached(subset_search.exchange_search, problem, sizes=run.pick((1, 16), (1, 4)), n_sweeps=run.pick(2000, 200), n_chains=2, seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*walk.messages, sep="\n")
fig, axes = plots.figure("double", 80, 1, 2, sharey=True)
plots.density_of_states(found.density, n=f"all {found.n_subsets:,} subsets", ax=axes[0])
plots.density_of_states(walk.density, limits=axes[0].get_xlim(), n=f"replica exchange, {walk.n_scored:,} scored", ax=axes[1])
plots.panel_labels(axes)
run.figure(
    fig,
    "exchange",
    data=walk.density,
    caption=f"""Density of states of the planted case (a) from all subsets and (b) rebuilt by replica exchange and multiple histograms from {walk.n_scored:,} scored subsets ({walk.n_scored / found.n_subsets:.0%}); band: standard error. Where subsets are few and bad, as single elements, the walk seldom comes. {walk.n_found} of 2 chains found the best subset.""",
    alt_text="Two similar stacked histograms.",
)
run.number("subsets_scored[replica exchange]", int(walk.n_scored), unit="subsets", tier="stochastic")

# %% [markdown]
# ## B. Artificial monazite with a known answer
#
# **The grains.** Monazite takes up rare earths through one crystal site, whose partition coefficients follow a parabola in ionic radius (lattice strain; Blundy & Wood 1994). Feldspar takes Eu, garnet takes heavy rare earths, temperature
# and melt shift the light ones, and Th and U vary. Rocks differ within a class, grains within a rock. The numbers are ours, chosen to look like monazite; nothing about real rocks can be learned from
# them, but a method that fails here will fail there.

# %%
monazite = tables.read(run.data("artificial_monazite") if not run.own else tables.Source.embedded(STEM, "artificial_monazite"))
sand = discrimination.embedded_detrital()
known = discrimination.prepare(monazite)
sands = discrimination.prepare(sand.table(labelled=False), like=known)
classes = list(known.classes)
fig, ax = plots.figure("double", 80)
rare = [name for name in ELEMENTS if name not in ("Th", "U")]
values = 10 ** known.x[:, [known.names.index(name) for name in rare]]
plots.ree_by_class(
    rare,
    values,
    known.labels,
    classes,
    others=10 ** sands.x[:, [sands.names.index(name) for name in rare]],
    others_label="detrital grains",
    normalise=[CHONDRITE[element] for element in rare],
    normalisation="chondrite",
    subject="Artificial monazite",
    n=f"{len(known.codes)} grains of {len(set(known.groups))} rocks, {len(sands.codes)} detrital grains",
    ax=ax,
)
medians = pd.DataFrame([np.median(values[[label == name for label in known.labels]], axis=0) for name in classes], index=classes, columns=[f"{e}_ppm" for e in rare])  # fmt: skip
run.figure(
    fig,
    "ree_patterns",
    data=medians.rename_axis("class").reset_index(),
    caption="""Chondrite-normalised rare earths of the artificial monazite: median and central 80 % of each class, and all detrital grains together (black).""",
    alt_text="Falling patterns with a negative anomaly at Eu; the class with garnet falls most steeply towards Lu.",
)

# %%
full = {"n_folds": n_folds, "n_permutations": n_permutations}
thin = {"n_folds": 5, "sizes": (1, 4), "null_sizes": (1, 2), "n_permutations": 5, "n_outer": 3, "nested_sizes": (1, 2), "n_bootstrap": 50}  # fmt: skip
given = {"C": C, "threshold": threshold, "seed": seed, "n_jobs": n_jobs, **run.pick(full, thin)}
artificial = run.cached(discrimination.analyse, known, sands, **given)
print(*artificial.messages, sep="\n")


CHECKS = ("converged", "permuted_labels", "optimism", "calibration", "leakage")
KINDS = ("density", "indicator", "inclusion", "classes")


def losses(answer) -> dict:
    """Log-losses of other ways to choose a subset, for marks on a density of states."""
    return {row.method: (row.loss, row.size) for row in answer.frame("selectors").itertuples()}


def nested_score(answer) -> tuple[float, float]:
    """Log-loss of "search, then take the best", and its standard error over the outer folds."""
    outer = answer.frame("nested")
    loss = np.average(outer["loss"], weights=outer["n_rows"])
    return float(loss), float(outer["loss"].std() / np.sqrt(len(outer)))


def best_up_to(answer) -> float:
    """Lowest log-loss among subsets of the sizes that the nested search covers."""
    sizes = answer.search.best_by_size
    return float(sizes.loc[sizes["size"] <= answer.parameters["nested_sizes"][1], "loss"].min())


def draw_density(answer, name: str, what: str, **options) -> None:
    """Density of states with its marks, beside the best subset of every size."""
    fig, axes = plots.separate_panels("double", 95, 2, width_ratios=[1.25, 1])
    search, nested = answer.search, nested_score(answer)
    best = (search.best.loss, search.best.loss + search.best.loss_se)
    plots.density_of_states(search.density, marks=losses(answer), empty=search.empty, one_se=best, n=f"{search.n_subsets:,} subsets, {what}", ax=axes[0])  # fmt: skip
    plots.path_by_size(search.best_by_size, density=search.density, empty=search.empty, nested=nested, ax=axes[1])  # fmt: skip
    plots.panel_labels(axes)
    text = f"""(a) Density of states of {search.n_subsets:,} subsets by size: how many reach which held-out log-loss, with where other ways of selection end. (b) Best subset of every size with its standard error; the loss of
    the whole procedure "search, then take the best" (among up to {min(answer.parameters["nested_sizes"][1], len(answer.grains.names))} features) from nested cross-validation is {nested[0]:.3f}; the winner has {search.best.loss:.3f}, the best of that many features {best_up_to(answer):.3f} ({what})."""
    run.figure(fig, f"density_{name}", data={"density": search.density, "best_by_size": search.best_by_size}, caption=text, alt_text="Histograms on a logarithmic count axis with marks; right, a falling curve that levels off.", **options)  # fmt: skip


def draw_indicator(answer, name: str, what: str, **options) -> None:
    """Indicator diagram of the best subsets, with signed coefficients where there are two classes."""
    shown = run.pick(60, 30)
    matrix = answer.search.indicator(shown)
    fig, ax = plots.figure("double", 92)
    plots.indicator_diagram(matrix.to_numpy(), list(matrix.columns), answer.search.top["loss"].to_numpy()[: len(matrix)], value="member", n=f"best {len(matrix)} subsets, {what}", ax=ax)  # fmt: skip
    best = answer.frame("best").iloc[0]
    text = f"""Indicator diagram: the best {len(matrix)} subsets, a row each, best first; at the top the share of them that holds a feature. Best: {best["features"]}. {answer.search.one_se_count:,} subsets lie within one
    standard error of it ({what})."""
    run.figure(fig, f"indicator_{name}", data=matrix.rename_axis("rank").reset_index(), caption=text, alt_text="A raster of subsets by features.", **options)  # fmt: skip


def draw_inclusion(answer, name: str, what: str, **options) -> None:
    """How often features belong to the one-standard-error set, and what leaving one out costs."""
    features = answer.frame("features")
    fig, axes = plots.figure("double", 75, 1, 2)
    plots.inclusion_bars(list(features["feature"]), features[["inclusion_one_se", "inclusion_boltzmann"]].to_numpy().T, series=["within one SE", "by likelihood"], chance=features["share_expected"].to_numpy(), ax=axes[0])  # fmt: skip
    cost, error = features["cost_without"].to_numpy(), features["cost_without_se"].to_numpy()
    plots.forest(list(features["feature"]), cost, lower=cost - error, upper=cost + error, label="Loss gained by leaving it out (nats)", n=what, ax=axes[1])  # fmt: skip
    plots.panel_labels(axes)
    text = f"""(a) Share of subsets that hold a feature: among those within one standard error of the best, and weighted by likelihood; dashes: share among all subsets of the same sizes. (b) Best loss without the feature minus best
    loss with it, with the paired standard error ({what})."""
    run.figure(fig, f"inclusion_{name}", data=features, caption=text, alt_text="Bars by feature and points with intervals.", **options)  # fmt: skip


def draw_null(answer, name: str, what: str, **options) -> None:
    """What a search finds with permuted labels."""
    null = answer.frame("null")
    sizes, lowest = sorted(null["size"]), answer.frame("null_best")["loss"].to_numpy()
    fig, ax = plots.figure("single", 70)
    p_value = float(answer.diagnostic("permuted_labels")["value"])
    plots.null_overlay(answer.search.density, answer.frame("null_density"), null_best=lowest, p_value=p_value, sizes=sizes, empty=answer.search.empty, n=f"{len(lowest)} permutations, {what}", ax=ax)  # fmt: skip
    text = f"""Density of states of subsets of {sizes[0]} to {sizes[-1]} features with the true labels and with permuted ones (mean of {len(lowest)} permutations); ticks: best loss of each permutation ({what})."""
    run.figure(fig, f"null_{name}", data={"null": null, "null_density": answer.frame("null_density")}, caption=text, alt_text="Two histograms: the true labels reach far lower losses than permuted ones.", **options)  # fmt: skip


def draw_projection(scores, kinds, what: str, ax) -> None:
    """Canonical projection; grains without a class are drawn as others."""
    axis = [column for column in ("axis_1", "axis_2") if scores[column].notna().any()]
    known_class, others = scores[scores["class"] != ""], scores[scores["class"] == ""]
    plots.discriminant_projection(
        known_class[axis].to_numpy(),
        known_class["class"].to_numpy(),
        kinds,
        others=others[axis].to_numpy() if len(others) else None,
        n=what,
        ax=ax,
    )


def draw_classes(answer, name: str, what: str, **options) -> None:
    """Confusion matrix and reliability of the held-out probabilities, and the discriminant projection."""
    fig, axes = plots.separate_panels("double", 118, 3, width_ratios=[1.3, 1, 1])
    kinds, guess = list(answer.grains.classes), answer.frame("predictions")
    counts = answer.frame("confusion").pivot(index="true", columns="assigned", values="count").loc[kinds, kinds]
    plots.confusion_matrix(counts.to_numpy(), kinds, ax=axes[0])
    plots.reliability(guess[[f"p[{kind}]" for kind in kinds]].to_numpy(), guess["class"].to_numpy(), kinds, ax=axes[1])
    draw_projection(answer.frame("projection"), kinds, what, axes[2])
    plots.panel_labels(axes)
    text = f"""Chosen subset: {", ".join(answer.chosen)}. (a) Held-out assignments. (b) Held-out probability against the share of grains that are of that class. (c) Canonical projection of the chosen features, 90 % ellipses ({what})."""
    run.figure(fig, f"classes_{name}", data={"confusion": answer.frame("confusion"), "reliability": answer.frame("reliability")}, measured={"projection": answer.frame("projection")}, caption=text, alt_text="A table of counts, calibration curves near the diagonal, clouds of points by class.", **options)  # fmt: skip


def key(quantity: str, name: str, *keys) -> str:
    """Name of a number; those of your own table carry no name of a table."""
    return run.key(quantity, *(keys if name == "own" else (name, *keys)))


def state(answer, name: str) -> None:
    """Numbers and diagnostics of one analysis."""
    best, (nested, nested_se) = answer.frame("best").iloc[0], nested_score(answer)
    fold_error = {"kind": "standard error over folds", "sd": float(best["loss_se"])}
    run.number(key("best_subset", name), best["features"], unit="features")
    run.number(key("cv_log_loss", name), float(best["loss"]), unit="nats per grain", tier="stochastic", uncertainty=fold_error)
    run.number(key("nested_log_loss", name), nested, unit="nats per grain", tier="stochastic", uncertainty=fold_error | {"sd": nested_se})  # fmt: skip
    for quantity, column in (("cv_accuracy", "accuracy"), ("nested_accuracy", "nested_accuracy")):
        run.number(key(quantity, name), float(best[column]), unit="1", tier="stochastic")
    run.number(key("one_se_set_size", name), int(answer.search.one_se_count), unit="subsets", tier="stochastic")
    for row in answer.frame("features").itertuples():
        run.number(key("inclusion", name, row.feature), row.inclusion_one_se, unit="1", tier="stochastic")
    for check in CHECKS:
        one = answer.diagnostic(check)
        run.diagnostic(f"{check}, {name}", one["value"], ok=one["ok"], limit=one["limit"], on=tuple(f"{kind}_{name}" for kind in KINDS))  # fmt: skip


def draw_all(answer, name: str, what: str, **options) -> None:
    """All figures of one analysis."""
    for draw in (draw_density, draw_indicator, draw_inclusion, draw_null, draw_classes):
        draw(answer, name, what, **options)


# %%
if not run.own:
    state(artificial, "monazite")
    draw_all(artificial, "monazite", "artificial monazite")

# %% [markdown]
# **The reading of the elements.** Itano et al. (2020) read their best model as light rare earths, Eu and some heavy rare earths. As a hypothesis: at least one element of each of the three groups is needed. Two tests: what does it cost to do without
# a group, with all other elements free, and how often do the subsets within one standard error satisfy the reading, compared with all subsets of the same sizes?

# %%
reading = discrimination.weigh_reading(artificial.search, artificial.problem)
print(reading.text)
fig, ax = plots.figure("single", 45)
plots.forest(list(reading.groups["group"]), reading.groups["cost"], lower=reading.groups["cost"] - 1.96 * reading.groups["cost_se"], upper=reading.groups["cost"] + 1.96 * reading.groups["cost_se"], label="Loss gained by doing without the group (nats)", n="95 % intervals over folds", ax=ax)  # fmt: skip
run.figure(
    fig,
    "reading",
    data=reading.groups,
    caption=f"""What it costs to do without each group of elements, artificial monazite (best subset without it against the best with it, paired over folds). {reading.text} A cost within its interval of zero does not make a group superfluous: Eu is in
    {artificial.frame("features").set_index("feature").loc["Eu", "inclusion_one_se"]:.0%} of the subsets within one standard error of the best.""",
    alt_text="Points with intervals, the heavy rare earths far to the right.",
)
for row in reading.groups.itertuples():
    run.number(run.key("cost_without", row.group), row.cost, unit="nats per grain", tier="stochastic", uncertainty={"kind": "standard error over folds", "sd": row.cost_se})  # fmt: skip

# %% [markdown]
# **Grains of unknown origin.** Three artificial sands are mixtures whose shares are known and far from those of the training grains. Counting assignments is biased towards the training shares and blurs classes into each other; the EM
# algorithm of Saerens et al. (2002) estimates the shares and corrects the probabilities of every grain. Intervals come from resampling grains *and* training rocks. Element ratios (Eu/Eu*, (Gd/Lu)N), the older way, are shown beside it.


# %%
def draw_site(part, kinds, truth, legend, ax) -> None:
    """Shares of the classes in one sand, by method."""
    by = {
        column: part.pivot(index="method", columns="class", values=column).reindex(columns=kinds)
        for column in ("proportion", "lo95", "hi95")
    }
    right = None if truth is None else truth.set_index("class")["proportion"].reindex(kinds).to_numpy()
    site, grains = part["site"].iloc[0], int(part["n_grains"].max())
    plots.class_proportions(by["proportion"].to_numpy(), kinds, lower=by["lo95"].to_numpy(), upper=by["hi95"].to_numpy(), methods=list(by["proportion"].index), truth=right, legend=legend, n=f"{site}: {grains} grains", ax=ax)  # fmt: skip


def draw_detrital(answer, name: str, truth=None, **options) -> None:
    """Shares of the classes in each sand, by method, and the probabilities of the grains."""
    shares, kinds = answer.frame("proportions"), list(answer.grains.classes)
    sites = sorted(dict.fromkeys(shares["site"]), key=lambda site: site == "all")
    rows = (len(sites) + 1) // 2
    fig, axes = plots.figure("double", 20 + 55 * rows, rows, 2, squeeze=False, sharey=True)
    for k, ax in enumerate(axes.flat):
        if k >= len(sites):
            ax.set_axis_off()
            continue
        known_share = None if truth is None else truth[truth["group"] == sites[k]]
        draw_site(shares[shares["site"] == sites[k]], kinds, known_share, "below" if k == len(sites) - 1 else None, ax)
    text = f"Shares of the classes among unlabelled grains, by method, with 95 % intervals.{'' if truth is None else ' Lines: the truth.'}"
    run.figure(fig, f"proportions_{name}", data=shares, caption=text, alt_text="Bars with intervals for every sand and method.", **options)  # fmt: skip


if not run.own:
    draw_detrital(artificial, "monazite", sand.proportions)
    for row in artificial.frame("proportions").itertuples():
        run.number(run.key("class_proportion", row.site, row.method, row[3]), row.proportion, unit="1", tier="stochastic", uncertainty={"kind": "bootstrap, 95 %", "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip
    guess = artificial.frame("detrital")
    fig, ax = plots.figure("single", 88)
    ax = plots.class_ternary(guess[[f"p[{kind}]" for kind in classes]].to_numpy(), classes, known=guess["sample"].map(dict(zip(sand.samples, sand.labels, strict=True))).to_numpy(), threshold=threshold, n=f"{len(guess)} artificial detrital grains", ax=ax)  # fmt: skip
    run.figure(
        fig,
        "ternary",
        data=guess,
        caption=f"""Probabilities of the unlabelled grains, coloured by the class that they really have; grey: undetermined (no class above {threshold:g}).""",
        alt_text="Ternary diagram with most points near the corners.",
    )

# %% [markdown]
# **How good is all this?** The same procedure over many artificial data sets: does the planted subset come out, do intervals of the shares cover, are probabilities calibrated.

# %%
required = run.cached(discrimination.acceptance_table, n_sets=run.pick(4 if run.own else 12, 3), seed=seed, n_jobs=n_jobs)
required.round(3)

# %%
unmet = required[~required["met"].astype(bool)]
run.diagnostic("acceptance", len(unmet), ok=unmet.empty, limit=0, on=("reading",))
for row in required.itertuples():
    run.number(run.key("acceptance", row.row, row.quantity), row.value, unit="1", tier="stochastic", uncertainty={"kind": "standard error", "sd": row.se} if pd.notna(row.se) else None)  # fmt: skip

# %% [markdown]
# ## C. Application to real data
#
# **Zircon** of I-, S- and A-type granites (Zhong et al. 2023) has no rock name beside its grains: folds can only be random, and spots of one rock may lie on both sides. Th, U and Th/U are exactly collinear in logarithms, so that subsets with any two of them are the same
# model, up to the ridge. **Pyrite** of three kinds of deposits (Kang et al.) does have the name of the deposit: random folds and folds that keep deposits together are compared. (With your own table, this section shows your grains instead.)

# %%
real, needs, what = {}, {}, {}
if run.own:
    table = tables.read(run.data("own"))
    mine = {"exclude": tuple(exclude), "ratios": tuple(ratios), "below": below, "cv": cv, "choose": choose}
    largest = {"sizes": (1, max_size)} if max_size else {}
    unknown = tables.read(detrital_path, STEM) if detrital_path else None
    real["own"] = run.cached(discrimination.analyse, table, unknown, **mine, **(given | largest))
    needs["own"], what["own"] = (), "own grains"
else:
    whole = run.pick({"nested_sizes": (1, 12)}, {"sizes": (1, 2)})  # few enough to search them all in every outer fold
    here = {key: run.data(key) is not None for key in tables.load_schema(STEM).external if "apatite" not in key}
    if here["monazite/zircon_x_train.txt"] and here["monazite/zircon_y_train.txt"]:
        real["zircon"] = run.cached(discrimination.analyse, discrimination.read_zircon(), cv="stratified", **(given | whole))
        needs["zircon"], what["zircon"] = ("monazite/zircon_x_train.txt", "monazite/zircon_y_train.txt"), "zircon"
    if here["monazite/pyrite_Training.csv"]:
        pyrite = discrimination.prepare(discrimination.read_pyrite(), below="lod/sqrt2")
        real["pyrite"] = run.cached(discrimination.analyse, pyrite, cv="grouped", **(given | whole))
        needs["pyrite"], what["pyrite"] = ("monazite/pyrite_Training.csv",), "pyrite"
for name, answer in real.items():
    print(f"{name}: {answer.grains.shape[0]} grains, {answer.grains.shape[1]} features", *answer.messages, sep="\n  ")
    state(answer, name)
    draw_all(answer, name, f"{answer.grains.shape[0]} grains, {what[name]}", needs=needs[name])
    if answer.detrital is not None:
        draw_detrital(answer, name)

# %% [markdown]
# **Are folds honest?** The same chosen subset under random folds and under folds that keep a rock or deposit together. The difference is what grains of one rock tell about each other, and nothing about rocks not yet seen.

# %%
for check in CHECKS:
    failed = [name for name, answer in (real or {"monazite": artificial}).items() if not answer.diagnostic(check)["ok"]]
    run.diagnostic(check, len(failed), ok=not failed, limit=0, on=("schemes",))
compared = {"artificial monazite": artificial} | {what[name]: answer for name, answer in real.items()}
schemes = pd.concat([answer.frame("schemes").assign(case=name) for name, answer in compared.items()], ignore_index=True)
schemes.round(3)

# %%
fig, ax = plots.figure("double", 20 + 5 * len(schemes))
plots.forest([f"{row.case}, {row.subset}: {row.cv} folds" for row in schemes.itertuples()], 100 * schemes["accuracy"], label="Held-out accuracy (%)", reference=None, ax=ax)  # fmt: skip
run.figure(
    fig,
    "schemes",
    data=schemes,
    needs=tuple(key for keys in needs.values() for key in keys),
    caption="Accuracy of the chosen subset and of all features under random folds and under folds that keep the grains of a rock, deposit or study together.",
    alt_text="Points; where groups are known, folds by group lie to the left of random ones.",
)
for row in schemes.itertuples():
    run.number(run.key("cv_accuracy", "schemes", row.case, row.subset, row.cv), row.accuracy, unit="1", tier="stochastic")

# %% [markdown]
# **What is gained over ratios?** The older way uses a few element ratios, with thresholds or with the same regression. All rows are judged on the same held-out grains, but the chosen subset was also *selected* on them: its row is too good, and the one to compare with the ratios is "search, then choose", from nested cross-validation. By log-loss a few ratios that were fixed beforehand can beat it.

# %%
honest = [{"case": name, "scheme": "search, then choose (nested)", "log_loss": nested_score(answer)[0], "accuracy": answer.frame("best")["nested_accuracy"].iloc[0]} for name, answer in compared.items()]  # fmt: skip
baselines = pd.concat([*(answer.frame("baselines").assign(case=name) for name, answer in compared.items()), pd.DataFrame(honest)], ignore_index=True)  # fmt: skip
baselines = baselines.sort_values("case", kind="stable").reset_index(drop=True)
fig, axes = plots.figure("double", 20 + 5 * len(baselines), 1, 2, sharey=True)
rows = [f"{row.case}: {row.scheme}" for row in baselines.itertuples()]
plots.forest(rows, baselines["log_loss"], label="Held-out log-loss (nats)", reference=None, ax=axes[0])
plots.forest(rows, 100 * baselines["accuracy"], label="Held-out accuracy (%)", reference=None, ax=axes[1])
axes[1].tick_params(labelleft=False)
plots.panel_labels(axes)
run.figure(
    fig,
    "baselines",
    data=baselines,
    needs=tuple(key for keys in needs.values() for key in keys),
    caption="(a) Log-loss and (b) accuracy on held-out grains: the chosen subset (selected on the same folds), the search and choice judged by nested cross-validation, all features, element ratios, thresholds on ratios, and calling every grain by the commonest class. Pyrite has no ratios here.",
    alt_text="Points by scheme; for zircon elements are far better than ratios, for the artificial monazite hardly.",
)
for row in baselines.itertuples():
    run.number(run.key("cv_accuracy", "baselines", row.case, row.scheme), row.accuracy, unit="1", tier="stochastic")

# %% [markdown]
# ## D. What it means, and its limits
#
# **Meaning.** The best subset is one of many. What can be said of elements is said by the whole density of states: which elements no good subset does without, which replace each other, and how much is lost when a group is left out. The accuracy
# that a search reports for its winner is too good, hardly so where single spots are dealt to the folds (zircon), clearly where whole deposits are (pyrite, with as many grains): what counts is the number of independent rocks, not of grains. Nested
# cross-validation, with folds that keep a rock together, is the number to quote.
#
# **Limits.**
# - The monazite of section B is artificial. The published reading (light rare earths, Eu, some heavy rare earths) is tested there as a *procedure*; it is neither confirmed nor refuted.
# - The published discrimination rate cannot be reproduced without the published grains; nothing here is compared with it.
# - Zircon has no rock names: its accuracy is that of spots, not of rocks.
# - A pyrite content of zero is taken as below a detection limit that is not stated; the smallest positive value of the column stands for it.
# - Shares of classes suppose that the unlabelled grains come from the classes that were trained. Grains outside all of them are flagged, and remain a warning.
#
# **What to try next.** Give your own table and look first at the null distribution. Set `choose = "one_se"` and see whether the shares change. Add a ratio in `ratios` and see whether it replaces its two elements.
#
# **References.** Blundy & Wood (1994) Nature 372, 452 · Igarashi et al. (2018) J. Phys.: Conf. Ser. 1036, 012001 (arXiv:1707.02050) · Itano, Ueki, Iizuka & Kuwatani (2020) Geosciences 10, 63 · Kang et al., pyrite LA-ICP-MS · Saerens et al. (2002) Neural Computation 14, 21 · Zhong et al. (2023) Contrib. Mineral. Petrol.

# %%
stated = run.finish()
