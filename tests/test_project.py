"""Promises about the repository as a whole: layout, lock, licences, what may not be in git."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from lib import sources
from lib.workflow import readme, rendered, results
from lib.workflow.paths import FIGURES, NOTEBOOKS, ROOT, stems

LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)", re.MULTILINE)


def lock() -> dict[str, str]:
    return dict(LOCKED.findall((ROOT / "requirements.lock").read_text()))


def tracked() -> list[Path]:
    asked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    return [ROOT / name for name in asked.stdout.split("\0") if name and (ROOT / name).is_file()]


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_every_declared_dependency_with_hashes_and_no_address():
    text = (ROOT / "requirements.lock").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    wanted = {canonical(re.match(r"[A-Za-z0-9._-]+", entry).group()) for entry in declared}
    assert wanted <= {canonical(name) for name in lock()}
    assert len(LOCKED.findall(text)) == len(lock()), "one version a package over systems and Pythons"
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    assert all("--hash=sha256:" in entry for entry in entries)
    assert not re.search(r"https?://|--index|--find-links", text)


def test_conda_users_get_the_same_versions():
    rattler = pytest.importorskip("rattler")
    described = yaml.safe_load((ROOT / "environment.yml").read_text())
    plain = [entry for entry in described["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in described["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-r requirements.lock"]
    specs = {spec.name.normalized: rattler.VersionSpec(spec.version) for spec in map(rattler.MatchSpec, plain)}
    assert set(specs) == {"python", "pip", "make"}
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert python == ">=3.11"
    for version, admitted in [("3.11.0", True), ("3.14.1", True), ("3.10.9", False)]:
        assert specs["python"].matches(rattler.Version(version)) is admitted
    for name, version in lock().items():  # a package that conda itself installs must admit the lock's version
        if canonical(name) in specs:
            assert specs[canonical(name)].matches(rattler.Version(version)), name


def test_only_numbered_text_notebooks_are_sources():
    assert all(path.stem in stems() for path in NOTEBOOKS.glob("*.py"))
    wrong = [path for path in tracked() if path.suffix == ".ipynb" and path.parent != rendered.FOLDER]
    assert not wrong


@pytest.mark.parametrize("stem", stems())
def test_a_notebook_is_narrative_calls_and_plots(stem):
    text = (NOTEBOOKS / f"{stem}.py").read_text(encoding="utf-8")
    assert "name: python3" in text.split("# ---")[1], "an environment's own kernel name would run on one machine only"
    assert "filterwarnings" not in text
    assert "sys.path" not in text
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            assert node.end_lineno - node.lineno < 16, f"{node.name} belongs into lib"
    heads = re.findall(r"^# ## ([A-D])\. ", text, re.MULTILINE)
    assert heads == ["A", "B", "C", "D"]
    assert f'Run.start("{stem}", globals())' in text


CASES = {
    "melting",
    "isocon",
    "unmixing",
    "discrimination",
    "reactions",
    "eos",
    "serpentinization",
    "magnetics",
    "hydrous_melt",
}


def test_imports_only_point_down():
    for path in (ROOT / "lib").rglob("*.py"):
        own = path.relative_to(ROOT / "lib").parts[0].removesuffix(".py")
        used = {name.split(".")[1] for name in sources.imports(path) if "." in name} - {own}
        assert not used & CASES, f"{path}: a module imports a case module; what two cases need moves down"
        assert "workflow" not in used, f"{path}: only notebooks look up to lib.workflow"


def test_modules_hold_one_idea():
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (ROOT / "lib").rglob("*.py")}
    # compiled functions that call each other stay in one file: numba's cache does not see a change in another module
    long = {name: n for name, n in lines.items() if n > (1100 if name.endswith("kernels.py") else 400)}
    assert not long


def test_nothing_of_one_machine_or_of_a_registry_is_tracked():
    words = re.compile(
        r"(?<![\w.])/(?:home|root|work|Users)/[A-Za-z]|files\.pythonhosted|pypi\.org|conda\.anaconda|registry\.npmjs"
    )
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".yml", ".csv", ".json", ".ipynb", ".cff", "") and path != Path(__file__):
            found = words.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{path.relative_to(ROOT)}: {found.group()}"


def test_the_citation_file_parses_and_names_what_is_needed():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "title", "authors", "license", "references"} <= set(cited)
    assert not (ROOT / ".zenodo.json").exists(), "its presence would silently override CITATION.cff"


def test_readme_is_current_up_to_the_minutes():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.BLOCK.search(text).group()
    minutes = dict(re.findall(r"\[(\w+)\]\(notebooks/\w+\.py\) \| ([\d.]+) \|", block))
    assert set(minutes) == set(stems())
    assert readme.filled(text, minutes) == text
    for target in re.findall(r"\]\((?!https?:|#)([^)]+)\)", text):
        assert (ROOT / target).exists(), f"README links to {target}, which is not there"


@pytest.mark.parametrize("stem", stems())
def test_each_published_number_is_reproduced_or_explained(stem):
    stated = results.load(FIGURES / stem / "results.json")
    for entry in stated["numbers"]:
        assert entry["verdict"] != "not run: data not here", f"{entry['name']}: commit results made with all data"
        if entry["verdict"] == "not reproduced":
            assert "unexplained" not in entry["reason"]
