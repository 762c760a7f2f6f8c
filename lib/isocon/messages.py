"""What a geochemist should be told about a result before using it."""

from __future__ import annotations

import numpy as np

from .em import SUGGESTED_PRIORS
from .results import IsoconFit
from .sparse import fit_sparse

CLOSURE_LIMIT_WT = 3.0
FEW_ELEMENTS = 10
#: Elements of the immobile set are doubtful when selected less often than this, or usually mobile (suggested prior).
DOUBTFUL_FREQUENCY = 0.6
DOUBTFUL_PRIOR = 0.25


def _changes(values) -> str:
    """Shorten one or many mass changes to text."""
    values = np.asarray(values, float)
    return f"{values[0]:+.0f} %" if values.size == 1 else f"{values.min():+.0f} to {values.max():+.0f} %"


def collect(result: IsoconFit, em: IsoconFit, stability, sensitivity, priors, sums) -> list[tuple[str, str, str]]:
    """List of (level, code, text); level is "warning" or "note".

    Parameters
    ----------
    result, em : IsoconFit
    stability : Resampling or None
    sensitivity : DataFrame
        From `lib.isocon.uncertainty.error_sensitivity`.
    priors : object
        What was given to the mixture; None = no geochemical prior.
    sums : (float, array (N,)) or None
        Totals of the original and the altered rocks, wt%.
    """
    data = result.data
    out = _support(result, priors)
    if sums is not None and np.max(np.abs(sums[1] - sums[0])) > CLOSURE_LIMIT_WT:
        worst = int(np.argmax(np.abs(sums[1] - sums[0])))
        out.append((
            "warning", "closure",
            f"the analysed parts sum to {sums[0]:.1f} wt% in the original rock but to {sums[1][worst]:.1f} in sample "
            f"{data.samples[worst]}: what is missing (volatiles?) is missing in the gains too, and mass changes hold only "
            "if both rocks are on one basis",
        ))  # fmt: skip
    n_used = int(data.used.sum())
    if n_used < FEW_ELEMENTS:
        out.append(("warning", "few elements", f"only {n_used} elements vote: with fewer than {FEW_ELEMENTS} a chance "
                    "cluster can pass for an isocon; add trace elements"))  # fmt: skip
    if result.n_immobile < 4:
        names = ", ".join(result.immobile_elements) or "none"
        out.append(("warning", "thin support", f"the isocon rests on {result.n_immobile} element(s) ({names}): compare "
                    "with what is known of their mobility"))  # fmt: skip
    elif result.n_immobile < n_used / 3:
        out.append(("note", "minority", f"{result.n_immobile} of {n_used} elements are immobile: median-type methods "
                    "fail here, see the comparison"))  # fmt: skip
    if em is not result:
        apart = np.abs(em.m - result.m) / np.maximum(np.hypot(result.se, em.se), 1e-12)
        if np.max(apart) > 3:
            n = int(np.argmax(apart))
            out.append((
                "warning", "em differs",
                f"the mixture puts sample {data.samples[n]} at {em.mass_change_pct[n]:+.0f} % "
                f"(immobile: {', '.join(em.immobile_elements)}), this analysis at {result.mass_change_pct[n]:+.0f} %",
            ))  # fmt: skip
    out += _doubtful(result, stability)
    moved = sensitivity.pivot(index="sample", columns="error_factor", values="mass_change_pct")
    spread = float((moved.max(axis=1) - moved.min(axis=1)).max())
    if spread > 10:
        sets = sensitivity.drop_duplicates("error_factor").set_index("error_factor")["immobile"]
        out.append(("warning", "sensitive to errors", f"halving or doubling the stated errors moves the mass change by up "
                    f"to {spread:.0f} percentage points; immobile sets: "
                    + "; ".join(f"x{f:g} {{{s}}}" for f, s in sets.items())))  # fmt: skip
    if data.fresh_scatter is not None and data.n_fresh >= 3:
        stated = data.sigma_protolith * np.sqrt(data.n_fresh)
        wide = [f"{e} {100 * s:.0f} %" for e, s, t in zip(data.elements, data.fresh_scatter, stated, strict=True)
                if np.isfinite(s) and s > 2.5 * t]  # fmt: skip
        if wide:
            out.append(("note", "heterogeneous fresh rock", f"the fresh samples scatter far beyond the stated error in "
                        f"{', '.join(wide)}: set protolith_scatter, or question whether all of them are fresh"))  # fmt: skip
    out += [("note", "data", text) for text in data.notes]
    return out


def _support(result: IsoconFit, priors):
    """Ambiguity, and the single pair."""
    sparse = result if result.method == "sparse" else fit_sparse(result.data)
    chosen = f"{', '.join(sparse.immobile_elements)} (mass change {_changes(sparse.mass_change_pct)})"
    support = sparse.modes[0].effective_number
    rivals = sparse.rivals()
    out = []
    if support < 1.5:
        text = (
            f"AMBIGUOUS: no two elements agree within their errors (the best isocon, {chosen}, has {support:.1f} "
            "effective elements): there is no isocon to be found at these errors"
        )
        out.append(("warning", "AMBIGUOUS", text))
    elif rivals:
        told = "; ".join(
            f"{', '.join(mode.members)} ({_changes(mode.mass_change_pct)}, {mode.effective_number:.1f} effective elements)"
            for mode in rivals[:3]
        )
        more = f"; and {len(rivals) - 3} more" if len(rivals) > 3 else ""
        text = (
            f"AMBIGUOUS: beside the chosen isocon through {chosen} with {support:.1f} effective elements there is one "
            f"through {told}{more}: decide by geochemistry, and report both"
        )
        out.append(("warning", "AMBIGUOUS", text))
    if result.method == "em" and result.ambiguous:
        out.append(("warning", "AMBIGUOUS", "AMBIGUOUS: the mixture has a second solution of nearly the same support"))
    if result.data.shape[1] == 1 and priors is None:
        out.append(("warning", "single pair", "single pair: ambiguous without a prior. One altered sample shows clusters of "
                    "slopes, not immobility; give priors, or more samples of the same original rock"))  # fmt: skip
    return out


def _doubtful(result: IsoconFit, stability):
    """Members of the immobile set that are rarely selected or usually mobile, and rejected elements often selected."""
    out = []
    names = np.array(result.data.elements)
    usually = [e for e in result.immobile_elements if SUGGESTED_PRIORS.get(e, 0.5) <= DOUBTFUL_PRIOR]
    if usually:
        out.append(("note", "usually mobile", f"{', '.join(usually)}: found immobile, though usually mobile in fluids; "
                    "check that the isocon does not rest on them"))  # fmt: skip
    if stability is not None:
        frequency = stability.frequency
        shaky = names[result.immobile & (frequency < DOUBTFUL_FREQUENCY)]
        if shaky.size:
            out.append(("note", "doubtful", f"{', '.join(shaky)}: in the immobile set, but in fewer than "
                        f"{100 * DOUBTFUL_FREQUENCY:.0f} % of the resamples"))  # fmt: skip
    return out
