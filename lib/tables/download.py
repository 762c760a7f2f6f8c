"""Fetching external tables: one probe of the network, pooch, checksums, and a report instead of exceptions."""

from __future__ import annotations

import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from .external import MIRROR_VARIABLE, ExternalDataError, cache_folder, entry, locate, mirror_folder, registry

PROBE_SECONDS = 2.0
REMEMBER_SECONDS = 24 * 3600.0
_TIMEOUT = 15  # seconds without a byte from a host that answered the probe


@dataclass
class FetchReport:
    """What a call of `fetch` found, fetched and missed.

    Parameters
    ----------
    present : list of str
        Keys that were here already.
    fetched : list of str
        Keys that were downloaded and verified.
    missing : dict of str to str
        Key -> why it is not here.
    notes : list of str
        Remarks for the person at the screen.
    """

    present: list = field(default_factory=list)
    fetched: list = field(default_factory=list)
    missing: dict = field(default_factory=dict)
    notes: list = field(default_factory=list)

    def __str__(self) -> str:
        """Return a few lines: counts, notes, and each reason with the files that it keeps away."""
        counts = f"{len(self.present)} here, {len(self.fetched)} fetched, {len(self.missing)} missing"
        reasons = {}
        for key, why in self.missing.items():
            reasons.setdefault(why, []).append(key)
        missing = [f"missing {', '.join(keys)}: {why}" for why, keys in reasons.items()]
        return "\n".join([f"external data: {counts}", *self.notes, *missing])


def fetch(keys=None, *, retry=False) -> FetchReport:
    """Download the external files that are not on this machine.

    Parameters
    ----------
    keys : iterable of str, optional
        Keys of the registry; by default all.
    retry : bool
        True tries again even if the network failed within the last day (``make data``).

    Returns
    -------
    FetchReport
        No network, a wrong checksum or a full disk give an entry in `missing`, never an exception.

    Raises
    ------
    SchemaError
        When a key is not in the registry.
    """
    report = FetchReport()
    wanted = [entry(key) for key in (registry() if keys is None else keys)]
    mirror = mirror_folder()
    if mirror and not mirror.is_dir():
        report.notes.append(f"{MIRROR_VARIABLE} names {mirror}, which is not a folder; it was not used")
    todo = []
    for item in wanted:
        try:
            if locate(item.key) is None:
                todo.append(item)
            else:
                report.present.append(item.key)
        except ExternalDataError as error:
            report.missing[item.key] = str(error)
    if not todo:
        return report
    host = _host(todo[0].url)
    why = "" if retry else _remembered(host)
    if not why and not _reachable(host):
        why = f"no network: {host} did not answer within {PROBE_SECONDS:g} s; `make data` tries again"
        _remember(host)
    for item in todo:
        if not why:
            why = _download(item, report)
        elif item.key not in report.missing:
            report.missing[item.key] = why
    return report


def _download(item, report):
    """Fetch one file; returns a reason when the network is gone, so that the rest is not tried."""
    import pooch
    import requests

    target = cache_folder() / item.key
    host = _host(item.url)
    kind = pooch.DOIDownloader if item.url.startswith("doi:") else pooch.HTTPDownloader
    loader = kind(progressbar=True, timeout=_TIMEOUT)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # pooch writes a temporary file beside the target, verifies it, and renames: never half a file
        pooch.retrieve(item.url, f"sha256:{item.sha256}", fname=target.name, path=target.parent, downloader=loader)
        locate(item.key)
    except (requests.ConnectionError, requests.Timeout) as error:
        reason = f"the network failed on {host} ({type(error).__name__}); `make data` tries again"
        report.missing[item.key] = reason
        _remember(host)
        return reason
    except requests.HTTPError as error:
        code = error.response.status_code if error.response is not None else "an error"
        report.missing[item.key] = f"{host} answered {code} for {item.url}; it may have moved: see data/external.toml"
    except (requests.RequestException, ValueError, OSError) as error:
        report.missing[item.key] = f"what came from {item.url} was not accepted: {error}"
    else:
        report.fetched.append(item.key)
        _memory().unlink(missing_ok=True)  # the network is back
    return ""


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirection: any answer shows that the host is there."""

    def redirect_request(self, *args, **kwargs):
        """Return no new request, which ends in an HTTPError."""


def _host(url):
    """Return the host that a URL or a DOI is asked from."""
    return "doi.org" if url.startswith("doi:") else urlsplit(url).hostname


def _reachable(host):
    """Tell whether a host answers within the time of the probe."""
    answer = []

    def probe():
        request = urllib.request.Request(f"https://{host}/", method="HEAD")
        try:
            with urllib.request.build_opener(_StayHere).open(request, timeout=PROBE_SECONDS):
                answer.append(True)
        except urllib.error.HTTPError:
            answer.append(True)  # the host is there; what it says about this page does not matter
        except (OSError, ValueError, http.client.HTTPException):
            answer.append(False)

    # looking up a name can hang far longer than any timeout of the socket, so the wait is limited from outside
    thread = threading.Thread(target=probe, daemon=True)
    thread.start()
    thread.join(PROBE_SECONDS)
    return bool(answer and answer[0])


def _memory() -> Path:
    """Return the file that remembers when the network failed."""
    return cache_folder() / "network.json"


def _remembered(host):
    """Return the reason of a failure within the last day, or an empty string."""
    try:
        failed = float(json.loads(_memory().read_text(encoding="utf-8"))[host])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    age = time.time() - failed
    if not 0 <= age < REMEMBER_SECONDS:
        return ""
    return f"no network: {host} did not answer {age / 3600:.0f} h ago and is not asked again for a day; `make data` tries now"


def _remember(host):
    """Write down that a host did not answer; a cache that cannot be written is no reason to stop."""
    try:
        _memory().parent.mkdir(parents=True, exist_ok=True)
        fresh = _memory().with_suffix(".tmp")
        fresh.write_text(json.dumps({host: time.time()}), encoding="utf-8")
        fresh.replace(_memory())
    except OSError:
        return
