"""Melting equations: mass balance, limits, independent routes, exact scaling, slopes, refusals."""

import decimal
import math

import numpy as np
import pytest
from scipy import integrate

from lib import melting
from lib.melting import kernels

F = np.array([0.002, 0.01, 0.03, 0.07, 0.12, 0.157])
BULK = melting.bulk_coefficients()
D, P = BULK.d, BULK.p


def extract(model, f=F, d=D, p=P, **options):
    return np.exp(melting.log_enrichment(model, f, d, p, **options))


@pytest.mark.parametrize("element", ["La", "Nd", "Dy", "Yb"])
def test_accumulated_melt_is_the_mean_of_the_instantaneous_melts(element):
    """Eq. (3) = (1/F) integral of (2); the quadrature is good to 1e-12 where the integrand has no kink (F < D/P)."""
    j = BULK.elements.index(element)
    for f in F:
        total, _ = integrate.quad(
            lambda x: math.exp(kernels.log_ratio(kernels.INSTANTANEOUS, x, D[j], P[j], 0.0)), 0, f, epsabs=0, epsrel=1e-12
        )
        assert extract("accumulated", f)[0, j] == pytest.approx(total / f, rel=1e-11)


@pytest.mark.parametrize("model", ["batch", "accumulated", "dynamic", "two_stage"])
def test_melt_and_residue_hold_what_the_source_held(model):
    options = BULK.two_stage if model == "two_stage" else {}
    f = np.append(F, [0.2, 0.3, 0.6])  # past the exhaustion of elements and of clinopyroxene
    total = f[:, None] * extract(model, f, **options) + (1 - f)[:, None] * melting.residue(model, f, D, P, **options)
    np.testing.assert_allclose(total, 1, rtol=0, atol=2e-14)


def test_the_batch_melt_is_in_equilibrium_with_its_residue():
    """C_S = D(F) C_L with D(F) = (D - P F)/(1 - F)."""
    f = F[:, None]
    np.testing.assert_allclose(melting.residue("batch", F, D, P), (D - P * f) / (1 - f) * extract("batch"), rtol=1e-13)


def test_the_residue_equation_of_mckenzie_and_onions_gives_the_same_melts():
    """d c_s/dX = (c_s - c_l)/(1 - X), c_l = c_s (1 - X)/(D - P X), by Runge-Kutta steps (error 1e-11)."""
    d, p = (values[[BULK.elements.index(e) for e in ("Ce", "Nd", "Sm", "Dy", "Yb", "Ti")]] for values in (D, P))

    def change(x, c):
        return (c - c * (1 - x) / (d - p * x)) / (1 - x)

    c, h, steps = np.ones(d.size), 2e-5, 6000
    for i in range(steps):
        x = i * h
        k1 = change(x, c)
        k2 = change(x + h / 2, c + h / 2 * k1)
        k3 = change(x + h / 2, c + h / 2 * k2)
        k4 = change(x + h, c + h * k3)
        c = c + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    f = steps * h
    np.testing.assert_allclose(melting.residue("instantaneous", f, d, p)[0], c, rtol=1e-9)
    np.testing.assert_allclose(extract("instantaneous", f, d, p)[0], c * (1 - f) / (d - p * f), rtol=1e-9)


def test_the_balance_of_dynamic_melting_step_by_step_gives_the_same_melts():
    """d(residue)/dX = -c with c = residue / (phi (1 - X) + D - P F), F = phi + (1 - phi) X, solved numerically."""
    d, p, phi = np.array([0.001, 0.05, 0.3]), np.array([0.004, 0.25, 1.7]), 0.02

    def change(x, held):
        solid = np.maximum(d - p * (phi + (1 - phi) * x), 0)
        return -held / (phi * (1 - x) + solid)

    run = integrate.solve_ivp(
        change, (0, 0.25), np.ones(3), rtol=1e-10, atol=1e-14, t_eval=[0.05, 0.12, 0.25], method="DOP853"
    )
    expected = (1 - run.y.T) / run.t[:, None]
    np.testing.assert_allclose(extract("dynamic", run.t, d, p, porosity=phi), expected, rtol=1e-7)


def test_modal_dynamic_melting_has_the_effective_coefficient():
    """Eq. (4) for P = D: (1/F)(1 - (1-F)^(1/D_eff)) with D_eff = (1 - phi) D + phi."""
    phi = 0.005
    d_eff = (1 - phi) * D + phi
    expected = (1 - (1 - F[:, None]) ** (1 / d_eff)) / F[:, None]
    np.testing.assert_allclose(extract("dynamic", d=D, p=D), expected, rtol=1e-12)
    np.testing.assert_array_equal(extract("dynamic", porosity=0.0), extract("accumulated"))
    total = melting.total_fraction(F, phi)
    assert (total > F).all()
    np.testing.assert_allclose(melting.extracted_fraction(total, phi), F, rtol=1e-12)
    assert melting.extracted_fraction(0.001) == 0


@pytest.mark.parametrize("model", ["batch", "accumulated"])
def test_an_incompatible_element_shows_only_the_ratio_of_source_and_melt_fraction(model):
    g, slope = melting.log_enrichment_and_slope(model, F, [1e-7, 1e-300], [1e-6, 0.0])
    np.testing.assert_allclose(g, -np.log(F)[:, None] * [1, 1], atol=1e-4)
    np.testing.assert_allclose(slope, -1, atol=1e-4)


def test_limits_of_the_coefficient_of_the_melting_assemblage():
    d = np.array([0.01, 0.05, 0.3, 2.0])
    f = F[:, None]
    no_p = np.zeros(4)
    np.testing.assert_allclose(extract("accumulated", d=d, p=no_p), -np.expm1(-f / d) / f, rtol=1e-14)
    modal = (1 - (1 - f) ** (1 / d)) / f
    np.testing.assert_allclose(extract("accumulated", d=d, p=d), modal, rtol=1e-12)
    np.testing.assert_allclose(extract("batch", d=d, p=d), 1 / (d + f * (1 - d)), rtol=1e-14)


def test_the_exponent_is_right_to_rounding_on_both_sides_of_its_series():
    """-ln(1 - P F/D)/P against decimal arithmetic of 60 digits, for P F/D from 1e-14 to almost 1."""
    with decimal.localcontext(prec=60):
        for f, d in ((0.05, 0.03), (0.3, 0.02)):
            for u in (1e-14, 1e-12, 0.99e-8, 1.01e-8, 1e-6, 1e-3, 0.5, 0.999999):
                p = u * d / f
                fd, dd, pd = decimal.Decimal(f), decimal.Decimal(d), decimal.Decimal(p)
                exact = float((1 - pd * fd / dd).ln() / pd)
                # 1 - u loses digits of u near 1
                assert kernels.log_held(np.array([f]), np.array([d]), np.array([p]), 0.0)[0, 0] == pytest.approx(
                    exact, rel=1e-15 + 4e-16 / (1 - u)
                )


def test_very_small_melt_fractions_reach_the_first_drop():
    for model in ("batch", "accumulated", "instantaneous"):
        np.testing.assert_allclose(extract(model, 1e-12)[0], 1 / D, rtol=1e-6)


def test_exhausted_elements():
    d, p, f = np.array([0.05]), np.array([0.5]), np.array([0.0999999, 0.1, 0.2])
    for model in ("batch", "accumulated"):
        g, slope = melting.log_enrichment_and_slope(model, f, d, p)
        np.testing.assert_array_equal(g[1:, 0], -np.log(f[1:]))
        np.testing.assert_array_equal(slope[1:, 0], -1)
        assert g[0, 0] == pytest.approx(-np.log(f[0]), abs=1e-5)
        assert melting.residue(model, f, d, p)[1:].tolist() == [[0], [0]]
    g, slope = melting.log_enrichment_and_slope("instantaneous", f, d, p)
    assert np.isfinite(g[0, 0]) and g[1:, 0].tolist() == [-np.inf, -np.inf] and slope[1:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("factor", [0.5, 1.2, 2.0])
@pytest.mark.parametrize("model", ["batch", "accumulated", "instantaneous"])
def test_melt_fractions_are_measured_in_units_of_d(model, factor):
    """(D, F, C0) -> k (D, F, C0) at fixed P changes no concentration, to rounding: section 1c."""
    g = melting.log_enrichment(model, F, D, P)
    scaled = np.log(factor) + melting.log_enrichment(model, factor * F, factor * D, P)
    np.testing.assert_allclose(scaled, g, rtol=1e-15, atol=1e-14)


def test_residual_porosity_and_exhaustion_break_the_scaling():
    for model, options in (("dynamic", {}), ("two_stage", BULK.two_stage)):
        f = np.array([0.05, 0.2, 0.25])
        moved = np.log(1.2) + melting.log_enrichment(model, 1.2 * f, 1.2 * D, P, **options)
        assert np.abs(moved - melting.log_enrichment(model, f, D, P, **options)).max() > 1e-3


@pytest.mark.parametrize("model", melting.MODELS)
def test_slopes_agree_with_finite_differences(model):
    """Central differences of step 1e-5 in ln F, whose error is of order 1e-10 times the third derivative."""
    options = BULK.two_stage if model == "two_stage" else {}
    f = np.array([0.003, 0.02, 0.06, 0.11, *([0.17, 0.25] if model == "two_stage" else [])])
    _, slope = melting.log_enrichment_and_slope(model, f, D, P, **options)
    above, below = (melting.log_enrichment(model, f * np.exp(h), D, P, **options) for h in (1e-5, -1e-5))
    np.testing.assert_allclose(slope, (above - below) / 2e-5, rtol=1e-6, atol=1e-7)


def test_melting_goes_on_after_clinopyroxene_without_a_jump():
    out = BULK.exhaustion
    before, after = (
        melting.log_enrichment_and_slope("two_stage", out * s, D, P, **BULK.two_stage) for s in (1 - 1e-9, 1 + 1e-9)
    )
    np.testing.assert_allclose(before[0], after[0], atol=1e-7)
    # the melt leaving the residue is the same on both sides, since D' = D(F*): so is the slope
    np.testing.assert_allclose(before[1], after[1], atol=1e-6)
    np.testing.assert_allclose(BULK.d_after, (D - P * out) / (1 - out), rtol=1e-6, atol=1e-9)


def test_two_stages_are_two_melting_events_in_a_row():
    """Eq. (6): C = [F* C(F*) + (1 - F*) F' C'(F')] / F, with the residue of the first stage as source of the second."""
    d, p = np.array([0.05, 0.2]), np.array([0.1, 0.4])
    after = {"exhaustion": 0.15, "d_after": np.array([0.02, 0.1]), "p_after": np.array([0.01, 0.2])}
    f, out = 0.22, 0.15
    step = (f - out) / (1 - out)
    source = melting.residue("accumulated", out, d, p)[0]
    parts = out * extract("accumulated", out, d, p)[0]
    parts += (1 - out) * step * source * extract("accumulated", step, after["d_after"], after["p_after"])[0]
    np.testing.assert_allclose(extract("two_stage", f, d, p, **after)[0], parts / f, rtol=1e-13)


def test_kernels_never_give_nan():
    rng = np.random.default_rng(20)
    f = np.concatenate([10 ** rng.uniform(-12, -1e-9, 400), 1 - 10 ** rng.uniform(-15, -1, 100)])
    d, p = 10 ** rng.uniform(-12, 3, 300), np.concatenate([np.zeros(100), 10 ** rng.uniform(-12, 2, 200)])
    for model in range(4):
        for phi in (0.0, 1e-4, 0.3):
            value, slope = kernels.log_ratios(model, f, d, p, phi)
            assert not np.isnan(value).any() and np.isfinite(slope).all()
            assert (value < np.inf).all() and (np.isfinite(value).all() or model == kernels.INSTANTANEOUS)


#: Centred information of 10 samples, F = 0.03 to 0.14 in equal steps, per unit 1/s^2, as tabulated to the printed digits.
ACCUMULATED = {"Rb": 0.000, "Ba": 0.000, "Th": 0.000, "U": 0.000, "Nb": 0.000, "La": 0.004, "Ce": 0.04, "Sr": 0.04, "Zr": 0.21}
ACCUMULATED |= {"Lu": 0.22, "Yb": 0.27, "Ti": 0.29, "Nd": 0.34, "Y": 0.36, "Er": 0.37, "Hf": 0.53, "Sm": 0.55, "Dy": 0.57}
ACCUMULATED |= {"Eu": 0.58, "Gd": 0.58, "Ho": 0.59}
BATCH = {"Rb": 0.000, "Ba": 0.000, "Th": 0.001, "U": 0.002, "Nb": 0.006, "La": 0.02, "Ce": 0.04, "Zr": 0.08, "Nd": 0.10}
BATCH |= {"Lu": 0.10, "Ti": 0.11, "Yb": 0.11, "Er": 0.12, "Sm": 0.13, "Hf": 0.13, "Eu": 0.13, "Gd": 0.13}


@pytest.mark.parametrize(("model", "printed"), [("accumulated", ACCUMULATED), ("batch", BATCH)])
def test_information_per_element(model, printed):
    found = dict(zip(BULK.elements, melting.scale_information(model, np.linspace(0.03, 0.14, 10), D, P), strict=True))
    for element, value in printed.items():
        half = 0.0005 if value < 0.01 else 0.005
        assert abs(found[element] - value) <= half * 1.001, element


def test_equal_melt_fractions_say_nothing_about_their_level():
    assert melting.scale_information("accumulated", [0.08, 0.08, 0.08], D, P).max() < 1e-25
    seen = melting.scale_information("instantaneous", [0.01, 0.02, 0.3], [0.05], [0.5])  # exhausted in the last sample
    assert seen == pytest.approx(melting.scale_information("instantaneous", [0.01, 0.02], [0.05], [0.5]))


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("batch", [0.1, 8], D, P), r"melt_fraction has 8; .*per cent are to be divided by 100"),
        (("batch", [0.0], D, P), "must be above 0 and below 1$"),
        (("batch", [np.nan], D, P), "melt_fraction has nan"),
        (("fractional", F, D, P), "no melting model 'fractional'; the models are batch, accumulated"),
        (("batch", F, [0.1, 0.0], [0.1, 0.1]), r"bulk_d\[1\] is 0; .*above 0"),
        (("batch", F, [0.1], [-0.1]), r"bulk_p\[0\] is -0.1; .*0 or more"),
        (("batch", F, [0.1], [0.1, 0.2]), "bulk_d has 1 elements, bulk_p has 2"),
        (("batch", np.ones((2, 2)) / 9, D, P), r"melt_fraction has the shape \(2, 2\)"),
        (("two_stage", F, D, P), "needs exhaustion, d_after, p_after"),
    ],
)
def test_wrong_arguments_are_named(arguments, text):
    with pytest.raises(ValueError, match=text):
        melting.log_enrichment(*arguments)


def test_wrong_options_are_named():
    for model, options, text in (
        ("batch", {"porosity": 0.1}, "batch melting has no option 'porosity'; it has none"),
        ("dynamic", {"phi": 0.1}, "its options are porosity"),
        ("dynamic", {"porosity": 1.0}, "porosity is 1"),
        ("two_stage", {"exhaustion": 1.5, "d_after": D, "p_after": P}, "exhaustion is 1.5"),
        ("two_stage", {"exhaustion": 0.1, "d_after": D[:2], "p_after": P[:2]}, f"d_after has 2 elements, bulk_d has {D.size}"),
    ):
        with pytest.raises(ValueError, match=text):
            melting.log_enrichment(model, F, D, P, **options)
