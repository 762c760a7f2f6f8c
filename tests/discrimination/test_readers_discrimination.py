"""Published sets of grains, and a reader's own supplement, come out with their classes, groups and gaps."""

import numpy as np
import pandas as pd
import pytest

from lib import discrimination as d
from lib import tables
from lib.discrimination import readers


@pytest.fixture
def external():
    """Return what a reader returns, or skip when its data are not on this machine."""

    def ask(reader, *given, **named):
        found = reader(*given, **named)
        if found is None:
            pytest.skip("external data are not on this machine (make data)")
        return found

    return ask


def test_zircons_are_all_there_and_th_over_u_is_what_it_says(external):
    zircon = external(d.read_zircon)
    assert zircon.shape == (3035, 11) and zircon.counts == {"I-type": 1153, "S-type": 841, "A-type": 1041}
    at = {name: zircon.x[:, j] for j, name in enumerate(zircon.names)}
    np.testing.assert_allclose(at["Th"] - at["U"], at["Th/U"], atol=1e-7)  # as the specification found: exact ties
    assert zircon.units[zircon.names.index("Ce/Ce*")] == "ratio" and zircon.units[0] == "ppm" and zircon.groups == ()


def test_apatites_have_the_anomalies_of_their_granites(external):
    apatite = external(d.read_apatite, features=readers.APATITE)
    assert apatite.shape == (1195, 19) and apatite.counts == {"I-type": 931, "S-type": 264}
    at = {name: apatite.values[:, j] for j, name in enumerate(apatite.names)}
    # the columns are in the order that is claimed: their ratios say so, to the digits of the file
    np.testing.assert_allclose(at["Sr"] / at["Y"], at["Sr/Y"], rtol=0.01)
    agree = np.abs(at["La"] / at["Yb"] / at["La/Yb"] - 1) < 0.02
    assert agree.mean() > 0.95
    s_type = apatite.codes == 1
    assert np.median(at["Eu/Eu*"][s_type]) < 0.1 < np.median(at["Eu/Eu*"][~s_type])
    assert np.median(at["Sr"][s_type]) < np.median(at["Sr"][~s_type])
    assert external(d.read_apatite).names == readers.APATITE_TWELVE


def test_zeros_of_pyrite_are_below_detection_and_deposits_are_groups(external):
    pyrite = external(d.read_pyrite)
    assert len(pyrite) == 3207 and pyrite.frame["group"].nunique() == 49 and len(pyrite.analytes) == 12
    assert pyrite.censored.sum().sum() == 582 and pyrite.censored["Tl_ppm"].sum() == 241
    assert any("582 zeros stand for below detection" in note for note in pyrite.notes) and pyrite.licence == "MIT"
    assert pyrite.frame.groupby("group")["class"].nunique().max() == 1
    replaced = d.prepare(pyrite, below="lod/sqrt2")
    assert replaced.shape == (3207, 12) and replaced.x.min() > -5
    assert d.prepare(pyrite).shape[0] < 3207
    assert d.check_table(pyrite, {"below": "lod/sqrt2", "cv": "grouped"}) == []


def test_pyrite_line_numbers_are_those_of_the_file(external):
    pyrite = external(d.read_pyrite)
    lines = pyrite.path.read_text(encoding="utf-8-sig").splitlines()
    for i in (0, 1500, 3206):
        assert lines[pyrite.rows[i] - 1].endswith(tuple(f"{pyrite.frame['Pb_ppm'][i]:g}{end}" for end in ("", "0")))


def test_other_files_are_refused(tmp_path):
    x, y = tmp_path / "x.txt", tmp_path / "y.txt"
    x.write_text("1 2 3\n4 5 6\n")
    y.write_text("0\n1\n")
    with pytest.raises(ValueError, match="3 columns and 2 rows beside 2 labels; expected the columns Ce, Eu"):
        d.read_zircon((x, y))
    np.savetxt(x, np.ones((2, 11)))
    with pytest.raises(ValueError, match=r"expected 0 to 2 \(I-type, S-type, A-type\)"):
        d.read_zircon((x, y))
    with pytest.raises(ValueError, match="no column Deposit"):
        d.read_pyrite(x)


def test_absent_files_give_none(monkeypatch):
    monkeypatch.setattr(tables, "locate", lambda key: None)
    assert d.read_zircon() is None and d.read_apatite() is None and d.read_pyrite() is None


def test_every_external_key_of_the_case_is_registered():
    from lib.tables.external import registry

    schema = tables.load_schema(d.STEM)
    assert set(schema.external) == {*readers.ZIRCON_KEYS, *readers.APATITE_KEYS, readers.PYRITE_KEY} <= set(registry())


# ------------------------------------------------------------------ a supplement of unknown layout


def supplement(n=12):
    """Rows as a journal's supplement may have them: a title, a header with units, remarks, text for missing numbers."""
    made = d.make_grains(np.random.default_rng(1), n_samples=2, n_grains=n // 6)
    head = ["Sample", "Rock type", "Analysis", *(f"{e} (ppm)" for e in d.ELEMENTS), "Total"]
    rows = [["Table S1. Monazite", *[""] * (len(head) - 1)], head]
    for i, (group, label) in enumerate(zip(made.groups, made.labels, strict=True)):
        values = [f"{v:.1f}" for v in np.where(made.below[i], 5, made.values[i])]
        rows.append([group, f"{label} rock", f"spot {i}", *values, "99"])
    rows[3][4], rows[4][5], rows[5][6] = "b.d.l.", "0", "<0.5"
    rows.append(["Note: measured by laser ablation", *[""] * (len(head) - 1)])
    return rows, made


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_supplement_is_read_whatever_stands_around_it(tmp_path, kind):
    rows, made = supplement()
    path = tmp_path / f"supplement.{kind}"
    frame = pd.DataFrame(rows)
    if kind == "csv":
        frame.to_csv(path, header=False, index=False)
    else:
        with pd.ExcelWriter(path) as book:
            pd.DataFrame([["read me"]]).to_excel(book, sheet_name="About", header=False, index=False)
            frame.to_excel(book, sheet_name="Monazite", header=False, index=False)
    table = d.read_itano(path)
    assert len(table) == 12 and table.analytes == [f"{e}_ppm" for e in d.ELEMENTS]
    assert list(table.frame["group"]) == list(made.groups) and set(table.frame["class"]) == {f"{c} rock" for c in d.CLASSES}
    assert table.frame["Ce_ppm"].isna().tolist() == [i == 1 for i in range(12)]  # b.d.l.
    assert table.frame["Pr_ppm"].isna().tolist() == [i == 2 for i in range(12)]  # 0
    assert table.censored["Nd_ppm"].tolist() == [i == 3 for i in range(12)] and table.limit["Nd_ppm"][3] == 0.5
    np.testing.assert_allclose(table.frame["Lu_ppm"], np.where(made.below, 5, made.values)[:, 13], atol=0.051)
    assert any("2 cells without a number, or zero" in note for note in table.notes) and table.rows[0] == 3


def test_a_supplement_that_is_none_is_refused_with_what_was_seen(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("SiO2,TiO2\n50,1\n")
    with pytest.raises(ValueError, match=r"no row with the names of 8 or more of La, .*other: SiO2, TiO2"):
        d.read_itano(path)
    rows, _ = supplement()
    pd.DataFrame(rows).to_csv(path, header=False, index=False)
    with pytest.raises(ValueError, match="no column 'Lithology'; there are Sample, Rock type"):
        d.read_itano(path, class_column="Lithology")
    with pytest.raises(ValueError, match="no sheet 'S2'; there are other"):
        d.read_itano(path, sheet="S2")
    with pytest.raises(ValueError, match="there is no such file; get the supplement"):
        d.read_itano(tmp_path / "absent.csv")
    assert d.read_itano(path, class_column="Analysis").frame["class"].iloc[0] == "spot 0"
