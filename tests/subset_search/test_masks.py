"""Listings of subsets: complete, without repeats, in order, and enterable anywhere."""

import itertools
import math

import numpy as np
import pytest

from lib.subset_search import combinations, gray, mask_of, n_subsets, names_of, popcount
from lib.subset_search.masks import gray_rank, members, rank, spread, unrank


def test_the_gray_code_visits_every_subset_once_and_changes_one_column_a_step():
    code = gray(np.arange(1 << 10))
    assert sorted(code.tolist()) == list(range(1 << 10))
    assert set(popcount(code[1:] ^ code[:-1]).tolist()) == {1}
    assert np.array_equal(gray_rank(code), np.arange(1 << 10))
    wide = np.array([2**63 - 1, 2**62 + 12345], np.uint64)
    assert np.array_equal(gray_rank(gray(wide)), wide)


@pytest.mark.parametrize(("p", "k"), [(7, 3), (5, 0), (5, 5), (12, 6), (63, 2), (63, 62)])
def test_combinations_are_those_of_itertools_in_ascending_order(p, k):
    expected = sorted(sum(1 << j for j in chosen) for chosen in itertools.combinations(range(p), k))
    assert combinations(p, k).tolist() == expected


def test_a_stretch_of_combinations_is_a_slice_of_the_whole_list():
    whole = combinations(14, 5)  # longer than the 1024 lanes in which the list is made
    for start, stop in [(0, 1), (3, 1500), (1999, 2002), (2000, 9999), (2002, 2002)]:
        assert np.array_equal(combinations(14, 5, start, stop), whole[start:stop])
    assert int(combinations(60, 30, 10**17, 10**17 + 1)[0]) == unrank(60, 30, 10**17)


def test_rank_and_unrank_are_inverse():
    total = math.comb(40, 9)
    for position in (0, 1, 12345678, total - 1):
        mask = unrank(40, 9, position)
        assert mask.bit_count() == 9
        assert rank(mask) == position
    with pytest.raises(ValueError, match=rf"expected 0 to {total - 1}"):
        unrank(40, 9, total)


def test_counts_of_subsets():
    assert n_subsets(20) == 2**20 - 1
    assert n_subsets(8, (2, 5)) == sum(len(combinations(8, k)) for k in range(2, 6))
    for wrong in [(3, 2), (1, 9), -1, 1.5, "all", (True, 2)]:
        with pytest.raises(ValueError, match="whole numbers between 0 and the number of columns, 8"):
            n_subsets(8, wrong)


def test_names_and_masks_translate_into_each_other():
    names = ["La", "Ce", "Eu", "Th"]
    for mask in range(16):
        assert mask_of(names_of(mask, names), names) == mask
        assert np.flatnonzero(members([mask], 4)[0]).tolist() == [names.index(name) for name in names_of(mask, names)]
    with pytest.raises(ValueError, match="no column is named 'EU': did you mean 'Eu'"):
        mask_of(["La", "EU"], names)
    with pytest.raises(ValueError, match="beyond column 3"):
        names_of(16, names)


def test_blocks_are_put_together_to_masks():
    units = np.array([0b0011, 0b0100, 0b1000], np.uint64)
    assert [f"{mask:04b}" for mask in spread(range(8), units)] == [
        "0000", "0011", "0100", "0111", "1000", "1011", "1100", "1111"
    ]  # fmt: skip


def test_more_columns_than_a_mask_holds_are_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"at most 63 can be searched.*Leave columns out"):
        combinations(64, 2)
