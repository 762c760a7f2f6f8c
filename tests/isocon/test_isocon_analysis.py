"""Whole analysis of a table: frames, messages, diagnostics, reproducibility."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from lib import isocon, tables
from lib.isocon.analysis import FRAMES

GRANT = Path(__file__).parents[2] / "data/02_alteration_isocon/grant2005.csv"


@pytest.fixture(scope="module")
def pair():
    return isocon.analyse(tables.read(GRANT, "02_alteration_isocon"), n_bootstrap=50)


def write(path, halo, density=True):
    """Two groups of an artificial halo as a table."""
    data = halo.data
    columns = [f"{e}_{u}" for e, u in zip(data.elements, data.units, strict=True)]
    lines = ["sample_id,role,group,distance_m,density_g_cm3," + ",".join(columns)]
    for group in "ab":
        lines.append(f"F{group},fresh,{group},,2.9," + ",".join(f"{v:.10g}" for v in data.c0))
        lines += [
            f"{s}{group},altered,{group},{x:.4f},2.6," + ",".join(f"{v:.10g}" for v in data.altered[:, n])
            for n, (s, x) in enumerate(zip(data.samples, data.position, strict=True))
        ]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def groups(tmp_path_factory):
    halo = isocon.make_halo("B", np.random.default_rng(51))
    table = tables.read(write(tmp_path_factory.mktemp("halo") / "artificial.csv", halo), "02_alteration_isocon")
    return halo, table, isocon.analyse(table, n_bootstrap=20, seed=4)


def test_single_pair_is_called_ambiguous(pair):
    text = "\n".join(pair.messages)
    assert "AMBIGUOUS" in text and "single pair: ambiguous without a prior" in text
    assert pair.ambiguous
    diagnostics = pair.frame("diagnostics").set_index("name")
    assert not diagnostics.loc["ambiguity", "ok"]
    assert diagnostics.loc["closure", "ok"] and diagnostics.loc["closure", "value"] < 0.2


def test_frames_are_tidy_and_carry_the_group(groups):
    halo, _, result = groups
    for name in FRAMES:
        frame = result.frame(name)
        assert frame.columns[0] == "group" and set(frame["group"]) <= {"a", "b"}
        assert frame.columns.is_unique
    mass = result.frame("mass")
    assert len(mass) == 20
    np.testing.assert_allclose(mass["mass_change_pct"][:10], isocon.fit(halo.data).mass_change_pct, atol=1e-5)
    assert np.all((mass["lo95_pct"] < mass["mass_change_pct"]) & (mass["mass_change_pct"] < mass["hi95_pct"]))
    np.testing.assert_allclose(1 + mass["volume_change_pct"] / 100, mass["mass_ratio"] * 2.9 / 2.6)
    with pytest.raises(ValueError, match="unknown frame"):
        result.frame("masses")


def test_modes_are_counted_when_more_than_one_element_supports_them(groups):
    group = groups[2].groups["a"]
    modes = group.frame("modes")
    assert set(modes["source"]) == {"sparse", "em"}
    own = modes[modes["source"] == "sparse"].drop_duplicates("mode")
    assert (own["supported"] == (own["effective_number"] >= 1.5)).all() and not own["supported"].all()
    assert group.n_modes == own["supported"].sum() == sum(mode.supported for mode in group.sparse.modes) >= 1


def test_profile_is_that_of_the_sample_with_the_largest_mass_change(groups):
    for group in groups[2].groups.values():
        largest = group.data.samples[int(np.argmax(np.abs(group.fit.mass_change_pct)))]
        assert set(group.frame("profile")["sample"]) == {largest}


def test_sparse_solution_is_found_once(groups, monkeypatch):
    from lib.isocon import analysis, em, sparse

    calls = []

    def counted(data, **options):
        calls.append(options)
        return sparse.fit_sparse(data, **options)

    monkeypatch.setattr(analysis, "fit_sparse", counted)
    monkeypatch.setattr(em, "fit_sparse", counted)
    data = groups[2].groups["a"].data
    one = analysis.analyse_group(data, np.random.default_rng(1), method="convex", n_bootstrap=0)
    assert len(calls) == 1
    assert one.sparse.method == "sparse" and one.fit.method == "convex"
    calls.clear()
    one = analysis.analyse_group(data, np.random.default_rng(1), n_bootstrap=0)
    assert not calls and one.sparse is one.fit


def test_a_sample_without_density_has_no_volume_change(groups, tmp_path):
    halo = groups[0]
    path = write(tmp_path / "t.csv", halo)
    path.write_text(path.read_text().replace(f"s3a,altered,a,{halo.data.position[2]:.4f},2.6,",
                                             f"s3a,altered,a,{halo.data.position[2]:.4f},,"))  # fmt: skip
    mass = isocon.analyse(tables.read(path, "02_alteration_isocon"), groups=["a"], n_bootstrap=0).frame("mass")
    columns = ["volume_change_pct", "volume_lo95_pct", "volume_hi95_pct"]
    assert mass.loc[2, columns].isna().all() and mass[columns].drop(index=2).notna().all().all()
    np.testing.assert_allclose(mass["mass_change_pct"], groups[2].groups["a"].fit.mass_change_pct)


def test_gains_close_on_the_mass_change(groups):
    """sum of gains in wt% of the original mass = mass change, up to the noise of the totals."""
    _, _, result = groups
    gains = result.frame("gains")
    total = gains.groupby(["group", "sample"])["gain_wt"].sum()
    mass = result.frame("mass").set_index(["group", "sample"])["mass_change_pct"]
    # sum c0 (1 + tau) = mu sum c_A exactly; the totals of rocks with 5 % noise differ from 100 by about 3
    np.testing.assert_allclose(total.reindex(mass.index), mass, atol=15)
    kept = gains["kind"] == "value"
    assert np.all(gains["lo95_pct"][kept] < gains["hi95_pct"][kept])


def test_equal_groups_differ_only_by_their_random_stream(groups):
    _, table, result = groups
    one, two = (result.frame("mass").query("group == @g").reset_index(drop=True) for g in "ab")
    np.testing.assert_array_equal(one["m"], two["m"])
    assert not np.array_equal(one["bootstrap_lo95_pct"], two["bootstrap_lo95_pct"])
    again = isocon.analyse(table, n_bootstrap=20, seed=4)
    np.testing.assert_array_equal(again.frame("mass")["bootstrap_lo95_pct"], result.frame("mass")["bootstrap_lo95_pct"])


def test_results_can_be_pickled(groups):
    copy = pickle.loads(pickle.dumps(groups[2]))
    assert copy.frame("mass").equals(groups[2].frame("mass"))


@pytest.mark.parametrize("method", ["em", "convex", "cellwise", "spatial", "geometric median"])
def test_every_method_goes_through(groups, method):
    result = isocon.analyse(groups[1], groups=["a"], method=method, n_bootstrap=0, priors="suggested")
    assert result.groups["a"].fit.method == method
    assert np.isfinite(result.frame("mass")["mass_change_pct"]).all()
    assert not result.frame("diagnostics").set_index("name").loc["bootstrap_spread", "ok"]


def test_priors_answer_for_a_single_pair_only_where_they_are_used():
    table = tables.read(GRANT, "02_alteration_isocon")
    warned = {
        (method, priors): "single pair: ambiguous" in "\n".join(
            isocon.analyse(table, method=method, priors=priors, n_bootstrap=0).messages)
        for method in ("sparse", "em") for priors in (None, "suggested")
    }  # fmt: skip
    assert warned == {("sparse", None): True, ("sparse", "suggested"): True, ("em", None): True, ("em", "suggested"): False}


def test_flag_and_headline_diagnostic_agree(pair, groups):
    for group in [*pair.groups.values(), *groups[2].groups.values()]:
        row = group.frame("diagnostics").set_index("name").loc["ambiguity"]
        assert row["ok"] == (not group.ambiguous) and (row["value"] >= row["limit"]) == group.ambiguous


def test_methods_without_modes_are_as_ambiguous_as_the_sparse_fit():
    table = tables.read(GRANT, "02_alteration_isocon")
    group = isocon.analyse(table, method="convex", n_bootstrap=0).groups["all"]
    assert group.sparse.ambiguous and group.fit.ambiguous and group.ambiguous
    text = next(m for m in group.messages if "AMBIGUOUS" in m)
    assert "the isocon of the sparse fit" in text
    assert f"The answer reported here (convex): {', '.join(group.fit.immobile_elements)}" in text
    assert f"(mass change {group.fit.mass_change_pct[0]:+.0f} %)" in text


def test_scale_of_the_mixture_at_its_limit_is_a_warning_and_no_diagnostic(groups):
    from lib.isocon.analysis import analyse_group

    data = groups[2].groups["a"].data.with_errors(0.25)
    frames = analyse_group(data, np.random.default_rng(1), n_bootstrap=0).frames
    assert "em scale at its limit" in set(frames["messages"]["code"])
    assert list(frames["diagnostics"]["name"]) == ["ambiguity", "bootstrap_spread", "closure"]
    assert "em scale at its limit" not in set(groups[2].frame("messages")["code"])


def test_messages_for_thin_data():
    rng = np.random.default_rng(3)
    d = np.array([0, 0, 0, -0.8, -1.2, -1.0, -0.6, -1.5])
    seen = np.exp(d[:, None] + 0.02 * rng.standard_normal((8, 3)))
    names = ["Al2O3", "TiO2", "Fe2O3T", "SiO2", "CaO", "Na2O", "K2O", "MgO"]
    fresh = np.exp(0.4 * rng.standard_normal((4, 8)))
    data = isocon.from_arrays(fresh, seen.T * np.exp(np.log(fresh).mean(axis=0)), elements=names)
    from lib.isocon.analysis import analyse_group

    text = "\n".join(analyse_group(data, rng, n_bootstrap=20).messages)
    assert "only 8 elements vote" in text
    assert "scatter far beyond" in text
    assert "the isocon rests on 3 element(s) (Al2O3, TiO2, Fe2O3T)" in text


def test_when_no_two_elements_agree_there_is_no_isocon(tmp_path):
    columns = ["SiO2_wt", "Al2O3_wt", "CaO_wt", "K2O_wt", "Zr_ppm", "Sr_ppm"]
    rows = ["F,fresh,50,15,9,1,100,300", "A,altered,50,20,4,8,900,30", "B,altered,60,10,3,9,50,60"]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(["sample_id,role," + ",".join(columns), *rows]) + "\n")
    table = tables.read(path, "02_alteration_isocon")
    text = "\n".join(isocon.analyse(table, n_bootstrap=0).messages)
    assert "no two elements agree within their errors" in text and text.count("AMBIGUOUS") == 1
    with pytest.raises(ValueError, match="add distance_m or depth_m"):
        isocon.analyse(table, method="spatial")


def test_unknown_group_is_refused(groups):
    with pytest.raises(ValueError, match=r"group\(s\) z not in the table: a, b"):
        isocon.analyse(groups[1], groups=["z"])
