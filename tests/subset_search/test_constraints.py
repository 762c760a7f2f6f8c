"""Rules on subsets: what they allow, that nothing allowed is lost when a search is cut down to them, and what they refuse."""

import numpy as np
import pytest

from lib.subset_search import Constraints
from lib.subset_search.listing import Listing

NAMES = ("H2O", "H2O^2", "sqrtH2O", "T", "P", "MgO", "Th", "U")
EVERY = np.arange(1 << len(NAMES), dtype=np.uint64)

RULES = {
    "none": Constraints(min_size=0),
    "hierarchy": Constraints(requires={"H2O^2": ("H2O",), "sqrtH2O": ("H2O", "T")}),
    "groups": Constraints(groups=[("Th", "U"), ("T", "P")], always="MgO"),
    "one of": Constraints(exclusive=[("H2O^2", "sqrtH2O"), ("Th", "U", "P")], forbidden="T"),
    "all": Constraints(["H2O^2"], ["P"], {"H2O^2": "H2O"}, [("Th", "U")], [("H2O^2", "sqrtH2O")], 3, 5),
}


def keeps(rules, names):
    """The rules once more, on sets of names."""
    chosen, largest = set(names), len(NAMES) if rules.max_size is None else rules.max_size
    return (
        rules.min_size <= len(chosen) <= largest
        and chosen >= set(rules.always)
        and not chosen & set(rules.forbidden)
        and all(chosen >= set(needed) for key, needed in rules.requires.items() if key in chosen)
        and all(len(chosen & set(group)) in (0, len(group)) for group in rules.groups)
        and all(len(chosen & set(group)) <= 1 for group in rules.exclusive)
    )


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES)
def test_what_is_allowed_is_what_the_rules_say(rules):
    expected = [keeps(rules, [name for j, name in enumerate(NAMES) if mask >> j & 1]) for mask in EVERY.tolist()]
    assert rules.allowed(EVERY, NAMES).tolist() == expected
    assert sum(expected) > 0


@pytest.mark.parametrize("sizes", [None, 2, (2, 4), (1, 8)])
@pytest.mark.parametrize("rules", [*RULES.values(), None], ids=[*RULES, "no rules"])
def test_a_listing_holds_each_allowed_subset_once_however_it_is_cut(rules, sizes):
    low, high = (0 if rules else 1, 8) if sizes is None else (sizes, sizes) if isinstance(sizes, int) else sizes
    size = np.bitwise_count(EVERY)
    expected = EVERY[(size >= low) & (size <= high) & (True if rules is None else rules.allowed(EVERY, NAMES))]
    if not len(expected):
        with pytest.raises(ValueError, match="no subset"):
            Listing(NAMES, sizes, rules)
        return
    listing = Listing(NAMES, sizes, rules)
    for length in (1 << 20, 7):
        found = np.concatenate([listing.masks(*ends) for ends in listing.stretches(length)])
        assert len(found) == len(expected)
        assert set(found.tolist()) == set(expected.tolist())


def test_groups_and_fixed_columns_shorten_the_search():
    always, units = RULES["all"].reduce(NAMES)
    assert always == 0b11, "H2O comes with its square"
    assert units.tolist() == [0b1000, 0b100000, 0b11000000], "T, MgO, and Th with U; sqrtH2O excludes the square"
    assert Listing([f"x{j}" for j in range(30)], (1, 2)).n_candidates == 30 + 435


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"always": ["H20"]}, "no column is named 'H20': did you mean 'H2O'"),
        ({"always": ["T"], "forbidden": ["T"]}, "both in always and in forbidden"),
        ({"groups": [("T", "P"), ("P", "U")]}, "'P' is in two groups: join"),
        ({"groups": ["T", "P"]}, "expected a list of lists of names"),
        ({"always": ["T", "P"], "exclusive": [("T", "P")]}, "always in, but exclude each other"),
        ({"min_size": 5, "max_size": 4}, "expected 0 <= min_size <= max_size"),
        ({"always": ["H2O^2"], "requires": {"H2O^2": ["H2O"]}, "forbidden": ["H2O"]}, "no subset is allowed, because H2O"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        Constraints(**arguments).reduce(NAMES)


def test_a_search_that_would_never_end_is_refused_with_the_way_out():
    with pytest.raises(ValueError, match="fewer sizes, use constraints, or sample them"):
        Listing([f"x{j}" for j in range(50)])
