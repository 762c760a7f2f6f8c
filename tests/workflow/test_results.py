"""Numbers, verdicts and the file that holds them."""

import json
import math

import numpy as np
import pytest

from lib.workflow import publish, results
from lib.workflow.paths import FIGURES

PAPER = {"source": "Author 2000, Table 1", "tolerance": 0.005}


def stated(**changes):
    base = {"case": "99_toy", "mode": "full", "parameters": {}, "data": [], "numbers": [], "diagnostics": [], "figures": []}
    return base | {"inputs_hash": "0" * 64, "versions": {}} | changes


@pytest.mark.parametrize(
    ("value", "published", "verdict"),
    [
        (1.004, 1.0, "reproduced"),
        (0.995, 1.0, "reproduced"),  # half the last digit, although 1.0 - 0.995 > 0.005 in binary
        (1.006, 1.0, "not reproduced"),
        (None, 1.0, "not run: data not here"),
        (1.0, None, "no published value"),
        (["Al2O3", "TiO2"], ["Al2O3", "TiO2"], "reproduced"),
        (["Al2O3"], ["Al2O3", "TiO2"], "not reproduced"),
        (True, True, "reproduced"),
    ],
)
def test_verdicts(value, published, verdict):
    extra = PAPER if published is not None else {}
    assert results.number("a[b]", value, unit="1", published=published, **extra)["verdict"] == verdict


def test_a_published_value_needs_source_and_tolerance():
    with pytest.raises(ValueError, match="needs its source"):
        results.number("a", 1.0, unit="1", published=1.0)


def test_a_name_that_the_schema_would_refuse_is_refused_when_it_is_stated():
    with pytest.raises(ValueError, match=r"Run\.key"):
        results.number("gain[A[1]]", 1.0, unit="1")


def test_an_unexplained_difference_says_so():
    assert "unexplained" in results.number("a", 2.0, unit="1", published=1.0, **PAPER)["reason"]


def test_plain_values_hold_no_nan_and_no_numpy():
    made = results.plain({"a": np.float64("nan"), "b": np.arange(3), "c": np.bool_(True), "d": (1, math.inf)})
    assert json.dumps(made, allow_nan=False) == '{"a": null, "b": [0, 1, 2], "c": true, "d": [1, null]}'
    with pytest.raises(TypeError, match="got object"):
        results.plain(object())


def test_agreement_follows_the_tier():
    def number(value, tier, spread=None):
        return results.number("a", value, unit="1", tier=tier, uncertainty=spread and {"kind": "bootstrap", "sd": spread})

    assert results.agree(number(1.0 + 1e-6, "solver"), number(1.0, "solver"))
    assert not results.agree(number(1.0 + 1e-4, "solver"), number(1.0, "solver"))
    assert not results.agree(number(1.0 + 1e-6, "float"), number(1.0, "float"))
    assert results.agree(number(1.01, "stochastic", 0.1), number(1.0, "stochastic", 0.1))
    assert not results.agree(number(1.05, "stochastic", 0.1), number(1.0, "stochastic", 0.1))
    assert results.agree(number(1.25, "resampled", 0.1), number(1.0, "resampled", 0.1))
    assert not results.agree(number(1.35, "resampled", 0.1), number(1.0, "resampled", 0.1))


def test_a_changed_verdict_is_never_agreement():
    a = results.number("a", 1.0, unit="1", published=1.0, **PAPER)
    b = results.number("a", 1.0, unit="1")
    assert not results.agree(a, b)


def run_folder(folder, share, wiggle):
    """What a run leaves behind: one number of a particle system, a figure that hangs on it and one that does not."""
    folder.mkdir()
    entry = results.number("share", share, unit="1", tier="resampled", uncertainty={"kind": "standard error", "sd": 0.1})
    figures = [{"file": f"{name}.png", "caption": "a caption long enough", "alt_text": "a text long enough"} for name in "ab"]
    figures[0]["resampled"] = True
    (folder / "results.json").write_text(results.dump(stated(numbers=[entry], figures=figures)), encoding="utf-8")
    (folder / "provenance.json").write_text('{"missing": []}', encoding="utf-8")
    for name, value in (("a", 1.0 + wiggle), ("b", 1.0 + 1e-9 * wiggle)):
        (folder / f"{name}.png").write_bytes(b"the same picture")
        (folder / f"{name}.csv").write_text(f"x\n{value!r}\n", encoding="utf-8")
    return folder


def test_random_choices_that_hang_on_last_digits_change_no_committed_file_until_a_number_moves(tmp_path, monkeypatch):
    monkeypatch.setattr(publish, "FIGURES", tmp_path / "figures")
    monkeypatch.setattr(publish, "build_root", lambda: tmp_path)
    first = publish.publish("99_toy", run_folder(tmp_path / "first", 0.5, 0.0))
    assert set(first["changed"]) == {"a.png", "a.csv", "b.png", "b.csv", "results.json"}
    again = publish.publish("99_toy", run_folder(tmp_path / "again", 0.7, 0.3))
    assert again["changed"] == [] and again["drift"] == []
    moved = publish.publish("99_toy", run_folder(tmp_path / "moved", 0.9, 0.4))
    assert set(moved["changed"]) == {"a.csv", "results.json"}
    assert [entry["name"] for entry in moved["drift"]] == ["share"]


@pytest.mark.parametrize(
    "broken",
    [
        {"numbers": [{"name": "a"}]},
        {"mode": "half"},
        {"figures": [{"file": "a.pdf", "caption": "a caption long enough", "alt_text": "a text long enough"}]},
        {"diagnostics": [{"name": "x", "value": 1, "limit": 2, "ok": "yes", "scope": "headline"}]},
    ],
)
def test_the_schema_refuses(broken):
    with pytest.raises(ValueError, match="breaks its schema"):
        results.dump(stated(**broken))


def test_written_and_read_back(tmp_path):
    entry = results.number("gain_pct[K2O][S1]", 12.5, unit="%", uncertainty={"kind": "bootstrap", "lo95": 10, "hi95": 15})
    made = stated(numbers=[entry])
    (tmp_path / "results.json").write_text(results.dump(made), encoding="utf-8")
    assert results.load(tmp_path / "results.json") == made


@pytest.mark.parametrize("path", sorted(FIGURES.glob("*/results.json")), ids=lambda path: path.parent.name)
def test_every_committed_result_fits_the_schema_and_its_files_are_there(path):
    found = results.load(path)
    assert found["case"] == path.parent.name
    assert found["mode"] == "full"
    for figure in found["figures"]:
        picture = path.parent / figure["file"]
        assert picture.stat().st_size < 260_000, "about 200 kB at most"
        assert picture.with_suffix(".csv").is_file()
    names = [entry["name"] for entry in found["numbers"]]
    assert len(names) == len(set(names))
