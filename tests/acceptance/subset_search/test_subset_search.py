"""The exhaustive search at full size: exactness over 2^20 subsets, the same bits everywhere, memory that does not grow."""

import hashlib
import tracemalloc

import numpy as np
import pytest

from lib.subset_search import LinearProblem, exhaustive_search

pytestmark = pytest.mark.acceptance
SEED = int.from_bytes(hashlib.sha256(b"exhaustive search over subsets of columns").digest()[:8])


class Chopped(LinearProblem):
    """Enough chunks for two workers."""

    chunk = 1 << 12


def made(n, p, folds, problem=LinearProblem):
    """A response of four columns, and p - 4 that are correlated with them."""
    rng = np.random.default_rng(SEED + p)
    x = rng.normal(size=(n, p)) @ (np.eye(p) + 0.3 * rng.normal(size=(p, p)))
    return problem(x, x[:, [1, 4, 7, 10]] @ [1.0, -1.0, 0.5, 0.5] + rng.normal(size=n), folds)


@pytest.mark.parametrize("folds", [np.arange(200) % 10, None], ids=["10 folds", "residual sum of squares"])
def test_a_million_subsets_are_exact(folds):
    problem = made(200, 20, folds)
    loss = problem.score(np.arange(1 << 20, dtype=np.uint64)).loss
    rng = np.random.default_rng(SEED)
    for mask in [0, (1 << 20) - 1, *rng.integers(1 << 20, size=300).tolist()]:
        x = np.column_stack([np.ones(200), problem.x[:, [j for j in range(20) if mask >> j & 1]]])
        if folds is None:
            rss = float(np.linalg.lstsq(x, problem.y)[1][0])
            # BIC is a logarithm: compare what is inside it.
            k = mask.bit_count()
            assert np.exp((loss[mask] - 200 - (k + 2) * np.log(200)) / 200) * 200 / (2 * np.pi) == pytest.approx(
                rss, rel=1e-10
            )
            continue
        squared = 0.0
        for f in range(10):
            out = folds == f
            squared += float(((problem.y[out] - x[out] @ np.linalg.lstsq(x[~out], problem.y[~out])[0]) ** 2).sum())
        assert loss[mask] == pytest.approx(squared / 200, rel=1e-10)


def test_serial_loky_and_dask_give_the_same_bits(monkeypatch, tmp_path):
    problem = made(120, 15, np.arange(120) % 10, Chopped)
    for whole in (True, False):
        results = [exhaustive_search(problem, whole=whole), exhaustive_search(problem, whole=whole, n_jobs=2)]
        results.append(exhaustive_search(problem, whole=whole, n_jobs=2, store=tmp_path / str(whole)))
        results.append(exhaustive_search(problem, whole=whole, store=tmp_path / str(whole)))
        monkeypatch.setenv("COMPENDIUM_SCHEDULER", "local")
        results.append(exhaustive_search(problem, whole=whole, n_jobs=2))
        monkeypatch.delenv("COMPENDIUM_SCHEDULER")
        for other in results[1:]:
            for part in ("kept", "counts", "gauge", *(["whole"] if whole else [])):
                for name, value in vars(getattr(results[0], part)).items():
                    np.testing.assert_array_equal(value, getattr(getattr(other, part), name), err_msg=f"{part}.{name}")


def test_memory_does_not_grow_with_the_number_of_subsets():
    problem = made(150, 23, np.arange(150) % 10)
    exhaustive_search(problem, sizes=1)  # what is loaded once does not count
    tracemalloc.start()
    found = exhaustive_search(problem)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.whole is None
    assert found.n_subsets == 2**23 - 1
    assert found.counts_sum
    assert peak < 100e6, "the loss, error and mask of all subsets would take 277 MB"
