"""Networks: the silica network is the one specified, and what does not fit together is refused."""

import numpy as np
import pytest

from lib.kinetics import Network, Reaction, silica_network, silica_start

STATE = np.array([0.5, 0.2, 0.1, 0.05, 0.3, 0.01, 0.4])  # Fo, Srp, Brc, Tlc, Qz, Am, C


def by_hand(y, k):
    """Rates of the eight candidates, written out."""
    fo, srp, brc, _, qz, _, c = y

    def a(m):
        return m / (m + 1e-3) ** (1 / 3)

    over = max(c / 0.3 - 1, 0)
    terms = [
        a(qz) * (1 - c), a(fo), a(fo) * c, a(srp) * over, a(brc) * max(c - 0.02, 0), a(fo) * over, c, a(fo) * a(srp + 1e-3),
    ]  # fmt: skip
    return k * np.array(terms)


@pytest.mark.parametrize("silica", [0.01, 0.1, 0.4])  # below both thresholds, between, above
def test_the_silica_network_has_the_rates_written_out_by_hand(silica):
    network, y = silica_network(), STATE.copy()
    y[6] = silica
    assert network.rates(y, network.reference) == pytest.approx(by_hand(y, network.reference), rel=1e-14, abs=1e-300)


def test_the_silica_network_feeds_silica_as_specified():
    network = silica_network()
    assert 0.02 * network.stoichiometry[6] == pytest.approx([1, 0, -1, -2, -2, -5, -1, 0])
    assert network.reference == pytest.approx([0.15, 0.02, 0.03, 0.03, 0.6, 0.01, 0.05, 0.1])
    assert network.rate_scale == pytest.approx(2 * network.reference)
    assert silica_start() == pytest.approx([1, 0, 0, 0, 0.6, 0, 0])


def test_a_factor_shared_by_several_laws_is_evaluated_once():
    code = silica_network().code
    assert len(code.factor_law) == 9  # a() of Qz, Fo, Srp, Brc, seeded Srp; 1 - C, C, talc's and brucite's ramps
    assert code.reaction_factors[1, 0] == code.reaction_factors[2, 0] == code.reaction_factors[7, 0]


def test_a_subset_keeps_states_rates_and_order():
    network = silica_network()
    part = network.subset(network.mask(["R4", "R1"]))
    assert part.names == ("R1", "R4")
    k = network.reference
    assert part.rates(STATE, k[[0, 3]]) == pytest.approx(network.rates(STATE, k)[[0, 3]])
    assert part.balance() == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reactions": [Reaction("r", {"Foo": 1})]}, "unknown species 'Foo'. Did you mean 'Fo'"),
        ({"reactions": [Reaction("r", {"Fo": 1}, ("mineral", "Fa"))]}, "rate law of reaction 'r': unknown species 'Fa'"),
        ({"reactions": [Reaction("r", {"Fo": 1})] * 2}, "reaction name 'r' stands twice"),
        ({"species": ("Fo", "Fo")}, "species name 'Fo' stands twice"),
        ({"fast": {"Fo": 0.0}}, "capacity of 'Fo' is 0.0"),
        ({"start": {"Qz": 1}}, "start: unknown species 'Qz'"),
    ],
)
def test_what_does_not_fit_together_is_refused(change, said):
    parts = {"species": ("Fo",), "reactions": [Reaction("r", {"Fo": 1})], **change}
    with pytest.raises(ValueError, match="network") as error:
        Network(parts.pop("species"), parts.pop("reactions"), **parts)
    assert said in str(error.value)


def test_reactions_and_amounts_are_checked():
    with pytest.raises(ValueError, match="rate_scale is 0"):
        Reaction("r", {"A": 1}, rate_scale=0)
    with pytest.raises(ValueError, match="expected finite coefficients"):
        Reaction("r", {})
    network = silica_network()
    with pytest.raises(ValueError, match="unknown species 'Quartz'"):
        network.initial({"Quartz": 1.0})
    with pytest.raises(ValueError, match="expected 7 finite numbers"):
        network.initial([1.0, 2.0])
    with pytest.raises(KeyError, match="no reaction 'R9'"):
        network.index("R9")
