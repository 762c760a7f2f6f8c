"""Formulas, equations, and what reactions conserve."""

import numpy as np
import pytest

from lib.kinetics import Network, Reaction, parse_equation, parse_formula, silica_network


@pytest.mark.parametrize(
    ("formula", "atoms"),
    [
        ("Mg3Si2O5(OH)4", {"Mg": 3, "Si": 2, "O": 9, "H": 4}),
        ("Mg1.8Fe0.2SiO4", {"Mg": 1.8, "Fe": 0.2, "Si": 1, "O": 4}),
        ("Ca((OH)2)3", {"Ca": 1, "O": 6, "H": 6}),
        ("H2O", {"H": 2, "O": 1}),
    ],
)
def test_formulas_are_read(formula, atoms):
    assert parse_formula(formula) == pytest.approx(atoms)


@pytest.mark.parametrize("formula", ["", "mg", "Mg(OH", "Mg)2", "Mg2+", "2"])
def test_what_is_no_formula_is_refused(formula):
    with pytest.raises(ValueError, match="formula"):
        parse_formula(formula)


def test_equations_are_read_and_net():
    assert parse_equation("2 Fo + 3 H2O -> Srp + Brc") == {"Fo": -2, "H2O": -3, "Srp": 1, "Brc": 1}
    assert parse_equation("A + B -> 3 B") == {"A": -1, "B": 2}
    assert parse_equation(".5 A ->") == {"A": -0.5}


@pytest.mark.parametrize("equation", ["A + B", "A -> B -> C", "->", "2 -> A", "A B -> C", "A = B"])
def test_what_is_no_equation_is_refused(equation):
    with pytest.raises(ValueError, match="equation"):
        parse_equation(equation)


def test_the_silica_network_balances_in_every_element():
    assert silica_network().balance() == []


def test_an_unbalanced_reaction_is_named_with_its_element_and_amount():
    reaction = Reaction("R2", {"Fo": -3, "Srp": 1, "Brc": 1}, equation="3 Fo -> Srp + Brc")
    network = Network(
        ("Fo", "Srp", "Brc"), [reaction], {"Fo": {"Mg": 2, "Si": 1}, "Srp": {"Mg": 3, "Si": 2}, "Brc": {"Mg": 1}}
    )
    faults = network.balance()
    assert [(f.reaction, f.element, f.excess) for f in faults] == [("R2", "Mg", -2.0), ("R2", "Si", -1.0)]
    assert "loses 2 Mg; 6 consumed, 4 produced" in str(faults[0])


def test_a_species_without_formula_is_a_fault_where_the_others_have_one():
    network = Network(("A", "B"), [Reaction("r", {"A": -1, "B": 1})], {"A": "SiO2"})
    assert "'B' has no formula" in str(network.balance()[0])


def test_conserved_quantities_are_all_of_them_and_independent():
    network = silica_network()
    w = network.conserved()
    rank = np.linalg.matrix_rank(network.stoichiometry)
    assert w.shape == (network.n_species - rank, network.n_species)
    assert np.linalg.matrix_rank(w) == len(w)
    assert np.abs(w @ network.stoichiometry).max() < 1e-12  # coefficients of 250 with rounding of 1e-16


def test_magnesium_and_silica_of_the_silica_network():
    network = silica_network(capacity=0.05)
    rows = {tuple(row) for row in network.conserved()}  # Fo, Srp, Brc, Tlc, Qz, Am, C
    assert rows == {(2, 3, 1, 3, 0, 0, 0), (1, 2, 0, 4, 1, 1, 0.05)}


def test_without_elements_the_stoichiometry_alone_says_what_is_conserved():
    network = Network(("A", "B", "C"), [Reaction("r", {"A": -1, "B": 2})])
    w = network.conserved()
    assert w.shape == (2, 3)
    assert np.abs(w @ network.stoichiometry).max() < 1e-14
