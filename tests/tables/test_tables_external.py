"""External tables: mirror, cache, refusal, and a fetch that never raises for want of a network. No test uses the network."""

import hashlib
import json
import subprocess
import sys
import time

import pytest
import requests

from lib import tables
from lib.tables import download, external

CONTENT = b"sample_id,SiO2_wt\na,50\n"
OTHER = b"sample_id,SiO2_wt\na,51\n"


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A registry of two files, an empty cache, no mirror, and no way to the network."""
    lines = [
        f'["lab/{name}.csv"]\nurl = "https://data.example/{name}.csv"\nbytes = {len(CONTENT)}\n'
        f'sha256 = "{hashlib.sha256(CONTENT).hexdigest()}"\nlicence = "CC0-1.0"\ncitation = "Nobody 2000"\n'
        for name in ("one", "two")
    ]
    (tmp_path / "external.toml").write_text("\n".join(lines))
    monkeypatch.setattr(external, "REGISTRY", tmp_path / "external.toml")
    monkeypatch.setenv("COMPENDIUM_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("COMPENDIUM_DATA_MIRROR", raising=False)
    monkeypatch.setattr(download, "_reachable", lambda host: pytest.fail("the network was probed"))
    return tmp_path


def put(folder, name="one", content=CONTENT):
    path = folder / "lab" / f"{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


class Server:
    """Stands in for the download of pooch; remembers what was asked."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __call__(self, url, known_hash, fname, path, downloader):
        self.asked.append(url)
        if isinstance(self.answer, Exception):
            raise self.answer
        if known_hash != "sha256:" + hashlib.sha256(self.answer).hexdigest():
            raise ValueError(f"SHA256 hash of downloaded file ({fname}) does not match the known hash")
        (path / fname).write_bytes(self.answer)


def serve(monkeypatch, answer, reachable=True):
    import pooch

    server = Server(answer)
    probes = []
    monkeypatch.setattr(pooch, "retrieve", server)
    monkeypatch.setattr(download, "_reachable", lambda host: probes.append(host) or reachable)
    server.probes = probes
    return server


def test_nothing_here_gives_none_and_an_unknown_key_an_error_that_lists_the_known(house):
    assert tables.locate("lab/one.csv") is None
    with pytest.raises(
        tables.SchemaError, match=r"'lab/three.csv' is not in data/external.toml; known: lab/one.csv, lab/two.csv"
    ):
        tables.locate("lab/three.csv")


def test_the_mirror_comes_before_the_cache_and_is_relative_to_the_caller(house, monkeypatch):
    cached = put(house / "cache")
    assert tables.locate("lab/one.csv").path == cached
    mirrored = put(house / "mirror")
    monkeypatch.chdir(house)
    monkeypatch.setenv("COMPENDIUM_DATA_MIRROR", "mirror")
    source = tables.locate("lab/one.csv")
    assert source.path == mirrored and source.path.is_absolute()
    assert (source.key, source.licence, source.citation) == ("lab/one.csv", "CC0-1.0", "Nobody 2000")
    assert tables.read(source).sha256 == hashlib.sha256(CONTENT).hexdigest()
    monkeypatch.chdir(house / "mirror")
    assert tables.locate("lab/one.csv").path == cached  # the folder is not there, seen from here


@pytest.mark.parametrize("content, what", [(OTHER, "SHA-256"), (OTHER + b"\n", "size")])
@pytest.mark.parametrize("place", ["mirror", "cache"])
def test_a_file_that_is_not_the_registered_one_is_refused(house, monkeypatch, place, content, what):
    path = put(house / place, content=content)
    monkeypatch.setenv("COMPENDIUM_DATA_MIRROR", str(house / "mirror"))
    with pytest.raises(tables.ExternalDataError) as caught:
        tables.locate("lab/one.csv")
    text = str(caught.value)
    for part in (str(path), f"expected  {what}", f"found     {what}", "report it"):
        assert part in text
    assert ("Delete that file" in text) == (place == "cache") and ("COMPENDIUM_DATA_MIRROR" in text) == (place == "mirror")
    report = tables.fetch(["lab/one.csv"])
    assert "was not used" in report.missing["lab/one.csv"] and path.read_bytes() == content


def test_a_source_of_any_kind_is_described(house):
    put(house / "cache")
    digest = hashlib.sha256(CONTENT).hexdigest()
    here = tables.describe(tables.locate("lab/one.csv"))
    assert (here["key"], here["rows"], here["sha256"], here["licence"]) == ("lab/one.csv", 1, digest, "CC0-1.0")
    assert here["how_made"] == "fetched from https://data.example/one.csv"
    own = tables.describe(tables.Source("one.csv", house / "cache" / "lab" / "one.csv"))
    assert (own["rows"], own["sha256"], own["citation"], own["how_made"]) == (1, digest, "", "")
    grant = tables.describe(tables.Source.embedded("02_alteration_isocon", "grant2005"))
    assert grant["rows"] == 2 and "Grant" in grant["citation"] and set(grant) == set(own)


def test_fetch_downloads_only_what_is_missing_after_one_probe(house, monkeypatch):
    put(house / "cache", "one")
    server = serve(monkeypatch, CONTENT)
    report = tables.fetch()
    assert (report.present, report.fetched, report.missing) == (["lab/one.csv"], ["lab/two.csv"], {})
    assert server.asked == ["https://data.example/two.csv"] and server.probes == ["data.example"]
    assert external.fetch().present == ["lab/one.csv", "lab/two.csv"] and len(server.probes) == 1
    assert "1 here, 1 fetched, 0 missing" in str(report)


def test_no_network_is_one_clear_message_and_is_remembered_for_a_day(house, monkeypatch):
    server = serve(monkeypatch, CONTENT, reachable=False)
    report = tables.fetch()
    assert set(report.missing) == {"lab/one.csv", "lab/two.csv"} and server.asked == []
    assert str(report).count("no network: data.example did not answer") == 1
    assert "missing lab/one.csv, lab/two.csv" in str(report)
    report = tables.fetch()
    assert len(server.probes) == 1 and "not asked again for a day" in str(report)
    memory = house / "cache" / "network.json"
    memory.write_text(json.dumps({"data.example": time.time() - 25 * 3600}))
    tables.fetch()
    assert len(server.probes) == 2
    serve(monkeypatch, CONTENT)
    assert len(tables.fetch(retry=True).fetched) == 2 and not memory.exists()


def test_a_damaged_memory_or_a_cache_that_cannot_be_written_is_no_reason_to_stop(house, monkeypatch):
    serve(monkeypatch, CONTENT, reachable=False)
    (house / "cache").mkdir()
    (house / "cache" / "network.json").write_text("{")
    assert len(tables.fetch().missing) == 2
    (house / "file").write_text("")
    monkeypatch.setenv("COMPENDIUM_CACHE", str(house / "file"))
    assert len(tables.fetch().missing) == 2
    serve(monkeypatch, CONTENT)
    assert all("was not accepted" in why for why in tables.fetch().missing.values())


def test_a_network_that_breaks_half_way_is_not_asked_again(house, monkeypatch):
    server = serve(monkeypatch, requests.ConnectionError("gone"))
    report = tables.fetch()
    assert len(server.asked) == 1 and len(report.missing) == 2
    assert "the network failed on data.example (ConnectionError)" in str(report)


def test_a_wrong_file_from_the_server_is_not_kept(house, monkeypatch):
    server = serve(monkeypatch, OTHER)
    report = tables.fetch()
    assert len(server.asked) == 2 and "does not match the known hash" in report.missing["lab/two.csv"]
    assert tables.locate("lab/one.csv") is None


def test_a_file_that_has_moved_is_named(house, monkeypatch):
    response = requests.Response()
    response.status_code = 404
    serve(monkeypatch, requests.HTTPError(response=response))
    report = tables.fetch(["lab/one.csv"])
    assert "data.example answered 404" in str(report) and "https://data.example/one.csv" in str(report)


def test_a_mirror_that_is_no_folder_is_said(house, monkeypatch):
    put(house / "cache")
    monkeypatch.setenv("COMPENDIUM_DATA_MIRROR", str(house / "nowhere"))
    report = tables.fetch(["lab/one.csv"])
    assert report.present == ["lab/one.csv"] and "nowhere, which is not a folder" in str(report)


def test_the_probe_gives_up_in_time_even_when_the_name_look_up_hangs(monkeypatch):
    import socket

    monkeypatch.setattr(download, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(1) or [])
    for name in ("http_proxy", "https_proxy", "HTTPS_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    start = time.perf_counter()
    assert download._reachable("data.example") is False
    assert time.perf_counter() - start < 0.8  # the look-up alone takes 1 s


def test_locating_a_file_imports_nothing_heavy():
    code = (
        "import sys; from lib.tables import external; external.registry(); external.locate('isocon/soils.csv');"
        "print(sorted({'pandas', 'numpy', 'pooch', 'openpyxl', 'requests'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_public_names_are_there_and_a_wrong_one_is_refused():
    assert all(getattr(tables, name) is not None for name in tables.__all__) and sorted(dir(tables)) == sorted(tables.__all__)
    with pytest.raises(AttributeError, match=r"lib\.tables attribute raed"):
        tables.raed  # noqa: B018
