"""Network files: written and read back the same, with every fault reported at once."""

import numpy as np
import pytest

from lib.kinetics import Network, NetworkFileFaults, Reaction, read_network, silica_network, write_template


@pytest.fixture
def template(tmp_path):
    return write_template(tmp_path / "net.toml")


def edited(path, *changes):
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_network_comes_back_as_it_was_written(template):
    read, written = read_network(template), silica_network()
    assert (read.names, read.species, read.start, read.formulas) == (
        written.names, written.species, written.start, written.formulas,
    )  # fmt: skip
    for a, b in zip(read.code, written.code, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(read.reference, written.reference)


def test_a_network_without_formulas_or_equations_is_written_too(tmp_path):
    network = Network(("A", "B"), [Reaction("r", {"A": -2.0, "B": 1.5}, affinity=("mass action", "A", {"orders": [2.0]}))])
    read = read_network(write_template(tmp_path / "net.toml", network))
    assert np.array_equal(read.stoichiometry, network.stoichiometry)
    assert np.isnan(read.reference).all()
    assert "orders = [2]" in (tmp_path / "net.toml").read_text()


def test_a_file_is_not_written_over(template):
    with pytest.raises(FileExistsError):
        write_template(template)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("2 Fo + 3 H2O", "3 Fo + 3 H2O", "reaction 'R2' (3 Fo + 3 H2O -> Srp + Brc): loses 2 Mg"),
        ("-> Srp + Brc", "-> Srp + Bruc", "stoichiometry of reaction 'R2': unknown species 'Bruc'. Did you mean 'Brc'"),
        ('["mineral", "Fo"]', '["minral", "Fo"]', "unknown law 'minral'; did you mean 'mineral'"),
        ('["mineral", "Fo"]', '["mineral", "Fa"]', "unknown species 'Fa'"),
        ("rate = 0.15", "rates = 0.15", "unknown entry 'rates'; did you mean 'rate'"),
        ("rate = 0.15", 'rate = "fast"', "rate is 'fast'; expected a number"),
        ("Qz -> C", "Qz to C", "expected one '->'"),
        ('"Mg(OH)2"', '"Mg(OH2"', "[formula] Brc"),
        ('name = "R1"\n', "", "reaction number 1: name is missing"),
        ("[start]", "[begin]", "unknown entry 'begin'"),
        ("species = [", "species = [[", "not readable as TOML"),
    ],
)
def test_a_fault_is_reported_with_its_place(template, old, new, said):
    with pytest.raises(NetworkFileFaults) as error:
        read_network(edited(template, (old, new)))
    assert said in str(error.value)
    assert str(error.value).startswith("net.toml: ")


def test_all_faults_are_reported_at_once(template):
    changes = [
        ('["mineral", "Qz"]', '["minral", "Qz"]'),
        ("rate_scale = 0.04", "rate_scale = -1"),
        ('"Mg(OH)2"', '"magnesia"'),
    ]
    with pytest.raises(NetworkFileFaults) as error:
        read_network(edited(template, *changes))
    assert len(error.value.faults) == 3
