"""The recorder: cells may be rerun in any order; checks decide rather than decorate; results are kept only while true."""

import json

import pytest

from lib.workflow import Run, cache, products

PARAMETERS = {"data_path": "", "mode": "full", "seed": 1, "n_jobs": 1, "slope": 2.0}
TEXT = {"caption": "A straight line of known slope.", "alt_text": "A line rising to the right."}


@pytest.fixture
def run(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Run.start("99_toy", PARAMETERS | {"out_dir": str(tmp_path / "out")})


@pytest.fixture
def line():
    import matplotlib.pyplot as plt
    import pandas as pd

    fig, ax = plt.subplots(figsize=(2, 2))
    ax.plot([0, 1], [0, 1])
    return fig, pd.DataFrame({"x_m": [0, 1], "y_m": [0.0, 1.0]})


def test_the_same_name_replaces_and_finish_may_be_called_again(run, line):
    run.number("slope[line]", 1.0, unit="1")
    run.number("slope[line]", 2.0, unit="1")
    for _ in range(2):
        run.figure(line[0], "line", data=line[1], **TEXT)
        stated = run.finish()
    assert [entry["value"] for entry in stated["numbers"]] == [2.0]
    assert len(stated["figures"]) == 1
    assert json.loads((run.out / "results.json").read_text())["parameters"] == {
        "data_path": "",
        "mode": "full",
        "seed": 1,
        "slope": 2.0,
    }


def test_numbers_of_a_stand_in_cannot_be_taken_for_those_of_the_real_data(run):
    run.number("rate[R1]", 2.0, unit="1")
    run.stand_in("artificial rocks")
    run.number("rate[R1]", 3.0, unit="1")
    run.stand_in()
    run.number("rate[R2]", 4.0, unit="1")
    stated = {e["name"]: e["value"] for e in run.finish()["numbers"]}
    assert stated == {"rate[R1]": 2.0, "rate[R1][artificial rocks]": 3.0, "rate[R2]": 4.0}


def test_figures_have_the_same_bytes_each_time_and_their_numbers_beside_them(run, line):
    assert products.save(line[0], run.out, "a") == products.save(line[0], run.out, "a")
    run.figure(line[0], "line", data={"a": line[1], "b": line[1]}, measured=line[1], **TEXT)
    rows = (run.out / "line.csv").read_text().splitlines()
    assert not [path for path in run.out.iterdir() if path.name.startswith(".")]
    assert rows[0] == "series,x_m,y_m"
    assert len(rows) == 5
    assert (run.out / "line.measured.csv").is_file()
    with pytest.raises(TypeError, match="numbers behind a figure"):
        run.figure(line[0], "line", data=None, **TEXT)


def test_a_failed_headline_diagnostic_is_drawn_on_figures_made_before_it(run, line):
    run.figure(line[0], "line", data=line[1], **TEXT)
    before = (run.out / "line.png").read_bytes()
    run.diagnostic("shown on purpose", 2.0, ok=False, limit=1.0, scope="demonstration")
    run.finish()
    assert (run.out / "line.png").read_bytes() == before
    run.diagnostic("rhat", 1.4, ok=False, limit=1.01)
    run.finish()
    assert (run.out / "line.png").read_bytes() != before
    assert [text.get_text() for text in line[0].texts] == ["failed diagnostics: rhat"]


def test_quick_mode_is_written_on_the_figure(toy, tmp_path, monkeypatch, line):
    monkeypatch.chdir(tmp_path)
    run = Run.start("99_toy", PARAMETERS | {"mode": "quick", "out_dir": str(tmp_path / "q")})
    assert run.pick(100, 5) == 5
    run.figure(line[0], "line", data=line[1], **TEXT)
    assert "QUICK" in line[0].texts[0].get_text()


def test_without_an_out_folder_results_go_where_make_never_looks(toy, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = Run.start("99_toy", PARAMETERS | {"out_dir": ""})
    assert run.out == tmp_path / "build" / "lab" / "99_toy"


def test_a_cached_call_is_not_repeated_until_content_or_code_changes(tmp_path, monkeypatch):
    import numpy as np

    from lib import tasks

    monkeypatch.setattr(cache, "LOADED", cache._source_state())  # another test run may have begun before an edit
    calls = []
    real = tasks.spawn

    def counted(seed, n):
        calls.append(1)
        return [rng.normal() for rng in real(seed, n)]

    counted.__module__, counted.__qualname__, counted.__name__ = real.__module__, "spawn", "spawn"
    monkeypatch.setattr(tasks, "spawn", counted)
    made = [cache.cached(tmp_path, counted, 1, int(np.arange(n)[-1])) for n in (4, 4, 5)]
    assert made[0] == made[1] == made[2][:3]
    assert len(calls) == 2
    monkeypatch.setattr(cache, "code_hash", lambda func: "a callee has changed")
    cache.cached(tmp_path, counted, 1, 3)
    assert len(calls) == 3
    with pytest.raises(TypeError, match="Move it to lib"):
        cache.cached(tmp_path, lambda: 1)


def test_files_changed_under_a_running_kernel_are_noticed(tmp_path, monkeypatch, capsys):
    from lib.workflow import results

    monkeypatch.setattr(cache, "LOADED", "an older state")
    assert cache.cached(tmp_path, results.plain, 1.0) == 1.0
    assert "Restart the kernel" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_labels_of_a_reader_become_safe_and_distinct_names():
    assert Run.key("gain", "A[1]", "K2O") == "gain[A(1)][K2O]"
    made = Run.slugs(["vein 1/west", "vein 1 west", "Süd", "..", "a:b"])
    assert len(set(made.values())) == 5
    assert not [slug for slug in made.values() if set(slug) & set('/\\:*?"<>| ')]
