"""JupyterLab's settings: in the environment, beside what is there, and never half-written."""

import json

import pytest

from lib.workflow import lab
from lib.workflow.paths import UsageError

VIEWERS = "@jupyterlab/docmanager-extension:plugin"


def test_python_files_open_as_notebooks_in_that_environment_only(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    path = lab.install_default_viewer(tmp_path / "env")
    assert path == tmp_path / "env" / "etc" / "jupyter" / "labconfig" / "default_setting_overrides.json"
    assert json.loads(path.read_text())[VIEWERS]["defaultViewers"]["python"] == "Jupytext Notebook"
    assert not (tmp_path / "home").exists()


def test_other_settings_stay_and_a_second_time_writes_nothing(tmp_path):
    path = lab.settings_file(tmp_path)
    path.parent.mkdir(parents=True)
    before = {VIEWERS: {"defaultViewers": {"markdown": "Markdown Preview"}, "autosave": False}, "other": {"a": 1}}
    path.write_text(json.dumps(before))
    lab.install_default_viewer(tmp_path)
    after = json.loads(path.read_text())
    assert after["other"] == {"a": 1}
    assert after[VIEWERS]["autosave"] is False
    assert after[VIEWERS]["defaultViewers"] == {"markdown": "Markdown Preview", "python": "Jupytext Notebook"}
    written = path.stat().st_mtime_ns
    lab.install_default_viewer(tmp_path)
    assert path.stat().st_mtime_ns == written
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("text", ["{half", "[1]"])
def test_a_settings_file_that_cannot_be_read_is_left_alone(tmp_path, text):
    path = lab.settings_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(UsageError, match=r"default_setting_overrides\.json .*repair or remove it"):
        lab.install_default_viewer(tmp_path)
    assert path.read_text() == text


def test_lab_runs_this_environment_on_the_project_with_one_thread_a_kernel(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    command = lab.command(["--no-browser"])
    assert command[1:3] == ["-m", "jupyterlab"]
    assert command[-1] == "--no-browser"
    assert lab.environment()["OMP_NUM_THREADS"] == "1"
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert lab.environment()["OMP_NUM_THREADS"] == "3", "what the reader sets goes first"
