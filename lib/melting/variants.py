"""How the answer for real basalts depends on what was assumed: errors, partition coefficients, one source, fractionation."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .analysis import MorbAnalysis, analyse

#: Label -> arguments of `analyse` that differ from the default; the first is the default itself.
VARIANTS = {
    "full model": {},
    "other coefficients": {"coefficients": "mckenzie_onions_1991_1995"},
    "source of each sample varies": {"source_deviation": True},
    "no MgO correction": {"mgo_correction": "none"},
    "batch melting": {"model": "batch"},
    "exact coefficients, 5 % errors": {"errors": 0.05, "model_error": 0, "d_common": 0, "d_element": 0},
    "exact coefficients, 10 % errors": {"errors": 0.10, "model_error": 0, "d_common": 0, "d_element": 0},
}
_TABLES = ("gibson_geist_2010", "mckenzie_onions_1991_1995")


def variant_rows(name: str, table, changes: dict, given: dict, rng: np.random.Generator) -> list[dict]:
    """Analyse a table with some arguments changed and summarise every group: the level of F, and how well it fits."""
    changed = dict(changes)
    if changed.get("coefficients") == given.get("coefficients", _TABLES[0]):
        changed["coefficients"] = next(one for one in _TABLES if one != changed["coefficients"])
    found: MorbAnalysis = analyse(table, **{**given, **changed, "seed": int(rng.integers(2**31))})
    return [_row(name, group) for group in found.groups.values()]


def _row(name, group):
    level, ratio = group.frame("scale").iloc[0], group.frame("relative_melt_fraction")
    hyper, health = group.draws.pooled("hyper"), group.frame("diagnostics").set_index("name")
    extra = group.posterior.extras.model_error > 0
    return {
        "group": group.name, "variant": name, "melt_fraction_1": level["median"], "lo95_1": level["lo95"],
        "hi95_1": level["hi95"], "ratio_max_to_min_1": ratio["ratio"].max() / ratio["ratio"].min(),
        "model_error_1": float(np.median(np.exp(hyper[:, 4]))) if extra else 0.0,
        "chi2_per_datum_1": _chi2(group), "posterior_predictive_1": health.loc["posterior_predictive", "value"],
        "rhat_max_1": health.loc["rhat_max", "value"],
    }  # fmt: skip


def _chi2(group):
    """Mean square of residuals over the measurement errors alone, which neither model nor coefficient errors can lower."""
    data, seen = group.posterior.data, group.frame("predictive")
    sigma = data.sigma[data.seen]
    residual = np.log(seen["observed_ppm"].to_numpy() / seen["median_ppm"].to_numpy())
    return float(np.mean((residual / sigma)[~seen["below"].to_numpy()] ** 2))


def compare_variants(table, variants=None, *, seed: int = 1, n_jobs: int = 1, **given) -> pd.DataFrame:
    """Repeat an analysis under other assumptions, one at a time.

    Parameters
    ----------
    table : tables.Table
        Samples, as for `lib.melting.analyse`.
    variants : mapping str -> dict, optional
        Label -> arguments of `analyse` that are changed; default `VARIANTS`.  A table of coefficients that is in use already
        is replaced by the other one.
    seed : int
        One stream a variant is spawned from it.
    n_jobs : int
        Variants at once.
    **given
        Arguments of `analyse` common to all.

    Returns
    -------
    DataFrame
        One row a group and variant: group, variant, melt_fraction_1 (geometric mean F, posterior median) with lo95_1 and
        hi95_1, ratio_max_to_min_1 (of the largest to the smallest F), model_error_1 (median relative error that had to be
        added), chi2_per_datum_1 (mean squared residual of ln concentration over the *stated* errors), posterior_predictive_1,
        rhat_max_1.

    Raises
    ------
    ValueError
        As `lib.melting.analyse`.
    """
    from lib.tasks import run_tasks

    chosen = VARIANTS if variants is None else dict(variants)
    tasks = [{"name": name, "table": table, "changes": changes, "given": given} for name, changes in chosen.items()]
    rows = run_tasks(variant_rows, tasks, seed=seed, n_jobs=n_jobs, label="assumptions")
    frame = pd.DataFrame([row for part in rows for row in part])
    order = {name: place for place, name in enumerate(chosen)}
    frame["place"] = frame["variant"].map(order)
    return frame.sort_values(["group", "place"], kind="stable").drop(columns="place").reset_index(drop=True)
