"""Published tables: their closure, and numbers that others obtained from them."""

import numpy as np
import pytest

from lib import composition as comp
from lib import tables

HONGITE = "sediment/Hongite.rda"


def parts(name):
    table = tables.read(tables.Source.embedded("03_sediment_unmixing", name))
    return table, table.frame[[column for column in table.frame if column.endswith("_pct")]].to_numpy()


def test_rows_of_the_embedded_tables_sum_to_a_hundred():
    arctic, x = parts("arctic_lake")
    assert x.shape == (39, 3)
    np.testing.assert_allclose(x.sum(axis=1), 100, atol=0.1001)  # three numbers with one decimal
    assert arctic.frame["reference"].str.contains("Coakley and Rust 1968").all()
    kongite, y = parts("kongite")
    assert y.shape == (25, 5) and kongite.artificial
    np.testing.assert_allclose(y.sum(axis=1), 100, atol=1e-9)


def test_arctic_lake_gives_the_printed_regression_on_depth():
    """Vignette of the R package compos (D. Firth), Arctic lake example, after eq. 7.51 of Aitchison (1986): three decimals."""
    table, x = parts("arctic_lake")
    design = np.column_stack([np.ones(39), np.log(table.frame["depth_m"])])
    found = np.linalg.lstsq(design, comp.alr(x), rcond=None)[0]
    np.testing.assert_allclose(found, [[9.699, 4.805], [-2.743, -1.096]], atol=5e-4)
    # with the two misprints of the textbook the first number would be 9.697: the corrections are seen
    misprinted = x.copy()
    misprinted[3, 0], misprinted[23, 1] = 52.2, 54.7
    assert np.linalg.lstsq(design, comp.alr(misprinted), rcond=None)[0][0, 0] == pytest.approx(9.697, abs=5e-4)


def test_depth_orders_the_grain_sizes_of_the_lake():
    """The one trend of these data: deeper is finer, and it holds nearly all the variance."""
    table, x = parts("arctic_lake")
    directions, _, share = comp.principal_directions(x, 1)
    score = comp.clr(x) @ directions[0]
    assert directions[0, 0] > 0 > directions[0, 2]  # sand against clay
    assert share[0] > 0.95
    assert np.corrcoef(score, np.log(table.frame["depth_m"]))[0, 1] < -0.8


@pytest.fixture(scope="module")
def hongite():
    source = tables.locate(HONGITE)
    if source is None:
        pytest.skip("the external table Hongite is not on this machine")
    import rdata

    # stored in single precision: one decimal is what the textbook prints
    return np.round(np.asarray(rdata.read_rda(str(source.path), default_encoding="utf-8")["Hongite"], float), 1)


def test_hongite_agrees_with_scikit_bio_and_the_textbook_algebra(hongite):
    """Numbers computed apart from this code, with scikit-bio and composition_stats; six decimals."""
    exact = {"atol": 6e-7, "rtol": 0}
    np.testing.assert_allclose(comp.clr(hongite[0]), [1.334658, 0.903245, -1.218071, -0.696774, -0.323058], **exact)
    np.testing.assert_allclose(comp.ilr(hongite[0]), [1.492193, 1.428260, -0.578206, -0.264257], **exact)
    by_helmert = comp.ilr(hongite[0], comp.helmert_basis(5))
    np.testing.assert_allclose(by_helmert, [0.305056, 1.908171, 0.897824, 0.361189], **exact)
    _, variances, share = comp.principal_directions(hongite)
    np.testing.assert_allclose(variances, [1.594153, 0.091073, 0.005918, 0.000181], **exact)
    np.testing.assert_allclose(np.cumsum(share)[:3], [0.942547, 0.996394, 0.999893], **exact)
    assert comp.total_variance(hongite) == pytest.approx(1.691324, abs=6e-7)
    np.testing.assert_allclose(100 * comp.centre(hongite), [48.9414, 21.9661, 9.8813, 10.4054, 8.8058], atol=6e-5)
