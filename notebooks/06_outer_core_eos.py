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
# # Liquid iron in the outer core: an equation of state with its uncertainty
#
# **Question.** The outer core is less dense than liquid iron at the same pressure and temperature. By how much, and how much faster is sound in it? The answer rests on an equation of state that is extrapolated from a few
# measurements. How sure is it, which of its parameters do the measurements tell at all, and what should be measured next?
#
# Matsumura et al. (2021) made the parameters *and the quantities that nobody measured* random variables, and sampled them together. Only abstracts and parameters of that work were available: everything here is *after* it. The temperature
# of iron behind a shock is the quantity that matters. It can be left open, as they did, or taken from the energy of the shock. Both are done below, with the form of the equation as it is printed and with a thermodynamically consistent one, and the answer hangs on this choice more than on anything else.
#
# *Time: about a minute. To use your own table: `make case NAME=outer_core DATA=my.csv` (section C then shows your measurements).*

# %% tags=["parameters"]
data_path = ""  # file; any; your own table of measurements (empty for the compendium's own)
out_dir = ""  # folder; any; where products go (empty for build/lab in JupyterLab)
mode = "full"  # word; one of full, quick; quick thins the artificial measurements and chains and marks every figure
seed = 2021  # integer; 0 to 4294967295; of all random streams
n_jobs = 1  # processes; 1 to 256; workers
form = "consistent"  # word; one of as printed, g fixed, consistent, no electronic term, constant gamma, Ichikawa gamma; of the equation of state
shock = "energy"  # word; one of energy, latent; temperatures behind shocks from the energy of the shock, or left open
t_cmb_k = [3500.0, 4000.0, 4200.0]  # K; 2000 to 7000; temperatures at the core-mantle boundary, the middle one is stated first
hottest_k = 3000.0  # K; 1900 to 6000; published densities at 1 bar above it are left out
liquid_above_gpa = 259.0  # GPa; 0 to 440; published shocked states below it are left out as not wholly liquid
scaled = True  # yes or no; any; errors of each data set are multiplied by a factor that is inferred
with_published = False  # yes or no; any; join the published measurements to your own
n_evaluations = 1600000  # likelihoods; 20000 to 100000000; of the posterior that is drawn

# %%
import numpy as np
import pandas as pd

from lib import eos, plots, tables
from lib.eos.measurements import PUBLISHED
from lib.workflow import Run

run = Run.start("06_outer_core_eos", globals())
plots.use_style()
prem = eos.prem_outer_core()
depth = prem["depth_km"].to_numpy()
boundaries = {"CMB": depth[0], "ICB": depth[-1]}
main_t = t_cmb_k[len(t_cmb_k) // 2]
label_of = {"rho0": r"$\rho_0$ (kg m$^{-3}$)", "K0": "$K_0$ (GPa)", "K0_prime": "$K_0'$ (1)", "gamma0": r"$\gamma_0$ (1)", "b": "$b$ (1)", "e0": "$e_0$ (10$^{-4}$ K$^{-1}$)", "g": "$g$ (1)", "a": "$a$ (1)",
            "H0": "$H_0$ (MJ kg$^{-1}$)"}  # fmt: skip
deficit_label, excess_label = "Density of iron above PREM (% of iron)", "Sound speed of PREM above iron (% of iron)"

# %% [markdown]
# ## A. The model and its algorithm
#
# **Equation of state.** With $x=\rho_0/\rho$, pressure is a Vinet isotherm at $T_0=1811$ K and a thermal part,
#
# $$P=3K_0x^{-2/3}(1-x^{1/3})\,e^{\frac32(K_0'-1)(1-x^{1/3})}+\gamma\rho\,[E(T)-E(T_0)],\qquad E=\tfrac{3R}{M}\left(T+e_0x^gT^2\right),\qquad\gamma=\gamma_0x^b .$$
#
# Bulk moduli, expansion, heat capacity and sound speed $v_P=\sqrt{K_S/\rho}$ are its derivatives, and an adiabat obeys $dT/dP=\gamma T/K_S$ (Ichikawa et al. 2014; Kuwayama et al. 2020; Matsumura et al. 2021).
#
# **A flaw of the form, and its repair.** One Grüneisen parameter for the vibrational and the electronic energy makes entropy depend on the path unless $\gamma(V)=g$; all published sets have $g\le0$ and so violate it. In the *consistent* form the
# electronic pressure has its own, $P_e=\frac{3R}{M}\rho\,g\,e_0x^g(T^2-T_0^2)$ with $g>0$. For a fit to pressures alone the difference is small. For the energy of a shock it is not.
#
# **Temperature behind a shock.** Momentum and mass give pressure and density, never temperature. *From energy:* $E_H-E_{00}=\frac P2(1/\rho_{00}-1/\rho)$ must equal $H_0$ and the form's own energy, a quadratic equation for $T$; the enthalpy $H_0$ of
# the liquid at 1811 K is one more parameter. *Latent:* $T_i$ is a random variable with a flat prior between 3000 and 9000 K. Given the parameters each $T_i$ stands alone, so that it is integrated out by quadrature in one dimension
# (to $10^{-4}$ in the log-likelihood), and drawn afterwards. The first uses all of the
# physics, and believes the form's energy; the second uses none of it. A flat prior on each temperature looks innocent and is not: it says that neighbouring shocks have unrelated temperatures, and since their densities lie on a smooth line, it favours
# equations in which temperature hardly matters to density (each shocked state contributes a factor $1/(dP/dT)_V$). Section B.2 shows what that does.
#
# **Likelihood.** The density at the measured pressure. With $r=P_i-P(\rho_i,T_i)$, errors of pressure, density and temperature enter by their derivatives, $\sigma_r^2=\sum a_k^2\sigma_k^2$, and $\ln L=\sum\ln|a_\rho|-\frac12(r/\sigma_r)^2-\ln\sigma_r$, the
# last term included because it depends on the parameters; a sound speed adds a second residual that shares these errors. The errors of every data set with three rows or more are multiplied by $e^{s_k}$, $s_k\ge0$ half-normal with scale 0.5.
# The posterior is drawn by four adaptive random walks from the prior, evidences by replica exchange.
#
# **The published sets first.** From the parameters of Kuwayama et al. (2020), the deviations from PREM printed in their abstract come out, in their convention: per cent *of iron*.

# %%
sets = eos.published_sets()
profiles = {one.reference: eos.core_profile(one.eos, 4000.0) for one in sets.values()}
fig, axes = plots.figure("double", 80, 1, 2)
printed = {"density_deficit_pct": [(depth[0], 7.6, 7.6), (depth[-1], 7.5, 7.5)], "vp_excess_pct": [(depth[0], 3.7, 3.7), (depth[-1], 4.4, 4.4)]}  # fmt: skip
for ax, (column, label) in zip(axes, (("density_deficit_pct", deficit_label), ("vp_excess_pct", excess_label)), strict=True):
    plots.prem_deviation(depth, {name: p[column].to_numpy() for name, p in profiles.items()}, published={"printed, Kuwayama et al. 2020": printed[column]}, boundaries=boundaries, label=label, n="adiabats from 4000 K", ax=ax)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "published_sets",
    data=pd.concat([p.assign(parameters=name) for name, p in profiles.items()]),
    caption="""Liquid iron against PREM along adiabats from 4000 K at the core-mantle boundary, from published parameters: (a) density, (b) sound speed. Marks: the ranges printed in the abstract of Kuwayama et al. (2020), whose ends lie at the
    boundaries. The reference temperature of the set of Matsumura et al. (2021) is not certain, and their posterior is not claimed to be reproduced.""",
    alt_text="Two panels of nearly flat curves against depth; one curve ends at the printed marks in both.",
)
kuwayama = eos.compare_with_prem(sets["kuwayama2020"].eos, 4000.0)
for name, value in {
    "density_deficit_pct[cmb]": 7.6,
    "density_deficit_pct[icb]": 7.5,
    "vp_excess_pct[cmb]": 3.7,
    "vp_excess_pct[icb]": 4.4,
}.items():
    run.number(f"{name}[Kuwayama 2020]", kuwayama[name], unit="% of iron", published=value, tolerance=0.05,
               source="Kuwayama et al. (2020), abstract: 7.5-7.6 % and 3.7-4.4 %, of which the end for this boundary")  # fmt: skip
run.number("t_icb_k[Kuwayama 2020]", kuwayama["t_icb_k"], unit="K")
for key, one in sets.items():
    for name, value in eos.compare_with_prem(one.eos, 4000.0).items():
        if key != "kuwayama2020" and name.startswith(("density_deficit", "vp_excess")):
            run.number(f"{name}[{one.reference}]", value, unit="% of iron")

# %% [markdown]
# ## B. Artificial data with a known answer
#
# **B.1 One set.** Artificial measurements obey round parameters near those of iron, in the consistent form, with errors of the usual sizes: shocked states in the places of the published ones, densities at 1 bar, and static densities and sound speeds from imagined
# diamond anvils. (Static measurements of dense liquid iron have been published, but no table of them is public; here they are artificial throughout.)

# %%
made = eos.example_measurements()
art = run.cached(eos.analyse, made, n_evaluations=run.pick(400_000, 60_000), t_cmb_k=(4000.0,), seed=seed, n_jobs=n_jobs)  # fmt: skip
truth = {"rho0": 7020.0, "K0": 86.0, "K0_prime": 5.75, "gamma0": 1.9, "b": 0.4, "e0": 1.0, "g": 0.9}  # as eos.artificial.TRUTH


def draws_frame(inference) -> pd.DataFrame:
    """Draws of the parameters of the equation, without the factors on errors."""
    frame = pd.DataFrame(inference.draws(20_000), columns=list(inference.names))
    return frame[[name for name in frame if not name.startswith("s[")]]


def prior_shapes(inference) -> dict:
    """Priors in the words of the plot."""
    return {
        p.name: ("uniform", p.low, p.high) if p.kind == "uniform" else ("normal", p.mean, p.sd)
        for p in inference.model.prior_list
    }


both = {
    "temperatures from energy": art.others["consistent", "energy"],
    "latent temperatures": art.others["consistent", "latent"],
}
shared = list(truth)
axes = plots.prior_posterior(prior_shapes(art.inference), {name: draws_frame(i)[shared] for name, i in both.items()}, names=label_of, truth=truth, n=f"{len(made)} artificial states")  # fmt: skip
run.figure(
    axes.flat[0].figure,
    "artificial_posterior",
    data=pd.concat([i.summary().assign(shock=name) for name, i in both.items()]),
    caption="""Prior (grey) and posterior of the parameters from artificial measurements, with shock temperatures from energy and left open; dotted: the answer. The electronic Grüneisen parameter g is hardly told by either: its posterior is nearly its prior.""",
    alt_text="Seven panels of densities around dotted lines; in the last one posterior and prior coincide.",
)
found = art.frame("shock_temperatures")
hidden = np.array(eos.hidden_temperatures(eos.artificial_iron(), made.frame[made.shocked]))
fig, ax = plots.figure("single", 85)
latent = found.rename(columns={"latent_k": "median", "latent_k_lo95": "lo95", "latent_k_hi95": "hi95", "data_set": "set"})
order = np.argsort(found["pressure_gpa"].to_numpy())
p_sorted = found["pressure_gpa"].to_numpy()[order]
plots.hugoniot_temperatures(latent, curves={"from energy": (p_sorted, found["energy_k"].to_numpy()[order]), "answer": (p_sorted, hidden[order])},
                            bands={"from energy": (found["energy_k_lo95"].to_numpy()[order], found["energy_k_hi95"].to_numpy()[order])}, n=f"{len(found)} artificial shocked states", ax=ax)  # fmt: skip
run.figure(
    fig,
    "artificial_shocks",
    data=found.assign(answer_k=hidden),
    caption="""Temperatures behind artificial shocks: as latent variables (points, 95 %), from energy (line and 95 % band), and the answer. The latent ones scatter with the errors of density, and cannot exceed 9000 K.""",
    alt_text="Points with long bars and a narrow band around one rising line.",
)

# %% [markdown]
# **B.2 Are the intervals honest?** Parameters that the published measurements allow are taken as truths; from each, artificial measurements are drawn in the places of the published ones, shocked states on the Hugoniot of their own equation, and
# analysed with both treatments of temperature.

# %%
n_sets = run.pick(16, 3)
covered = run.cached(eos.coverage, n_sets, n_evaluations=run.pick(90_000, 40_000), seed=seed, n_jobs=n_jobs)
words = {"energy": "temperatures from energy", "latent": "latent temperatures"}
groups = {"deviations of the core": "pct", "temperature at the ICB": "t_icb", **{f"{label_of[name]}": rf"param\[{name}\]" for name in truth}, "temperatures behind shocks": "shock"}  # fmt: skip
rows = []
for (label, pattern), how in ((item, how) for item in groups.items() for how in words):
    part = covered[(covered["shock"] == how) & covered["quantity"].str.contains(pattern)]
    if len(part):
        per_set = part.groupby("set")["held"].mean()
        rows.append({"quantity": label, "shock": how, "coverage": per_set.mean(), "se": max(per_set.std(), 0.15) / np.sqrt(n_sets), "width": float((part["hi95"] - part["lo95"]).median())})  # fmt: skip
shares = pd.DataFrame(rows)
fig, ax = plots.figure("double", 20 + 5 * len(shares))
plots.forest([f"{row.quantity}" for row in shares.itertuples()], 100 * shares["coverage"], lower=np.maximum(100 * (shares["coverage"] - 1.96 * shares["se"]), 0), upper=np.minimum(100 * (shares["coverage"] + 1.96 * shares["se"]), 100), groups=[words[s] for s in shares["shock"]],
             reference=95.0, label="95 % intervals that hold the truth (%)", n=f"{n_sets} artificial data sets", ax=ax)  # fmt: skip
run.figure(
    fig,
    "coverage",
    data={"shares": shares, "intervals": covered},
    caption=f"""How many 95 % intervals hold the truth, in {n_sets} artificial data sets on Hugoniots, by treatment of the temperatures behind shocks; bars: 95 % from the scatter between data sets. With temperatures from energy the intervals are
    what they say. With an independent flat prior on each temperature they are too narrow for the deviations of the core.""",
    alt_text="Rows of points with intervals near 95 per cent, several of the latent treatment far below.",
)
for row in shares[shares["quantity"].isin(["deviations of the core", "temperatures behind shocks"])].itertuples():
    run.number(run.key("coverage[artificial]", row.quantity, row.shock), row.coverage, unit="1", tier="stochastic", uncertainty={"kind": "standard error over data sets", "sd": row.se})  # fmt: skip

# %% [markdown]
# **B.3 What would static measurements buy?** Exact artificial states are analysed as if they had their usual errors, so that widths do not hang on luck. To the kinds of measurements that are public, one kind of imagined static measurement is added at a
# time.

# %%
designs = run.cached(eos.static_designs, tuple(eos.DESIGNS) if mode == "full" and not run.own else ("published kinds only", "anvil, both"), n_evaluations=run.pick(160_000, 40_000), seed=seed, n_jobs=n_jobs)  # fmt: skip
designs["treatment"] = designs["shock"].map({"energy": "temperatures from energy", "latent": "latent temperatures"})
fig, axes = plots.figure("double", 95, 1, 2)
for ax, (column, label) in zip(axes, (("width_deficit_cmb", "deficit at the CMB"), ("width_excess_icb", "excess at the ICB")), strict=True):  # fmt: skip
    plots.design_bars(designs, value=column, series="treatment", reference="published kinds only", label=f"95 % width, {label} (% of iron)", n="artificial, exact states", ax=ax)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "designs",
    data=designs,
    caption="""Width of the 95 % interval of (a) the density deficit at the core-mantle and (b) the excess of sound speed at the inner core boundary (4000 K), when artificial measurements of one kind are added to artificial ones in the
    places of the published; numbers: width, and its share of that without. A dozen densities in the diamond anvil do more for the deficit than four at core pressure; sound speeds below 45 GPa do little for either.""",
    alt_text="Bars of widths by design, in two colours.",
)
for row in designs.itertuples():
    run.number(run.key("width_deficit_cmb[design]", row.shock, row.design), row.width_deficit_cmb, unit="percentage points", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.06 * row.width_deficit_cmb})  # fmt: skip

# %% [markdown]
# **What has to be reached.** Limits set beforehand. Rows A are exact checks, rows B repeat the coverage above; with few data sets they count as met within two standard errors (the acceptance suite takes a hundred).

# %%
accepted = run.cached(eos.acceptance_table, seed=seed, rows=covered)
for row in accepted.itertuples():
    run.number(run.key("acceptance", row.row), row.value, unit="1", tier="stochastic", uncertainty={"kind": "standard error", "sd": max(row.se, abs(row.value), 1e-9) if row.row[0] == "A" else row.se})  # fmt: skip
unmet = accepted.loc[~accepted["met"], "row"].tolist()
run.diagnostic("acceptance", len(unmet), ok=run.pick(not unmet, len(unmet) <= 1), limit=0, on=("coverage",))
print(accepted.drop(columns="label").round(4).to_string(index=False))

# %% [markdown]
# ## C. Application to real data
#
# **C.1 The posterior** (your own table takes this place). Density at 1 bar (Hixson et al. 1990), pressure and density behind strong shocks (Brown et al. 2000), sound speed behind shocks (Brown & McQueen 1986) and at 1 bar (from Anderson & Ahrens
# 1994). Where a table prints no errors, 1.5 % of density at 1 bar, 0.2 km/s behind shocks and 0.06 km/s at 1 bar are assumed. No public table of static measurements at high pressure exists.

# %%
if run.own:
    measured = eos.prepare(tables.read(run.data("own")))
    if with_published:
        measured = measured.join(eos.published_measurements(hottest_k=hottest_k, liquid_above_gpa=liquid_above_gpa))
else:
    for name in (*PUBLISHED, "prem_outer_core", "parameter_sets"):
        run.data(name)
    measured = eos.published_measurements(hottest_k=hottest_k, liquid_above_gpa=liquid_above_gpa)
answer = run.cached(eos.analyse, measured, form=form, shock=shock, scaled=scaled, t_cmb_k=tuple(t_cmb_k), n_evaluations=n_evaluations if mode == "full" else min(n_evaluations, 120_000), seed=seed, n_jobs=n_jobs)  # fmt: skip
print(*answer.messages, sep="\n")
for name in ("rhat", "ess", "misfit", "core_reached"):
    one = answer.diagnostic(name)
    relaxed = mode == "quick" and name in ("ess", "rhat")  # shorter chains on purpose
    run.diagnostic(name, one["value"], ok=one["ok"] or relaxed, limit=one["limit"], on=("posterior", "corner", "outer_core"))
summary = answer.frame("parameters")
summary[["parameter", "unit", "prior", "median", "lo95", "hi95", "contraction", "overlap"]].round(3)

# %%
own_parameters = [name for name in answer.inference.names if not name.startswith("s[")]
posterior = draws_frame(answer.inference)
axes = plots.prior_posterior(prior_shapes(answer.inference), posterior, names=label_of, n=f"{len(measured)} states")
blind = summary.loc[~summary["identified"] & ~summary["parameter"].str.startswith("s["), "parameter"].tolist()
run.figure(
    axes.flat[0].figure,
    "posterior",
    data=summary,
    caption=f"""Prior and posterior of the parameters from {len(measured)} measured states ({form}, {"temperatures behind shocks left open" if shock == "latent" else "temperatures behind shocks from energy"}). Not identified, that is posterior about equal to prior: {", ".join(blind) or "none"}.""",
    alt_text="Panels of densities; narrow ones against broad priors, and some that equal them.",
)
for row in summary.itertuples():
    run.number(run.key("param", row.parameter.replace("[", "(").replace("]", ")")), row.median, unit=row.unit, tier="stochastic", uncertainty={"kind": "posterior, 95 %", "sd": row.sd, "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip
run.number("ess", float(summary["ess_bulk"].min()), unit="1", tier="stochastic", uncertainty={"kind": "rough", "sd": 0.2 * float(summary["ess_bulk"].min())})  # fmt: skip

# %% [markdown]
# **Joint, not one by one.** Parameters trade off along ridges, so that error bars of single ones say little.

# %%
corner_names = own_parameters[:6]
axes = plots.corner(posterior[corner_names], [label_of[name] for name in corner_names])
run.figure(
    axes.flat[0].figure,
    "corner",
    data=answer.frame("correlations"),
    caption="""Marginal and pairwise posterior densities (50 and 95 %) of the first six parameters.""",
    alt_text="Triangle of panels with elongated contours.",
)

# %% [markdown]
# **C.2 Density and sound speed over the data.**

# %%
isotherms, frame = answer.frame("isotherms"), measured.frame
static = ~measured.shocked
fig, axes = plots.figure("double", 95, 1, 2)
panels = (
    ("density", "density_g_cm3", "Density (kg m$^{-3}$)"),
    ("sound_speed", "sound_speed_km_s", "Sound speed (m s$^{-1}$)"),
)
grid_p = isotherms["pressure_gpa"].unique()
for ax, (quantity, column, label) in zip(axes, panels, strict=True):
    curves, bands = {}, {}
    for t, part in isotherms.groupby("temperature_k"):
        curves[f"{t:.0f} K"], bands[f"{t:.0f} K"] = part[quantity].to_numpy(), (part[f"{quantity}_lo95"].to_numpy(), part[f"{quantity}_hi95"].to_numpy())  # fmt: skip
    there = frame[frame[column].notna()]
    data = pd.DataFrame({"pressure_gpa": there["pressure_gpa"], "value": 1e3 * there[column], "error": 1e3 * there[f"{column}_err"], "pressure_err_gpa": there["pressure_gpa_err"], "set": there["data_set"]})  # fmt: skip
    plots.eos_curves(grid_p, curves, bands=bands, data=data, reference={"PREM": (prem["pressure_gpa"], prem["density" if quantity == "density" else "sound_speed"])}, label=label, ax=ax)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "isotherms",
    data=isotherms,
    measured=frame,
    caption="""(a) Density and (b) sound speed of liquid iron along isotherms, with 95 % bands of the posterior, over the measurements (temperatures behind shocks are not known), and PREM (dashed).""",
    alt_text="Two panels of rising curves with bands, points at zero pressure and above 260 GPa, and PREM between.",
)

# %% [markdown]
# **C.3 The outer core.**

# %%
core = answer.frame("core")
fig, axes = plots.figure("double", 90, 1, 2)
for ax, (column, label) in zip(axes, (("density_deficit_pct", deficit_label), ("vp_excess_pct", excess_label)), strict=True):
    curves = {f"{t:.0f} K": part[column].to_numpy() for t, part in core.groupby("t_cmb_k")}
    bands = {
        f"{t:.0f} K": (part[f"{column}_lo95"].to_numpy(), part[f"{column}_hi95"].to_numpy())
        for t, part in core.groupby("t_cmb_k")
        if t == main_t
    }
    plots.prem_deviation(depth, curves, bands=bands, published=None if run.own else {"Kuwayama et al. 2020, 4000 K": printed[column]}, boundaries=boundaries, label=label, n=f"{len(measured)} states", ax=ax)  # fmt: skip
plots.panel_labels(axes)
run.figure(
    fig,
    "outer_core",
    data=core,
    caption=f"""Liquid iron against PREM along adiabats from {len(t_cmb_k)} temperatures at the core-mantle boundary, medians, and the 95 % band of the middle one: (a) density, (b) sound speed, both in per cent of iron.{"" if run.own else " Marks: Kuwayama et al. (2020), who have static measurements that are not public."}""",
    alt_text="Two panels of bands against depth, the published marks within or near them.",
)
numbers = answer.frame("core_numbers")
for row in numbers.itertuples():
    unit = "K" if row.quantity == "t_icb_k" else "% of iron"
    keys = ([] if row.quantity == "t_icb_k" else [row.place]) + ([] if row.t_cmb_k == main_t else [f"{row.t_cmb_k:.0f} K"])
    if np.isfinite(row.median):
        run.number(run.key(row.quantity, *keys), row.median, unit=unit, tier="stochastic", uncertainty={"kind": f"posterior, 95 %, T(CMB) {row.t_cmb_k:.0f} K", "sd": row.sd, "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip

# %% [markdown]
# **C.4 How hot is iron behind a shock?**

# %%
found = answer.frame("shock_temperatures")
if len(found):
    fig, axes = plots.figure("double", 85, 1, 2, sharey=True)
    order = np.argsort(found["pressure_gpa"].to_numpy())
    p_sorted = found["pressure_gpa"].to_numpy()[order]
    rows = []
    for ax, name in zip(axes, ("as printed", "consistent"), strict=True):
        pair = {s: answer.others[name, s] for s in ("energy", "latent")}
        part = eos.shock_frame({s: i.model for s, i in pair.items()}, {s: i.draws(800) for s, i in pair.items()}, np.random.default_rng(seed))  # fmt: skip
        rows.append(part.assign(form=name))
        latent = part.rename(
            columns={"latent_k": "median", "latent_k_lo95": "lo95", "latent_k_hi95": "hi95", "data_set": "set"}
        )
        plots.hugoniot_temperatures(latent, curves={"from energy": (p_sorted, part["energy_k"].to_numpy()[order])}, bands={"from energy": (part["energy_k_lo95"].to_numpy()[order], part["energy_k_hi95"].to_numpy()[order])},
                                    n=f"{len(part)} states, {name}", ax=ax)  # fmt: skip
        at = part.iloc[int(np.argmin(abs(part["pressure_gpa"] - 263)))]
        for which in ("energy", "latent"):
            run.number(run.key("shock_temperature_k", name, which, f"{at.pressure_gpa:g} GPa"), at[f"{which}_k"], unit="K", tier="stochastic", uncertainty={"kind": "posterior, 95 %", "sd": (at[f"{which}_k_hi95"] - at[f"{which}_k_lo95"]) / 3.92})  # fmt: skip
    plots.panel_labels(axes)
    run.figure(
        fig,
        "shock_temperatures",
        data=pd.concat(rows),
        caption="""Temperatures behind shocks as latent variables (points, 95 %) and from the energy of the shock (band), each from its own posterior: (a) the form as printed, (b) the consistent form.""",
        alt_text="Two panels of points with long bars and a rising band, which lies lower in the first.",
    )

# %% [markdown]
# **C.5 Do the treatments agree, and which form do the data prefer?** Log evidences weigh fit against the freedom that was not needed. Those of one treatment compare forms; between the treatments they mostly count the price of leaving a temperature open in every
# shocked state.

# %%
treated = answer.frame("treatments")
drawn = treated[treated["quantity"] != "t_icb_k"]
fig, axes = plots.figure("double", 75, 1, 2)
for ax, (quantity, label) in zip(axes, (("density_deficit_pct", f"Density deficit (% of iron), {main_t:.0f} K"), ("vp_excess_pct", f"Sound-speed excess (% of iron), {main_t:.0f} K")), strict=True):  # fmt: skip
    part = drawn[drawn["quantity"] == quantity]
    names = [f"{row.form}, {row.shock}, {row.place.upper()}" for row in part.itertuples()]
    plots.forest(names, part["median"], lower=part["lo95"], upper=part["hi95"], groups=[f"{s} temperatures" for s in part["shock"]], reference=None, label=label, n=f"{len(measured)} states", ax=ax)  # fmt: skip
axes[1].set_yticklabels([])
axes[1].get_legend().remove()
plots.panel_labels(axes)
run.figure(
    fig,
    "treatments",
    data=treated,
    caption="""(a) Density deficit and (b) excess of sound speed at both boundaries of the outer core, by form of the equation and treatment of the shock temperatures, with 95 % intervals.""",
    alt_text="Points with intervals, of which those of the printed form with energy temperatures lie apart.",
)
for row in drawn.itertuples():
    run.number(run.key(row.quantity, row.place, row.form, row.shock), row.median, unit="% of iron", tier="stochastic", uncertainty={"kind": "posterior, 95 %", "sd": row.sd, "lo95": row.lo95, "hi95": row.hi95})  # fmt: skip

# %%
treatments = ("energy", "latent") if measured.shocked.any() else (shock,)
compared = run.cached(eos.compare_forms, measured, **({} if mode == "full" else {"forms": ("as printed", "consistent", "no electronic term")}), shocks=treatments if mode == "full" else treatments[:1], scaled=scaled, n_evaluations=200_000 if mode == "full" else 40_000, seed=seed, n_jobs=n_jobs)  # fmt: skip
fig, axes = plots.figure("double", 78, 1, compared["shock"].nunique(), squeeze=False)
for ax, (name, part) in zip(axes.flat, compared.groupby("shock", sort=False), strict=True):
    plots.evidence_bars(part["title"].tolist(), part["log_evidence"].to_numpy(), err=part["error"].to_numpy(), n=f"{name} temperatures", ax=ax)  # fmt: skip
if axes.size > 1:
    plots.panel_labels(axes)
run.figure(
    fig,
    "evidence",
    data=compared,
    caption=f"""Log evidence of forms of the equation of state against the best of each panel; shaded: not strong. {"Best with latent temperatures lies " + format(compared.groupby("shock")["log_evidence"].max().diff().abs().iloc[-1], ".0f") + " below the best with energy ones." if axes.size > 1 else ""}""",
    alt_text="Bars of small differences of log evidence.",
)
for row in compared.itertuples():
    run.number(run.key("log_evidence", row.form, row.shock), row.log_evidence, unit="1", tier="stochastic", uncertainty={"kind": "Monte-Carlo error", "sd": max(row.error, 0.1)})  # fmt: skip

# %% [markdown]
# **C.6 What the data say against the equation.** Residuals in units of their errors, averaged over the posterior.

# %%
residuals = answer.frame("residuals")
fig, ax = plots.figure("double", 30 + 2.6 * len(residuals))
shown = residuals.sort_values(["data_set", "pressure_gpa"])
names = [f"{row.sample_id}: {row.quantity}" for row in shown.itertuples()]
plots.forest(names, shown["residual"], groups=shown["data_set"].tolist() if shown["data_set"].nunique() <= 7 else None, reference=0.0, label="Measured − model (standard deviations)", n=f"{len(shown)} values", ax=ax)  # fmt: skip
run.figure(
    fig,
    "residuals",
    data=residuals,
    caption="""Standardised residuals of density and sound speed, mean over the posterior. Where temperatures behind shocks are left open, they take up the misfit of the densities.""",
    alt_text="Rows of points around zero.",
)

# %% [markdown]
# ## D. What it means, and its limits
#
# **Meaning.** With the consistent form and temperatures from energy, public measurements alone put liquid iron some 5 to 8 per cent denser than the outer core, and the core's sound speed 3 to 6 per cent higher, along an adiabat from 4000 K: wider than, and in
# agreement with, what Kuwayama et al. (2020) found with static measurements. The form as printed with the same temperatures gives less, a wider range and colder shocks: its energy does not belong to its pressure, and the posterior pays for the energy of the
# shocks with a large electronic heat capacity. The evidence hardly notices, since it fits as well (C.5). That is a warning about extrapolation rather than about fit: forms that describe the same data differ where there are none. The electronic exponent $g$ and the
# enthalpy $H_0$ stay where their priors put them; fix them, or say so.
#
# **Latent or from energy?** They answer different questions. The energy temperature is a prediction that can be wrong, and it is the one to be compared with pyrometers. A latent temperature is what makes this equation fit one shocked state, and with an independent
# flat prior it is not as humble as it looks: where the truth lies on a Hugoniot, the intervals of the deficit are too narrow and the volume dependence of $\gamma$ is wrong (B.2). That the latent treatment gives the narrower deficit on the real data is no sign of
# quality. A prior that ties temperatures of neighbouring states together, or energy with an honest error, is what one should use; the consistent form makes the second possible. This is said of the flat prior used here, not of the published analysis, whose
# other data sets (static, *ab initio*) leave less to it.
#
# **What to measure.** Section B.3 ranks the designs: a dozen static densities up to 116 GPa would halve the width of the deficit, four at core pressure take off a third, better densities at 1 bar a tenth or less. Sound speeds at the inner core boundary are held by the low-pressure end
# of the equation as much as by the high one.
#
# **Limits.**
# - Densities at 1 bar and enthalpy $H_0$ are common to many rows; their errors are taken as independent between rows (a factor on errors cannot shift a whole data set). Other measurements at 1 bar, not embedded here, are up to 2 per cent denser.
# - The densities beside the sound speeds of Brown & McQueen (1986) lie on a fit to shock data and are not wholly independent of those of Brown et al. (2000). Several errors are assumed.
# - The limit of complete melting on the Hugoniot (near 260 GPa) is itself uncertain; `liquid_above_gpa` changes it.
# - The core is not on one adiabat of pure iron; PREM has errors of its own, and its boundaries are taken as exact.
# - Tables were typed from public compilations, parameter sets read in public codes; printed pages were not compared.
#
# **What to try next.** Join static measurements of your own (`with_published`). Set `form` to as printed, or `shock` to latent, and compare. Lower `liquid_above_gpa` and watch the residuals.
#
# **References.** Anderson & Ahrens (1994) J. Geophys. Res. 99, 4273 · Brown & McQueen (1986) J. Geophys. Res. 91, 7485 · Brown, Fritz & Hixson (2000) J. Appl. Phys. 88, 5496 · Dziewonski & Anderson (1981) Phys. Earth Planet. Inter. 25, 297 · Hixson et al. (1990) Phys. Rev. B
# 42, 6485 · Ichikawa et al. (2014) J. Geophys. Res. Solid Earth 119, 240 · Ichikawa & Tsuchiya (2020) Minerals 10, 59 · Kuwayama et al. (2020) Phys. Rev. Lett. 124, 165701 · Matsumura et al. (2021) J. Geophys. Res. Solid Earth 126, e2021JB023062 · Vinet et al. (1987) J. Geophys. Res. 92, 9319

# %%
stated = run.finish()
