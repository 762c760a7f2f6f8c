"""What a run states: numbers with verdicts, diagnostics with limits, and the file that holds them."""

from __future__ import annotations

import json
import math
import re
from functools import cache
from pathlib import Path

NAME = re.compile(r"[a-z][a-z0-9_]*(\[[^\[\]]+\])*")  # as in the schema
SCHEMA = Path(__file__).with_name("results.schema.json")
REPRODUCED, NOT_REPRODUCED = "reproduced", "not reproduced"
NO_PUBLISHED, NOT_RUN = "no published value", "not run: data not here"
# How far a number may lie from its committed value before it counts as changed, by the way it was made.
TIERS = {"exact": 0.0, "float": 1e-9, "solver": 1e-5}
# How many stated standard deviations: random numbers are the same everywhere, and last digits change most chains little; but
# particle systems and samplers that start from a fit amplify them, and the outcome is another draw.
SPREADS = {"stochastic": 0.2, "resampled": 3.0}


def plain(value: object) -> object:
    """Turn a value into one that JSON holds: NumPy scalars and arrays unwrapped, NaN and infinities to None, 10 digits."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, dict):
        return {str(name): plain(member) for name, member in value.items()}
    if isinstance(value, float):
        return float(f"{value:.10g}") if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    message = f"a result must be a number, string, boolean, list or None, got {type(value).__name__}"
    raise TypeError(message)


def number(
    name: str,
    value: object,
    *,
    unit: str,
    uncertainty: dict | None = None,
    published: object = None,
    tolerance: float | None = None,
    source: str | None = None,
    reason: str | None = None,
    tier: str | None = None,
) -> dict:
    """Build one entry of ``numbers`` with its verdict.

    Parameters
    ----------
    name : str
        ``quantity[key][key]``.
    value : number, str, bool, list or None
        None states that it could not be computed here because external data are absent.
    unit : str
        "1" for a pure number.
    uncertainty : dict, optional
        ``{"kind": ..., "sd"?: ..., "lo95"?: ..., "hi95"?: ...}``.
    published, tolerance, source : optional
        A value printed in the publication that `source` names (with table or page), and the largest difference that
        still counts as reproduced: its uncertainty or half its last digit. A published value needs both others.
    reason : str, optional
        Why the tolerance is wider, or why a published value is not reproduced.
    tier : {"exact", "float", "solver", "stochastic", "resampled"}, optional
        How closely another machine must agree; by default "exact" for what is not a float, else "solver". "stochastic"
        compares within a fifth of the stated standard deviation, "resampled" (random choices that hang on the last digits:
        particle filters, samplers that start from a fit) within three.

    Raises
    ------
    ValueError
        When a published value lacks source or tolerance, or an uncertainty lacks its kind.
    """
    if not NAME.fullmatch(name):
        message = f"{name!r} is not a name like quantity[key][key]; build it with Run.key, which takes any label"
        raise ValueError(message)
    value, published, uncertainty = plain(value), plain(published), plain(uncertainty)
    if published is not None and (source is None or (tolerance is None and isinstance(published, (int, float)))):
        message = f"{name}: a published value needs its source (with table or page) and a tolerance"
        raise ValueError(message)
    if uncertainty is not None and ("kind" not in uncertainty or not set(uncertainty) <= {"kind", "sd", "lo95", "hi95"}):
        message = f"{name}: an uncertainty is {{'kind': ..., 'sd'?, 'lo95'?, 'hi95'?}}, got {uncertainty}"
        raise ValueError(message)
    if tier is None:
        tier = "solver" if isinstance(value, (float, list)) else "exact"
    if tier not in (*TIERS, *SPREADS):
        message = f"{name}: tier {tier!r} is none of {', '.join((*TIERS, *SPREADS))}"
        raise ValueError(message)
    if published is None:
        verdict = NO_PUBLISHED
    elif value is None:
        verdict = NOT_RUN
    elif isinstance(published, bool) or not isinstance(published, (int, float)):
        verdict = REPRODUCED if value == published else NOT_REPRODUCED
    else:
        # the tolerance is often half a printed digit: a rounding error of the subtraction must not decide
        verdict = REPRODUCED if abs(value - published) <= tolerance * (1 + 1e-9) else NOT_REPRODUCED
    if verdict == NOT_REPRODUCED and reason is None:
        reason = f"unexplained: now {value!r}, published {published!r}"
    entry = {"name": name, "value": value, "unit": unit, "uncertainty": uncertainty, "published": published}
    entry |= {"source": source, "tolerance": tolerance, "verdict": verdict, "tier": tier, "reason": reason}
    return entry


def agree(new: dict, old: dict) -> bool:
    """Whether two entries of the same name state the same number, within the tier of the new one."""
    texts = ("unit", "published", "source", "tolerance", "verdict")
    if any(new.get(key) != old.get(key) for key in texts):
        return False
    allowed = TIERS.get(new["tier"], 1e-5)
    spread = new["uncertainty"] or {}
    width = spread.get("sd") or ((spread.get("hi95") or 0) - (spread.get("lo95") or 0)) / 4
    slack = width * SPREADS.get(new["tier"], 0.0)
    pair = [(new["value"], old["value"])]
    pair += [((new["uncertainty"] or {}).get(key), (old["uncertainty"] or {}).get(key)) for key in ("sd", "lo95", "hi95")]
    return all(close(a, b, allowed, slack) for a, b in pair)


def close(a: object, b: object, relative: float, slack: float = 0.0) -> bool:
    """Whether two plain values agree within a relative tolerance (or an absolute `slack`)."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(close(x, y, relative, slack) for x, y in zip(a, b, strict=True))
    real = (int, float)
    if isinstance(a, real) and isinstance(b, real) and not isinstance(a, bool) and not isinstance(b, bool):
        return abs(a - b) <= max(relative * max(abs(a), abs(b)), slack, 1e-12 if relative else 0.0)
    return a == b


@cache
def _validator():
    import jsonschema

    return jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


def validate(results: dict) -> None:
    """Check a results dictionary against the schema that ships beside this module.

    Raises
    ------
    ValueError
        With the place and the fault of every violation.
    """
    faults = [f"{'/'.join(map(str, e.absolute_path)) or '(top)'}: {e.message}" for e in _validator().iter_errors(results)]
    if faults:
        raise ValueError("results.json breaks its schema:\n" + "\n".join(faults))


def dump(results: dict) -> str:
    """Validate and write as text: stable order, no NaN, one line per entry so that a change shows as a line."""
    validate(results)
    lines = []
    for key, value in results.items():
        if isinstance(value, list) and value:
            body = ",\n".join("  " + json.dumps(entry, ensure_ascii=False, allow_nan=False) for entry in value)
            lines.append(f'"{key}": [\n{body}\n]')
        else:
            lines.append(f'"{key}": {json.dumps(value, ensure_ascii=False, allow_nan=False)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def load(path: Path) -> dict:
    """Read a results file and check it."""
    results = json.loads(path.read_text(encoding="utf-8"))
    validate(results)
    return results
