"""The recorder that a notebook holds: parameters and data in, numbers, diagnostics and figures out.

Calls may be repeated in any order, since cells are rerun: the same name replaces, and `Run.finish` may be called again.
"""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time
from importlib import metadata
from pathlib import Path

from lib.workflow import cache, fingerprint, parameters, products, results
from lib.workflow.paths import DATA, ROOT, UsageError, build_root, clone_of, short, write_atomic

VERSIONS = ("numpy", "scipy", "pandas", "numba", "matplotlib", "scikit-learn", "joblib")


class Run:
    """One execution of a case study's notebook. Make it with `Run.start`."""

    def __init__(self, stem: str, values: dict[str, object], out: Path, cache_folder: Path):
        self.stem = stem
        self.parameters = values
        self.out = out
        self.mode = str(values["mode"])
        self.own = bool(values.get("data_path"))
        self._cache = cache_folder
        self._began = time.perf_counter()
        self._numbers: dict[str, dict] = {}
        self._diagnostics: dict[str, dict] = {}
        self._figures: dict[str, dict] = {}
        self._concerned: dict[str, frozenset[str]] = {}
        self._drawn: dict[str, object] = {}
        self._data: dict[str, dict] = {}
        self._missing: dict[str, None] = {}
        self._stands_in = ""

    @classmethod
    def start(cls, stem: str, namespace: dict[str, object]) -> Run:
        """Check parameters and data, print both, and open the record.

        Parameters
        ----------
        stem : str
            The notebook's stem (a kernel cannot know its notebook).
        namespace : dict
            ``globals()`` of the notebook, where the parameters cell has run.

        Raises
        ------
        UsageError
            For parameters out of their declared range, or a ``lib`` that belongs to another clone than the working folder.
        """
        here = clone_of(Path.cwd())
        if here is not None and here != ROOT:
            message = (
                f"this notebook stands in {here}, but `lib` was imported from {ROOT}. "
                "Start JupyterLab with `make lab` in the clone that you work in (its own .venv)."
            )
            raise UsageError(message)
        known = parameters.declared(stem)
        absent = [name for name in known if name not in namespace]
        if absent:
            raise UsageError(f"{stem}: run the parameters cell first; not defined: {', '.join(absent)}")
        values = parameters.effective(stem, {name: namespace[name] for name in known})
        out_dir = str(values.get("out_dir") or "")
        out = Path(out_dir).absolute() if out_dir else build_root() / "lab" / stem
        kept = os.environ.get("COMPENDIUM_CACHE_DIR")
        folder = Path(kept) if kept else (out / ".cache" if out_dir else build_root() / "lab" / ".cache" / stem)
        out.mkdir(parents=True, exist_ok=True)
        run = cls(stem, values, out, folder)
        print(f"{stem} · {run.mode} mode" + (" · own data" if run.own else ""))
        width = max(map(len, known))
        for name, value in values.items():
            if name not in ("out_dir",) and not known[name].is_path:
                print(f"  {name:{width}}  {value!r}  ({known[name].unit}; {known[name].meaning})")
        return run

    # ------------------------------------------------------------------ data

    def data(self, key: str):
        """Find a table: the reader's own (when ``data_path`` is set), an embedded one, or an external data set.

        Parameters
        ----------
        key : str
            ``"grant2005"`` for ``data/<stem>/grant2005.csv``; ``"isocon/soils.csv"`` for an entry of ``data/external.toml``.

        Returns
        -------
        lib.tables.Source or None
            What `lib.tables.read` takes; None when an external data set is not on this machine (which the run records).
        """
        from lib import tables

        if self.own:
            source = tables.Source(
                key=Path(str(self.parameters["data_path"])).name,
                path=Path(str(self.parameters["data_path"])),
                schema=DATA / self.stem / "input.toml",
                descriptor=None,
            )
        elif "/" in key:
            source = fingerprint.here(key)
            if source is None:
                self._missing[key] = None
                print(f"external data set {key} is not here (`make data` fetches it): parts that need it are left out")
                return None
        else:
            source = tables.Source.embedded(self.stem, key)
        self._note_data(source)
        return source

    def _note_data(self, source) -> None:
        from lib import tables

        about = {} if self.own else tables.describe(source)
        entry = {"key": source.key, "sha256": fingerprint.file_sha256(source.path)}
        self._data[source.key] = entry | {key: about.get(key) or None for key in ("rows", "licence", "citation")}

    @property
    def missing(self) -> list[str]:
        """Keys of external data sets that this run asked for and did not find."""
        return list(self._missing)

    # ------------------------------------------------------------------ computing

    def cached(self, func, *args, **kwargs):
        """Call a function of ``lib``, or take its stored result when nothing that it depends on has changed."""
        return cache.cached(self._cache, func, *args, **kwargs)

    def pick(self, full, quick):
        """Choose the size of an artificial experiment: `quick` in quick mode and on own data, which only section B serves."""
        return quick if self.mode == "quick" or self.own else full

    # ------------------------------------------------------------------ stating

    @staticmethod
    def key(quantity: str, *keys: object) -> str:
        """Name of a number, ``quantity[key][key]``; brackets inside a reader's own labels become parentheses."""
        inner = str.maketrans("[]", "()")
        return quantity + "".join(f"[{str(part).translate(inner)}]" for part in keys)

    @staticmethod
    def slugs(names) -> dict[str, str]:
        """Part of a file name for each of a reader's own labels: letters, digits, ``.-_`` only, and no two alike."""
        names = list(names)
        made = {name: re.sub(r"[^\w.-]+", "_", str(name)).strip("._") or "x" for name in names}
        folded = [slug.casefold() for slug in made.values()]
        if len(set(folded)) < len(folded):
            made = {name: f"{position}_{slug}" for position, (name, slug) in enumerate(made.items(), 1)}
        return made

    def stand_in(self, what: str = "") -> None:
        """Say that something takes the place of absent data from here on; without an argument, that this ends.

        Numbers stated meanwhile carry it in their names (``rate[R1]`` becomes ``rate[R1][artificial rocks]``): they are
        never published in place of those of the real data.

        Parameters
        ----------
        what : str
            Such as ``"artificial rocks"``.
        """
        self._stands_in = what

    def number(self, name: str, value: object, *, unit: str, **stated) -> dict:
        """State a number; see `lib.workflow.results.number` for the keywords. The same name replaces."""
        if self._stands_in:
            name = f"{name}[{self._stands_in}]"
        self._numbers[name] = results.number(name, value, unit=unit, **stated)
        return self._numbers[name]

    def diagnostic(self, name: str, value, *, ok: bool, limit=None, scope: str = "headline", on: tuple[str, ...] = ()) -> bool:
        """State a check of the case's own result (``headline``), or one shown failing on purpose (``demonstration``).

        Parameters
        ----------
        name : str
        value, limit : number, str, bool or None
            What was found, and what it was held against.
        ok : bool
        scope : {"headline", "demonstration"}
        on : tuple of str
            Figures that rest on it, and carry a warning when it fails; all figures by default.

        Returns
        -------
        bool
            `ok`, so that the notebook can act on it.
        """
        value, limit = results.plain(value), results.plain(limit)
        self._diagnostics[name] = {"name": name, "value": value, "limit": limit, "ok": bool(ok), "scope": scope}
        self._concerned[name] = frozenset(on)
        return bool(ok)

    def figure(
        self, fig, name: str, *, data, caption: str, alt_text: str, measured=None, needs: tuple[str, ...] = (), resampled=False
    ):
        """Save a figure (PNG, SVG) with the numbers behind it (CSV), and show it.

        Parameters
        ----------
        fig : matplotlib.figure.Figure
        name : str
            Stem of the files.
        data : DataFrame or dict of str to DataFrame
            Every plotted series, tidy, with units in the column names or columns of their own.
        caption, alt_text : str
            What the figure shows; what it looks like, for readers who cannot see it.
        measured : DataFrame, optional
            A series measured in an external table: drawn, and written under ``build/`` only.
        needs : tuple of str
            Keys of external data sets without which the figure shows less than the published one.
        resampled : bool
            Its series hang on random choices that another machine's last digits change: the committed files stay as they are
            until a number or a text of the case changes, or they are deleted.
        """
        import matplotlib.pyplot as plt
        from IPython.display import Image, Markdown, display

        from lib import plots

        if self.mode == "quick":
            plots.watermark(fig, "QUICK MODE: not a result")
        self._warn(fig, name)
        png = products.save(fig, self.out, name)
        write_atomic(self.out / f"{name}.csv", products.table_text(data))
        if measured is not None:
            write_atomic(self.out / f"{name}.measured.csv", products.table_text(measured))
        entry = {"file": f"{name}.png", "caption": " ".join(caption.split()), "alt_text": " ".join(alt_text.split())}
        entry |= {"needs": list(needs)} if needs else {}
        self._figures[name] = entry | ({"resampled": True} if resampled else {})
        self._drawn[name] = fig
        plt.close(fig)
        pixels = int.from_bytes(png[16:20])
        display(
            Image(png, width=min(pixels // 2, 800), alt=entry["alt_text"]),
            Markdown(f"**Figure: {name}.** {entry['caption']}"),
        )

    def _failed(self, figure: str) -> list[str]:
        """Failed headline diagnostics that concern a figure."""
        failed = [name for name, entry in self._diagnostics.items() if not entry["ok"] and entry["scope"] == "headline"]
        return [name for name in failed if not self._concerned[name] or figure in self._concerned[name]]

    def _warn(self, fig, figure: str) -> bool:
        """Draw failed diagnostics on a figure; True when the figure's text has changed."""
        failed = self._failed(figure)
        return products.warning_line(fig, f"failed diagnostics: {', '.join(failed)}" if failed else "")

    # ------------------------------------------------------------------ closing

    def finish(self) -> dict:
        """Check the mandatory diagnostics, mark figures when one failed, write ``results.json``, and print the verdicts."""
        import tomllib

        described = DATA / self.stem / "input.toml"
        mandatory = (
            tomllib.loads(described.read_text(encoding="utf-8")).get("mandatory_diagnostics", [])
            if described.is_file()
            else []
        )
        for name in mandatory:
            if name not in self._diagnostics:
                self.diagnostic(name, None, ok=False, limit="must be stated")
        for name, fig in self._drawn.items():
            if self._warn(fig, name):
                products.save(fig, self.out, name)
        # where results went and how many workers made them differ between machines and change no result
        shown = {
            name: self._shown(name, value) for name, value in self.parameters.items() if name not in ("out_dir", "n_jobs")
        }
        parts = fingerprint.run_parts(self.stem, self.parameters)
        stated = {
            "case": self.stem,
            "mode": self.mode,
            "parameters": shown,
            "data": list(self._data.values()),
            "numbers": list(self._numbers.values()),
            "diagnostics": list(self._diagnostics.values()),
            "figures": list(self._figures.values()),
            # which external data are here differs between machines; `data` says what was used
            "inputs_hash": fingerprint.combine({k: v for k, v in parts.items() if not k.startswith("external/")}),
            "versions": {"python": platform.python_version(), **{name: metadata.version(name) for name in VERSIONS}},
        }
        write_atomic(self.out / "results.json", results.dump(stated))
        self._write_provenance()
        verdicts = [entry["verdict"] for entry in self._numbers.values()]
        print(f"{len(verdicts)} numbers: " + ", ".join(f"{verdicts.count(v)} {v}" for v in dict.fromkeys(verdicts)))
        for entry in self._diagnostics.values():
            if not entry["ok"]:
                print(f"diagnostic failed ({entry['scope']}): {entry['name']} is {entry['value']}, limit {entry['limit']}")
        for key in self._missing:
            print(f"not here: {key}")
        return stated

    def _shown(self, name: str, value: object) -> object:
        """A parameter as it may be published: no folder of this machine."""
        return Path(value).name if name.endswith("_path") and value else results.plain(value)

    def _write_provenance(self) -> None:
        peak = None
        if sys.platform != "win32":
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)
        facts = {
            "seconds": round(time.perf_counter() - self._began, 1),
            "peak_mb": round(peak) if peak else None,
            "host": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
            "missing": self.missing,
            "out": short(self.out),
        }
        write_atomic(self.out / "provenance.json", json.dumps(facts, indent=1) + "\n")
