"""The equation of forsterite with its coefficients, and the temperature at which a melt is saturated with olivine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .components import OXIDES, R, ferrous_share, log_fo2_nno, mole_fractions
from .equilibrium import KD, equilibrium_fo, log_quotient, magnesium_partition, partition_from_response, slope_of
from .tabular import MINOR
from .terms import design, parse, temperature_power

#: Steps and tolerance (K) of the iteration when iron's valence, or a term, depends on temperature.
MAX_STEPS, TOLERANCE = 60, 1e-6


@dataclass(frozen=True, eq=False)
class TermModel:
    """y = w0 + w_T T + sum_j w_j phi_j, with y = T ln(X_Fo^2/(X_MgO^2 X_SiO2)).

    Either w_T is one of the fitted coefficients (term "T"), or it is given by the entropy of fusion.

    Parameters
    ----------
    terms : tuple of str
        The terms phi_j.
    intercept : float
        w0 in K.
    coef : array, shape (p,)
        w_j in K per unit of the term (T in K, P in GPa, oxides in mole fractions); times R (8.314) in J/mol.
    error : array, shape (1 + p,)
        One-sigma errors of intercept and coefficients, from the scatter (experiments taken as independent).
    sigma : float
        Residual standard deviation in K.
    n : int
        Experiments.
    lower, upper : dict
        Range of every variable in the calibration: T, P, H2O_wt and the oxides (mole fractions), dilute ones only where a term
        names them.
    centre, inverse : arrays
        Mean of the terms, and inverse of their centred cross-product: for the distance of a new melt.
    largest_leverage : float
        Largest leverage of a calibration experiment.
    fixed_slope : float
        w_T (1) where it was not fitted, else 0.
    """

    terms: tuple[str, ...]
    intercept: float
    coef: np.ndarray
    error: np.ndarray
    sigma: float
    n: int
    lower: dict
    upper: dict
    centre: np.ndarray
    inverse: np.ndarray
    largest_leverage: float
    fixed_slope: float = 0.0

    def predict(self, temperature_k, pressure_gpa, x) -> np.ndarray:
        """Right-hand side of the equation in K, shape (n,), at mole fractions `x`, shape (n, 11)."""
        fitted = design(temperature_k, pressure_gpa, x, self.terms) @ self.coef
        return self.intercept + self.fixed_slope * np.asarray(temperature_k, float) + fitted

    def temperature(self, wt, pressure_gpa, *, fo=None, kd: float = KD, delta_nno: float | None = None) -> np.ndarray:
        """Temperature of equilibrium with olivine.

        Parameters
        ----------
        wt : array-like, shape (n, 11)
            Hydrous melt, mass % of `components.OXIDES`.
        pressure_gpa : float or array-like, shape (n,)
            Pressure in GPa.
        fo : array-like, shape (n,), optional
            X_Fo of the olivine where it is known; without it the olivine that `kd` gives, which makes this the liquidus.
        kd : float
            Kd(Fe-Mg).
        delta_nno : float, optional
            Oxygen fugacity in log units above NNO: iron is then taken apart by `components.ferrous_share` for the exchange;
            without it `kd` is for all iron.

        Returns
        -------
        array, shape (n,)
            K; NaN where the equation has no solution.

        Notes
        -----
        Linear in T, hence T = (w0 + sum w phi) / (ln quotient - w_T) in closed form; iterated where the valence of iron or a
        product of T makes it implicit.
        """
        wt = np.atleast_2d(np.asarray(wt, float))
        x, p = mole_fractions(wt), np.broadcast_to(np.asarray(pressure_gpa, float), len(wt))
        powers = np.array([temperature_power(term) for term in self.terms])
        plain = np.array([term == "T" for term in self.terms], bool)
        implicit = bool((powers[~plain] != 0).any()) or (delta_nno is not None and fo is None)
        slope = self.coef[plain].sum() + self.fixed_slope
        t = np.full(len(wt), 1400.0)
        for _ in range(MAX_STEPS if implicit else 1):
            olivine = fo
            if fo is None:
                share = 1.0 if delta_nno is None else ferrous_share(wt, t, p, log_fo2_nno(t, p, delta_nno))
                olivine = equilibrium_fo(x, kd, share)
            above = self.predict(t, p, x) - slope * t
            below = log_quotient(olivine, x) - slope
            new = np.where(below > 0, above / np.where(below > 0, below, 1.0), np.nan)
            new = np.where(new > 0, new, np.nan)
            done = np.nanmax(np.abs(new - t), initial=0.0) < TOLERANCE
            t = new
            if done:
                break
        return t

    def frame(self) -> pd.DataFrame:
        """One row a term: coefficient in K and J/mol with one-sigma errors, and t = coefficient/error."""
        value = np.concatenate([[self.intercept], self.coef])
        return pd.DataFrame(
            {"term": ["1", *self.terms], "coefficient_k": value, "error_k": self.error, "coefficient_j_mol": R * value,
             "error_j_mol": R * self.error, "t": value / self.error}
        )  # fmt: skip

    def leverage(self, temperature_k, pressure_gpa, x) -> np.ndarray:
        """Leverage of melts in the calibration, shape (n,): above `largest_leverage` they lie outside it."""
        d = design(temperature_k, pressure_gpa, x, self.terms) - self.centre
        return 1 / self.n + np.einsum("ij,jk,ik->i", d, self.inverse, d)

    def outside(self, temperature_k, pressure_gpa, wt) -> pd.DataFrame:
        """How far melts lie outside the calibration.

        Parameters
        ----------
        temperature_k, pressure_gpa : array-like, shape (n,)
            K and GPa.
        wt : array-like, shape (n, 11)
            Hydrous melt in mass %.

        Returns
        -------
        DataFrame
            One row a melt: outside (variables out of range, as text such as ``H2O_wt 9 > 8``, "" when all are inside),
            leverage_ratio (leverage over the largest one of the calibration), extrapolated (bool: either of both).
        """
        wt = np.atleast_2d(np.asarray(wt, float))
        x = mole_fractions(wt)
        t, p = (np.broadcast_to(np.asarray(v, float), len(wt)) for v in (temperature_k, pressure_gpa))
        values = dict(zip(OXIDES, x.T, strict=True)) | {"T": t, "P": p, "H2O_wt": wt[:, -1]}
        texts = []
        for i in range(len(wt)):
            said = []
            for name in self.lower:
                value, low, high = values[name][i], self.lower[name], self.upper[name]
                slack = 1e-9 * max(abs(low), abs(high), 1e-12)
                if value < low - slack or value > high + slack:
                    said.append(f"{name} {value:.4g} {'<' if value < low else '>'} {low if value < low else high:.4g}")
            texts.append("; ".join(said))
        ratio = self.leverage(t, p, x) / self.largest_leverage
        return pd.DataFrame(
            {"outside": texts, "leverage_ratio": ratio, "extrapolated": [bool(s) for s in texts] | (ratio > 1)}
        )


def fit_terms(experiments, terms, rows=None, *, entropy: float | None = None) -> TermModel:
    """Fit the coefficients of given terms by least squares.

    Parameters
    ----------
    experiments : Experiments
        Calibration.
    terms : sequence of str
        See `lib.hydrous_melt.terms.parse`.
    rows : array of int, optional
        Which experiments, with repetition in a bootstrap; default all.
    entropy : float, optional
        Entropy of fusion of forsterite in J/(mol K): then w_T is fixed by it (`lib.hydrous_melt.equilibrium.slope_of`), and
        "T" may not be a term.

    Returns
    -------
    TermModel

    Raises
    ------
    ValueError
        Fewer experiments than coefficients, or terms that are linear functions of each other there.
    """
    terms = tuple(terms)
    if entropy is not None and "T" in terms:
        raise ValueError("the term T and a fixed entropy exclude each other: leave T out of the terms, or entropy at None")
    slope = 0.0 if entropy is None else slope_of(entropy)
    rows = np.arange(len(experiments)) if rows is None else np.asarray(rows)
    phi, y = experiments.design(terms)[rows], (experiments.y - slope * experiments.temperature_k)[rows]
    n, p = phi.shape
    if n <= p + 1:
        raise ValueError(f"{n} experiments for {p + 1} coefficients ({', '.join(terms) or 'intercept'}): use fewer terms")
    centre = phi.mean(axis=0)
    scale = phi.std(axis=0)
    if (scale <= 1e-12 * np.abs(centre)).any():
        constant = [terms[j] for j in np.flatnonzero(scale <= 1e-12 * np.abs(centre))]
        raise ValueError(f"{', '.join(constant)} does not vary in these experiments: leave it out of the terms")
    z = (phi - centre) / scale
    q, r = np.linalg.qr(z)
    if p and np.abs(np.diag(r)).min() < 1e-8 * np.sqrt(n):
        raise ValueError(
            f"the terms {', '.join(terms)} are linear functions of each other in these experiments: leave one out"
        )
    inverse = np.linalg.inv(r)
    coef = inverse @ (q.T @ (y - y.mean())) / scale
    rest = y - y.mean() - (phi - centre) @ coef
    sigma = float(np.sqrt(rest @ rest / (n - p - 1)))
    inverse = (inverse @ inverse.T) / np.outer(scale, scale)
    error = sigma * np.sqrt(np.concatenate([[1 / n + centre @ inverse @ centre], np.diag(inverse)]))
    leverage = 1 / n + np.einsum("ij,jk,ik->i", phi - centre, inverse, phi - centre)
    values = dict(zip(OXIDES, experiments.x[rows].T, strict=True))
    # dilute oxides that no term names do not enter the equation
    values = {k: v for k, v in values.items() if k not in MINOR or k in {f.variable for term in terms for f in parse(term)}}
    values |= {"T": experiments.temperature_k[rows], "P": experiments.pressure_gpa[rows], "H2O_wt": experiments.h2o_wt[rows]}
    return TermModel(
        terms, float(y.mean() - centre @ coef), coef, error, sigma, n, {k: float(v.min()) for k, v in values.items()},
        {k: float(v.max()) for k, v in values.items()}, centre, inverse, float(leverage.max()), slope,
    )  # fmt: skip


def heldout(experiments, terms, folds, *, entropy: float | None = None) -> pd.DataFrame:
    """Predict every experiment from the folds that it is not in.

    Parameters
    ----------
    experiments : Experiments
        All experiments.
    terms : sequence of str
        Terms of the equation.
    folds : array of int, shape (n,), or "loo"
        See `lib.hydrous_melt.schemes.folds_of`.
    entropy : float, optional
        See `fit_terms`.

    Returns
    -------
    DataFrame
        One row an experiment: y_k, y_predicted_k, temperature_k, temperature_predicted_k (at the measured olivine),
        liquidus_predicted_k (at the olivine of Kd 0.30), partition, partition_predicted (molar D of MgO at the measured
        temperature).
    """
    n, x = len(experiments), experiments.x
    plain = all(temperature_power(term) == 0 for term in terms)
    if isinstance(folds, str) and plain:
        y, t, liquidus = _leave_one_out(experiments, terms, entropy)
    else:
        folds = np.arange(n) if isinstance(folds, str) else np.asarray(folds)
        y, t, liquidus = np.full(n, np.nan), np.full(n, np.nan), np.full(n, np.nan)
        for k in np.unique(folds):
            here = folds == k
            model = fit_terms(experiments, terms, np.flatnonzero(~here), entropy=entropy)
            part = experiments.wt[here], experiments.pressure_gpa[here]
            y[here] = model.predict(experiments.temperature_k[here], part[1], x[here])
            t[here] = model.temperature(*part, fo=experiments.fo[here])
            liquidus[here] = model.temperature(*part)
    return pd.DataFrame(
        {"y_k": experiments.y, "y_predicted_k": y, "temperature_k": experiments.temperature_k, "temperature_predicted_k": t,
         "liquidus_predicted_k": liquidus, "partition": magnesium_partition(experiments.fo, x),
         "partition_predicted": partition_from_response(y, experiments.temperature_k, x)}
    )  # fmt: skip


def _leave_one_out(experiments, terms, entropy):
    """The same for one experiment at a time, from one fit: the residual over one minus the leverage; no term in T."""
    model = fit_terms(experiments, terms, entropy=entropy)
    t, x = experiments.temperature_k, experiments.x
    rest = (experiments.y - model.predict(t, experiments.pressure_gpa, x)) / (
        1 - model.leverage(t, experiments.pressure_gpa, x)
    )
    y = experiments.y - rest
    above = y - model.fixed_slope * t
    return (y, *(above / (log_quotient(fo, x) - model.fixed_slope) for fo in (experiments.fo, equilibrium_fo(x))))
