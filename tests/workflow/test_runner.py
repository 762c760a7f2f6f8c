"""One toy notebook through the one runner: products, failure, rebuild rules, publishing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lib.workflow import build, fingerprint, paths, publish, rendered, results, runner
from lib.workflow.paths import ROOT, UsageError


def cli(*arguments, cwd=ROOT, **environment):
    command = [sys.executable, "-m", "lib.workflow", *arguments]
    return subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True, check=False)


@pytest.fixture
def ran(toy, made, tmp_path):
    """Products of a run of the toy, as if made in this test's own build folder."""
    return Path(shutil.copytree(made, tmp_path / "build" / "full" / "99_toy"))


def test_a_run_leaves_its_products_and_is_then_current(made, ran, toy, tmp_path, monkeypatch):
    names = {path.name for path in ran.iterdir()}
    wanted = {"99_toy.ipynb", "line.png", "line.svg", "line.csv", "results.json", "provenance.json", "stamp.json"}
    assert wanted <= names
    assert not [name for name in names if "running" in name or "partial" in name]
    stated = results.load(ran / "results.json")
    assert stated["numbers"][0]["verdict"] == "reproduced"
    assert str(made.parents[2]) not in (ran / "results.json").read_text()
    values = {"mode": "full", "slope": 2.0, "seed": 1, "n_jobs": 1, "data_path": "", "out_dir": ""}
    assert runner.is_current(ran, "99_toy", values)
    assert runner.is_current(ran, "99_toy", values | {"n_jobs": 2})  # how many workers changes no result
    assert not runner.is_current(ran, "99_toy", values | {"slope": 2.5})
    # the header (tool versions) does not count, the text does
    text = toy.read_text()
    toy.write_text(text.replace("display_name: Python 3", "display_name: Python three"))
    assert runner.is_current(ran, "99_toy", values)
    toy.write_text(text.replace("figsize=(3.5, 2.5)", "figsize=(3.5, 2.6)"))
    assert not runner.is_current(ran, "99_toy", values)
    toy.write_text(text)
    (ran / "line.csv").unlink()
    assert not runner.is_current(ran, "99_toy", values)

    # published once; then left alone although the pictures carry other bytes; replaced when a number moves
    monkeypatch.setattr(publish, "FIGURES", tmp_path / "figures")
    (ran / "line.csv").write_text("x_m,y_m\n0,0\n1,2\n")
    first = publish.publish("99_toy", ran)
    assert set(first["changed"]) == {"line.png", "line.csv", "results.json"}
    (ran / "line.csv").write_text("x_m,y_m\n0,0\n1,2.00000000001\n")
    again = publish.publish("99_toy", ran)
    assert again == {"changed": [], "left": [], "drift": []}
    moved = json.loads((ran / "results.json").read_text())
    moved["numbers"][0]["value"] = 2.01
    (ran / "results.json").write_text(results.dump(moved))
    third = publish.publish("99_toy", ran)
    assert third["changed"] == ["results.json"]
    assert third["drift"][0]["name"] == "slope[line]"
    assert json.loads((tmp_path / "build" / "drift.json").read_text())["99_toy"][0]["before"] == 2.0

    # with data absent a stand-in is made: it never replaces nor joins what is published, and what it left is listed
    committed = results.load(tmp_path / "figures" / "99_toy" / "results.json")
    committed["figures"][0]["needs"] = ["far/away.csv"]
    (tmp_path / "figures" / "99_toy" / "results.json").write_text(results.dump(committed))
    before = {path.name: path.read_bytes() for path in (tmp_path / "figures" / "99_toy").iterdir()}
    less = json.loads((ran / "results.json").read_text())
    less["numbers"].append(results.number("stand_in[x]", 5.0, unit="1"))
    less["figures"].append(less["figures"][0] | {"file": "stand_in.png"})
    (ran / "results.json").write_text(results.dump(less))
    (ran / "stand_in.png").write_bytes(b"")
    (ran / "provenance.json").write_text('{"missing": ["far/away.csv"]}')
    (ran / "line.csv").write_text("x_m,y_m\n0,0\n1,3\n")
    fourth = publish.publish("99_toy", ran)
    assert fourth["left"] == ["line.png"]
    assert fourth["changed"] == []
    assert {path.name: path.read_bytes() for path in (tmp_path / "figures" / "99_toy").iterdir()} == before

    # rendered for readers: no folder of this machine, small, outputs kept
    executed = json.loads((ran / "99_toy.ipynb").read_text())
    text = rendered.written("99_toy", executed, source="0" * 64)
    assert str(made.parents[2]) not in text
    assert "image/png" in text
    assert len(text) < rendered.LIMIT


def test_a_failing_cell_is_shown_and_the_earlier_products_stay(ran):
    before = (ran / "results.json").read_bytes()
    with pytest.raises(
        runner.CellFailed, match=r"(?s)cell \d+ failed with ValueError: the line is too steep.*raise ValueError.*failed.ipynb"
    ):
        runner.run("99_toy", {"slope": 9.5}, quiet=True)
    assert (ran / "99_toy.failed.ipynb").is_file()
    assert (ran / "results.json").read_bytes() == before
    assert not (ran / ".partial").exists()


def test_from_another_folder_the_command_line_gives_the_same_numbers_and_exit_codes(toy, made, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    asked = cli("run", "toy", "--out", "results here", "-p", "slope", "2", cwd=elsewhere)
    assert asked.returncode == 0, asked.stderr
    here = json.loads((elsewhere / "results here" / "results.json").read_text())
    assert here["numbers"] == json.loads((made / "results.json").read_text())["numbers"]
    wrong = cli("run", "toy", "-p", "slop", "2")
    assert (wrong.returncode, "did you mean slope" in wrong.stderr) == (2, True)
    assert "Traceback" not in wrong.stderr


def test_plain_papermill_from_any_folder_gives_the_same_numbers(made, toy, tmp_path):
    elsewhere = tmp_path / "somewhere else"
    elsewhere.mkdir()
    for command in (
        ["jupytext", "--to", "ipynb", str(toy), "-o", "toy.ipynb"],
        ["papermill", "toy.ipynb", "done.ipynb", "-p", "seed", "1", "--no-progress-bar"],
    ):
        asked = subprocess.run([sys.executable, "-m", *command], cwd=elsewhere, capture_output=True, text=True, check=False)
        assert asked.returncode == 0, asked.stderr[-2000:]
    found = json.loads((tmp_path / "build" / "lab" / "99_toy" / "results.json").read_text())
    stated = json.loads((made / "results.json").read_text())
    assert found["numbers"] == stated["numbers"]
    assert found["inputs_hash"] == stated["inputs_hash"]
    assert (tmp_path / "build" / "lab" / "99_toy" / "line.png").read_bytes() == (made / "line.png").read_bytes()


def test_the_check_of_nothing_to_do_imports_nothing_heavy(toy):
    code = (
        "import sys, pathlib\nfrom lib.workflow import runner\n"
        "runner.is_current(pathlib.Path('x'), '99_toy', {'mode': 'full'})\n"
        "print([n for n in ('numpy', 'pandas', 'matplotlib', 'numba', 'papermill') if n in sys.modules])"
    )
    asked = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert asked.stdout.strip() == "[]"


def test_a_notebook_depends_on_what_it_imports_and_not_on_the_pages(toy):
    toy.write_text(toy.read_text() + "\n# %%\nfrom lib import tasks\n")
    parts = fingerprint.code_parts(toy)
    assert {"lib/tasks.py", "lib/taskstore.py", "lib/workflow/record.py", "requirements.lock"} <= set(parts)
    assert not [name for name in parts if "site" in name or "runner" in name or "page" in name]


def test_out_must_be_a_folder(toy, tmp_path):
    (tmp_path / "taken").write_text("")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(UsageError, match="not a folder"):
            runner.run("99_toy", {}, out=out)


def test_two_builds_take_turns(toy, tmp_path):
    code = (
        "import time\nfrom lib.workflow import build\n"
        "with build.only_one('full'):\n    print(time.time())\n    time.sleep(0.6)\n    print(time.time())\n"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    spans = sorted(tuple(float(line) for line in p.communicate()[0].splitlines() if line[0].isdigit()) for p in both)
    assert spans[0][1] <= spans[1][0]


@pytest.mark.parametrize(("flags", "jobs"), [("", 1), (" -j4 --jobserver-auth=3,4", 4), ("k", 1), ("kj2", 2)])
def test_jobs_follow_make(monkeypatch, flags, jobs):
    monkeypatch.setenv("MAKEFLAGS", flags)
    assert build.jobs_of_make() == jobs


def test_a_lib_of_another_clone_is_refused(toy, tmp_path, monkeypatch):
    from lib.workflow import Run

    other = tmp_path / "other clone"
    other.mkdir()
    (other / "pyproject.toml").write_text('[project]\nname = "solid-earth-compendium"\n')
    monkeypatch.chdir(other)
    with pytest.raises(UsageError, match="imported from"):
        Run.start("99_toy", {})
    assert paths.clone_of(tmp_path) is None
