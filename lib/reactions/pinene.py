"""Isomerisation of alpha-pinene: the only open measured series of several species, with its candidate reactions and traps."""

from __future__ import annotations

import numpy as np

from lib.kinetics import BatchReactor, Network, Reaction, parse_equation

SPECIES = ("alpha_pinene", "dipentene", "alloocimene", "pyronene", "dimer")
#: Letter of each species in the names of candidates.
LETTERS = dict(zip("ADLPM", SPECIES, strict=True))
FIRST_ORDER = (
    "A>D", "A>L", "A>M", "D>A", "D>L", "D>M", "L>A", "L>D", "L>M", "M>L", "M>D", "M>A", "A>P", "L>P",
)  # fmt: skip
SECOND_ORDER = "2L>M"
#: Candidates, fourteen of first order and the dimerisation of second order.
CANDIDATES = (*FIRST_ORDER, SECOND_ORDER)
#: Candidates that are left when dipentene is an end product and nothing turns into alpha-pinene again.
PLAUSIBLE = tuple(name for name in CANDIDATES if not name.startswith("D") and not name.endswith("A"))
#: Reactions of the mechanism of Box et al. (1973), all of first order.
BOX = ("A>D", "A>L", "L>P", "L>M", "M>L")
#: Scale of the half-normal prior of a rate constant, per hour: 1e-4 per minute.
RATE_SCALE = 60e-4
#: The dimerisation runs at k x^2/5, x in mass %: alike to first order at 5 %, the usual content of alloocimene.
USUAL = 5.0
#: What is used: pyronene was hardly measured on its own.
MEASURED = ("alpha_pinene", "dipentene", "alloocimene", "dimer")
#: Pyronene equals this share of what alpha-pinene has lost, at every time.
TIED = 0.03


def pinene_network(candidates=CANDIDATES) -> Network:
    """Return candidate reactions of alpha-pinene, in mass % and hours.

    Parameters
    ----------
    candidates : sequence of str
        Of `CANDIDATES`; A alpha-pinene, D dipentene, L alloocimene, P pyronene, M dimer.

    Returns
    -------
    Network
        Amounts in mass %, so that every coefficient is one; 100 % of alpha-pinene at the start.

    Raises
    ------
    ValueError
        For an unknown candidate.
    """
    unknown = [name for name in candidates if name not in CANDIDATES]
    if unknown:
        raise ValueError(f"unknown candidate {unknown[0]!r}; known: {', '.join(CANDIDATES)}")
    reactions = []
    for name in candidates:
        source, product = (LETTERS[x] for x in name.lstrip("2").split(">"))
        equation, second = f"{source} -> {product}", name == SECOND_ORDER
        affinity = ("mass action", source, {"orders": (2.0,)}) if second else ("first order", source)
        scale = RATE_SCALE / (USUAL if second else 1)
        reactions.append(Reaction(name, parse_equation(equation), ("constant",), affinity, scale, equation=equation))
    return Network(SPECIES, reactions, start={"alpha_pinene": 100.0}, name="alpha-pinene")


def pinene_series(table, candidates=CANDIDATES, measured=MEASURED):
    """Bring the published table into the order of the network.

    Parameters
    ----------
    table : tables.Table
        ``time_h`` and ``<species>_pct``.
    candidates : sequence of str
        As for `pinene_network`.
    measured : sequence of str
        Species that are used.

    Returns
    -------
    reactor : BatchReactor
        Start at the row of time 0.
    data : ndarray, shape (n_times, 5)
        In mass %, NaN for species that are not used.
    """
    frame = table.frame
    times = frame["time_h"].to_numpy(float)
    values = np.column_stack([frame[f"{s}_pct"].to_numpy(float) for s in SPECIES])
    later = times > 0
    data = np.where([s in measured for s in SPECIES], values[later], np.nan)
    network = pinene_network(candidates)
    reactor = BatchReactor(network, dict(zip(SPECIES, values[~later][0], strict=True)), times[later])
    return reactor, data


def box_fit(table, measured=SPECIES):
    """Fit the mechanism of Box et al. by least squares.

    Parameters
    ----------
    table : tables.Table
        As for `pinene_series`.
    measured : sequence of str
        Responses of the sum of squares.

    Returns
    -------
    k : ndarray, shape (5,)
        Rate constants of `BOX`, per minute.
    ssr : float
        Sum of squared residuals, (mass %)^2.

    References
    ----------
    Box, G.E.P., Hunter, W.G., MacGregor, J.F. & Erjavec, J. 1973, Technometrics 15, 33-51; the sum over all five responses is
    the test problem "isomerization of alpha-pinene" of COPS 3.0 (Dolan, Moré & Munson 2004, report ANL/MCS-273).
    """
    from scipy.optimize import least_squares

    reactor, data = pinene_series(table, BOX, measured)
    use = np.isfinite(data)

    def residual(k):
        return (reactor.solve(k, np.ones(len(BOX), bool), rtol=1e-8) - data)[use]

    def jacobian(k):
        return reactor.solve_with_sensitivities(k, np.ones(len(BOX), bool), rtol=1e-8)[1][use]

    start = np.full(len(BOX), 0.5 * RATE_SCALE)
    found = least_squares(residual, start, jacobian, bounds=(0, np.inf), x_scale=start, xtol=1e-12, ftol=1e-14, gtol=1e-14)
    return found.x / 60, float(2 * found.cost)


def traps(table) -> dict:
    """Measure the two traps of the series.

    Parameters
    ----------
    table : tables.Table
        As for `pinene_series`.

    Returns
    -------
    dict
        tied: largest distance of pyronene from 0.03 (100 - alpha-pinene), mass %; total_low, total_high: range of the sum of
        all species, mass %.
    """
    frame = table.frame
    total = frame[[f"{s}_pct" for s in SPECIES]].sum(axis=1)
    tied = (frame["pyronene_pct"] - TIED * (100 - frame["alpha_pinene_pct"])).abs().max()
    return {"tied": float(tied), "total_low": float(total.min()), "total_high": float(total.max())}
