"""Public functions say what they take, in which unit and shape, what they return and raise (numpydoc)."""

import importlib
import inspect
import pkgutil

import pytest
from numpydoc.validate import validate

import lib

# What is held against a docstring: none at all, no summary, no return, and parameters that are missing, unknown or without
# a type (which states shape and unit; a name that says the rest needs no sentence).
CODES = {"PR01", "PR02", "PR03", "PR04", "RT01", "SS01", "GL08"}
CASES = (
    "lib.discrimination",
    "lib.hydrous_melt",
    "lib.isocon",
    "lib.melting",
    "lib.reactions",
    "lib.serpentinization",
    "lib.unmixing",
)
PUBLIC = (
    *CASES,
    "lib.composition",
    "lib.kinetics",
    "lib.network_selection",
    "lib.plots",
    "lib.sampling",
    "lib.subset_search",
    "lib.tables",
    "lib.tasks",
)


def public():
    for name in PUBLIC:
        module = importlib.import_module(name)
        for member in module.__all__:
            thing = getattr(module, member)
            if inspect.isfunction(thing) or inspect.isclass(thing):
                yield f"{thing.__module__}.{thing.__qualname__}"


@pytest.mark.parametrize("name", sorted(set(public())))
def test_the_public_interface_is_documented(name):
    found = [(code, text) for code, text in validate(name)["errors"] if code in CODES]
    assert not found


def test_every_module_and_function_says_what_it_is_for():
    for module in pkgutil.walk_packages(lib.__path__, "lib."):
        if module.name.endswith("__main__"):
            continue
        loaded = importlib.import_module(module.name)
        assert loaded.__doc__, module.name
        for name, thing in vars(loaded).items():
            if inspect.isfunction(thing) and thing.__module__ == module.name and not name.startswith("_"):
                assert thing.__doc__, f"{module.name}.{name}"
