"""What a geochemist should be told about a result before using it."""

from __future__ import annotations

import numpy as np

from .em import SUGGESTED_PRIORS, at_scale_limit
from .results import IsoconFit

CLOSURE_LIMIT_WT = 3.0
FEW_ELEMENTS = 10
#: Elements of the immobile set are doubtful when selected less often than this, or usually mobile (suggested prior).
DOUBTFUL_FREQUENCY = 0.6
DOUBTFUL_PRIOR = 0.25


def _changes(values) -> str:
    """Shorten one or many mass changes to text."""
    values = np.asarray(values, float)
    return f"{values[0]:+.0f} %" if values.size == 1 else f"{values.min():+.0f} to {values.max():+.0f} %"


def collect(
    result: IsoconFit, em: IsoconFit, sparse: IsoconFit, stability, sensitivity, priors, sums
) -> list[tuple[str, str, str]]:
    """List of (level, code, text); level is "warning" or "note".

    Parameters
    ----------
    result, em, sparse : IsoconFit
        The reported fit, the mixture, and Algorithm S (objects may be the same).
    stability : Resampling or None
    sensitivity : DataFrame
        From `lib.isocon.uncertainty.error_sensitivity`.
    priors : object
        What was given to the mixture; None = no geochemical prior.
    sums : (float, array (N,)) or None
        Totals of the original and the altered rocks, wt%.
    """
    data = result.data
    out = _support(result, em, sparse, priors)
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
    if at_scale_limit(em):
        side = "smaller" if em.scale < 1 else "larger"
        out.append((
            "warning", "em scale at its limit",
            f"the mixture would have the stated errors {side} than by a factor of {max(em.scale, 1 / em.scale):.1f}, its "
            "limit: state errors that fit the data before its probabilities of immobility are used",
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


def _answer(one: IsoconFit) -> str:
    """Immobile set and mass change of a fit as text."""
    return f"{', '.join(one.immobile_elements) or 'no element'} (mass change {_changes(one.mass_change_pct)})"


def _support(result: IsoconFit, em: IsoconFit, sparse: IsoconFit, priors):
    """Ambiguity, and the single pair."""
    support = sparse.modes[0].effective_number
    rivals = sparse.rivals()
    # the modes are those of the sparse fit: another method's answer must stand beside them
    reported = "" if result is sparse else f" The answer reported here ({result.method}): {_answer(result)}"
    out = []
    if not sparse.n_modes:
        out.append((
            "warning", "AMBIGUOUS",
            f"AMBIGUOUS: no two elements agree within their errors (the best isocon, {_answer(sparse)}, has {support:.1f} "
            f"effective elements): there is no isocon to be found at these errors.{reported}",
        ))  # fmt: skip
        return [*out, *_single_pair(result, priors)]
    if rivals:
        more = f"; and {len(rivals) - 3} more" if len(rivals) > 3 else ""
        whose = "the chosen isocon" if result is sparse else "the isocon of the sparse fit"
        out.append((
            "warning", "AMBIGUOUS",
            f"AMBIGUOUS: beside {whose} through {_answer(sparse)} with {support:.1f} effective elements there is one "
            f"through {_told(rivals)}{more}: decide by geochemistry, and report both.{reported}",
        ))  # fmt: skip
    if em.ambiguous and (result is em or not rivals):
        out.append((
            "warning", "AMBIGUOUS",
            f"AMBIGUOUS: beside the mixture's solution through {_answer(em)} with {em.modes[0].effective_number:.1f} "
            f"effective elements there is one through {_told(em.rivals())}",
        ))  # fmt: skip
    return [*out, *_single_pair(result, priors)]


def _told(rivals) -> str:
    """The first three rival modes as text."""
    return "; ".join(
        f"{', '.join(mode.members)} ({_changes(mode.mass_change_pct)}, {mode.effective_number:.1f} effective elements)"
        for mode in rivals[:3]
    )


def _single_pair(result: IsoconFit, priors):
    """One altered sample, and no prior in the answer: only the mixture uses priors."""
    if result.data.shape[1] > 1 or (priors is not None and result.method == "em"):
        return []
    advice = "give priors" if result.method == "em" else "use the method 'em' with priors"
    if priors is not None:
        advice = f"the priors given do not enter the method {result.method!r}: use 'em'"
    return [("warning", "single pair", "single pair: ambiguous without a prior. One altered sample shows clusters of "
             f"slopes, not immobility; {advice}, or analyse more samples of the same original rock")]  # fmt: skip


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
