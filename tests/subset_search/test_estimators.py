"""The search behind the interface of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, KFold, ShuffleSplit, cross_val_score
from sklearn.utils.estimator_checks import check_estimator

from lib.subset_search import Constraints, ExhaustiveClassifier, ExhaustiveRegressor, LinearProblem, exhaustive_search

RNG = np.random.default_rng(10)
X = pd.DataFrame(RNG.normal(size=(90, 6)), columns=["H2O", "H2O^2", "T", "P", "MgO", "SiO2"])
Y = (2 * X["H2O"] - X["T"] + RNG.normal(size=90)).to_numpy()
ROCK = np.where(X["MgO"] > 0.4, "granite", np.where(X["SiO2"] > 0, "schist", "gneiss"))


@pytest.mark.parametrize("estimator", [ExhaustiveRegressor(), ExhaustiveClassifier()], ids=["regressor", "classifier"])
def test_estimators_keep_the_conventions_of_scikit_learn(estimator):
    checks = check_estimator(estimator, on_fail=None, on_skip=None)
    failed = [(check["check_name"], check["exception"]) for check in checks if check["status"] == "failed"]
    assert not failed
    assert len(checks) > 50


def test_the_regressor_is_the_search_and_the_fit_of_its_best():
    folds = np.empty(90, int)
    for f, (_, held) in enumerate(KFold(5).split(X)):
        folds[held] = f
    problem = LinearProblem(X, Y, folds, names=X.columns)
    model = ExhaustiveRegressor(cv=5).fit(X, Y)
    best = exhaustive_search(problem).best
    assert tuple(model.get_feature_names_out()) == best.names
    np.testing.assert_array_equal(model.predict(X), problem.fit(best.mask).predict(X))
    np.testing.assert_allclose(model.intercept_ + X.to_numpy() @ model.coef_, model.predict(X))
    assert model.transform(X).shape == (90, best.size)
    assert cross_val_score(model, X, Y, cv=3).mean() > 0.6


def test_the_one_se_rule_takes_the_smallest_subset_that_the_data_do_not_tell_from_the_best():
    model = ExhaustiveRegressor(rule="one_se").fit(X, Y)
    assert set(model.get_feature_names_out()) == {"H2O", "T"}
    near = model.result_.one_se
    assert near["size"].min() == 2
    assert near.loc[near["mask"] == model.mask_, "loss"].item() == near.loc[near["size"] == 2, "loss"].min()


@pytest.mark.parametrize("criterion", ["loo", "bic", "aicc"])
def test_other_criteria_and_constraints_by_column_name(criterion):
    rules = Constraints(requires={"H2O^2": ["H2O"]}, always=["P"])
    model = ExhaustiveRegressor(criterion=criterion, constraints=rules).fit(X, Y)
    assert {"H2O", "T", "P"} <= set(model.get_feature_names_out())
    assert model.result_.criterion == criterion


def test_groups_stay_together_and_rows_are_held_out_once():
    groups = np.repeat(np.arange(15), 6)
    assert ExhaustiveRegressor(cv=GroupKFold(5)).fit(X, Y, groups).result_.counts_sum
    with pytest.raises(ValueError, match="more or less often than once; take a splitter that partitions"):
        ExhaustiveRegressor(cv=ShuffleSplit(3, random_state=0)).fit(X, Y)


def test_the_classifier_finds_the_columns_that_make_the_classes():
    model = ExhaustiveClassifier(rule="one_se", C=100.0).fit(X, ROCK)
    assert set(model.get_feature_names_out()) == {"MgO", "SiO2"}
    assert model.score(X, ROCK) > 0.9
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    assert np.array_equal(model.classes_[probabilities.argmax(axis=1)], model.predict(X))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [({"criterion": "AIC"}, "expected one of cv, loo"), ({"rule": "1se"}, 'expected "best" or "one_se"')],
)
def test_unknown_choices_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        ExhaustiveRegressor(**arguments).fit(X, Y)
