"""Rate laws: the factors say what the formulas say, with their slopes, and refuse what is not a law."""

import numpy as np
import pytest

from lib.kinetics import AFFINITIES, SURFACES, Network, Reaction
from lib.kinetics.laws import factors_of
from lib.kinetics.solver_kernels import evaluate_rates

X = np.array([0.7, 0.2])  # amounts of m and c
SMOOTH = 1e-3


def area(m):
    return m / (m + SMOOTH) ** (1 / 3)


FORMULAS = {
    ("constant",): lambda m, c: 1.0,
    ("constant", "m"): lambda m, c: m / (m + SMOOTH),
    ("proportional", "m"): lambda m, c: m,
    ("mineral", "m"): lambda m, c: area(m),
    ("product", "c"): lambda m, c: area(c + 1e-3),
    ("nucleation", "c"): lambda m, c: area(c) + 1e-3,
    ("autocatalytic", "m", "c"): lambda m, c: area(m) * area(c + 1e-3),
    ("power", "m", "exponent", 0.4): lambda m, c: m * (m + SMOOTH) ** -0.6,
    ("fractured", "m", "growth", 3.0): lambda m, c: area(m) * (1 + 3 * (1 - m)),
    ("avrami", "m", "exponent", 3.0): lambda m, c: 3 * m * (-np.log(m)) ** (2 / 3),
    ("dissolution", "c"): lambda m, c: 1 - c,
    ("undersaturation", "c", "saturation", 0.1): lambda m, c: 0.0,
    ("precipitation", "c", "saturation", 0.1): lambda m, c: c / 0.1 - 1,
    ("precipitation", "c", "saturation", 0.3): lambda m, c: 0.0,
    ("reversible precipitation", "c", "saturation", 0.3): lambda m, c: c / 0.3 - 1,
    ("first order", "c"): lambda m, c: c,
    ("excess", "c", "threshold", 0.05): lambda m, c: c - 0.05,
    ("none",): lambda m, c: 1.0,
    ("mass action", "m", "c", "orders", (1, 1.5)): lambda m, c: m * c**1.5,
}


def law(key):
    """Turn a key of FORMULAS into a law: (kind, species..., {parameter: value})."""
    named = [i for i, part in enumerate(key) if part in ("exponent", "growth", "saturation", "threshold", "orders")]
    return (*key[: named[0]], {key[named[0]]: key[named[0] + 1]}) if named else key


def rates(surface=("constant",), affinity=("none",), y=X):
    network = Network(("m", "c"), [Reaction("r", {"m": -1.0, "c": 1.0}, surface, affinity)])
    phi, slopes = np.empty(1), np.empty((1, 2))
    evaluate_rates(network.code, np.array([0]), np.asarray(y, dtype=float), phi, slopes)
    return phi[0], slopes[0]


@pytest.mark.parametrize("key", FORMULAS, ids=str)
def test_a_law_is_its_formula_and_its_slope_the_formulas_slope(key):
    role = "surface" if key[0] in SURFACES else "affinity"
    value, slopes = rates(**{role: law(key)})
    assert value == pytest.approx(FORMULAS[key](*X), rel=1e-8)  # the seed of Avrami's law, 1e-9, is not in the formula
    step = 1e-6 * np.eye(2)
    differences = [(FORMULAS[key](*(X + d)) - FORMULAS[key](*(X - d))) / 2e-6 for d in step]
    assert slopes == pytest.approx(differences, rel=1e-7, abs=1e-8)


def test_every_law_on_offer_is_tested_here():
    assert {key[0] for key in FORMULAS} == set(SURFACES) | set(AFFINITIES)


def test_surface_and_affinity_multiply():
    surface, affinity = ("autocatalytic", "m", "c"), ("mass action", "m", "c")
    value, _ = rates(surface, affinity)
    assert value == pytest.approx(rates(surface)[0] * rates(affinity=affinity)[0], rel=1e-14)


@pytest.mark.parametrize(
    "surface", [("mineral", "m"), ("proportional", "m"), ("constant", "m"), ("power", "m", {"exponent": 0.5})]
)
def test_a_used_up_mineral_does_not_react(surface):
    for amount in (0.0, -1e-6):
        assert rates(surface, y=[amount, 0.2])[0] == 0.0


@pytest.mark.parametrize(
    ("surface", "affinity", "said"),
    [
        (("minral", "m"), ("none",), "did you mean 'mineral'"),
        (("mineral",), ("none",), "takes 1 species"),
        (("power", "m"), ("none",), "'exponent' has no default"),
        (("mineral", "m", {"softning": 1.0}), ("none",), "did you mean 'softening'"),
        (
            ("constant",),
            ("precipitation", "c", {"saturation": 0.0}),
            "saturation is 0.0; expected a finite number, above zero",
        ),
        (("constant",), ("mass action", "m", "c", {"orders": [1]}), "orders [1]"),
        (("autocatalytic", "m", "c"), ("mass action", "m", "c", "m"), "5 factors, at most 4"),
    ],
)
def test_what_is_no_law_is_refused_by_name(surface, affinity, said):
    with pytest.raises(ValueError, match="reaction 'R9'") as error:
        factors_of(surface, affinity, "R9")
    assert said in str(error.value)
