"""Magnetic inversions side by side: python benchmarks/magnetics/run.py [--seeds 1] [--limit 30].

Ours, scikit-learn and alternating directions, and, where they can be imported, choclo, skglm, celer and SimPEG.  The last
three are not in the project's lock; an environment that has them is made of ``peers.lock``, and run from the project's folder:

    .venv/bin/uv venv build/peers
    .venv/bin/uv pip install --python build/peers --require-hashes -r benchmarks/magnetics/peers.lock
    OMP_NUM_THREADS=1 PYTHONPATH=. build/peers/bin/python benchmarks/magnetics/run.py --seeds 5

Times are CPU seconds of one process in one run, compilation excluded.  Paths are compared at equal duality gap: every solver
gets the loosest tolerance of a ladder with which all its models have a relative gap of 1e-4 or less, as measured by one
function.
SimPEG inverts our matrix, so that only regularisation and solver differ; norms as ``(smallness, three gradients)``.
"""

import argparse
import contextlib
import importlib.util
import io
import time
import warnings

import numpy as np
import scipy.linalg as la
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import ElasticNet

from lib import magnetics
from lib.magnetics.duality import best_dual

ALPHA, GAP, NOISE_NT = 0.9, 1e-4, 5.0
GRID = np.logspace(0, -4, 25)[:18]
NORMS = ((1, 2, 2, 2), (0, 1, 1, 1), (1, 1, 1, 1), (0, 2, 2, 2))


def present(name):
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def timed(job):
    """Result and CPU seconds."""
    begun = time.process_time()
    result = job()
    return result, time.process_time() - begun


def kernel():
    """Sensitivity matrix against choclo, every entry."""
    import numba as nb

    made = magnetics.artificial_body("blocks")
    made.sensitivity()
    ours, fast = timed(made.sensitivity)
    print(f"Sensitivity matrix, {ours.shape[0]} x {ours.shape[1]}: ours {fast:.2f} CPU s", end="")
    if not present("choclo"):
        print("; choclo is not installed here")
        return
    from choclo.prism import magnetic_field

    survey, mesh = made.survey, made.mesh
    unit = magnetics.direction(made.inclination_deg, made.declination_deg)
    prisms = np.column_stack([mesh.west, mesh.east, mesh.south, mesh.north, mesh.bottom, mesh.top])

    @nb.njit
    def theirs(stations, prisms, unit):
        out = np.empty((len(prisms), len(stations)))
        for j in range(len(prisms)):
            w, e, s, n, b, t = prisms[j]
            for i in range(len(stations)):
                x, y, z = stations[i]
                be, bn, bu = magnetic_field(x, y, z, w, e, s, n, b, t, unit[0], unit[1], unit[2])
                out[j, i] = 1e9 * (be * unit[0] + bn * unit[1] + bu * unit[2])
        return out

    theirs(survey.stations[:2], prisms[:2], unit)
    other, slow = timed(lambda: theirs(survey.stations, prisms, unit))
    worst = (np.abs(ours - other.T).max(axis=0) / np.abs(other.T).max(axis=0)).max()
    print(f", choclo {slow:.2f} ({slow / fast:.1f} times); largest difference {worst:.1e} of the column's largest entry")


def gaps(scaled, data, penalties, models):
    """Relative duality gap and objective of models (in z) by one function for all solvers."""
    free = np.full(scaled.shape[1], np.inf)
    out = []
    for lam, z in zip(penalties, models, strict=True):
        lam1, lam2 = lam * ALPHA, lam * (1 - ALPHA)
        residual = data - scaled @ z
        loss = 0.5 * residual @ residual
        value = loss + lam1 * np.abs(z).sum() + 0.5 * lam2 * z @ z
        dual, _ = best_dual(loss, residual @ (data - residual), scaled.T @ residual, lam1, lam2, -free, free)
        out.append(((value - dual) / value, value))
    return np.array(out).T


def skglm_path(scaled, data, penalties, tol):
    """Warm-started path of skglm."""
    from skglm import ElasticNet as Peer

    peer = Peer(l1_ratio=ALPHA, fit_intercept=False, warm_start=True, tol=tol, max_iter=200, max_epochs=200_000)
    models = []
    for lam in penalties:
        peer.alpha = lam / data.size
        models.append(peer.fit(scaled, data).coef_.copy())
    return models


def celer_path(scaled, data, penalties, tol):
    """Warm-started path of celer."""
    from celer import ElasticNet as Peer

    peer = Peer(l1_ratio=ALPHA, fit_intercept=False, warm_start=True, tol=tol, max_iter=200, max_epochs=200_000)
    models = []
    for lam in penalties:
        peer.alpha = lam / data.size
        models.append(peer.fit(scaled, data).coef_.copy())
    return models


def sklearn_path(scaled, data, penalties, tol):
    """Warm-started path of scikit-learn; its tolerance is a share of the data's square."""
    peer = ElasticNet(l1_ratio=ALPHA, fit_intercept=False, warm_start=True, tol=tol, max_iter=20_000)
    models = []
    for lam in penalties:
        peer.alpha = lam / data.size
        models.append(peer.fit(scaled, data).coef_.copy())
    return models


class Admm:
    """Alternating directions after Utsugi (2019): one Cholesky factor in the space of the data, scaled multipliers."""

    def __init__(self, scaled, data, mu):
        self.scaled, self.data, self.mu = scaled, data, mu
        self.factor = la.cho_factor(scaled @ scaled.T / mu + np.eye(data.size))

    def path(self, penalties, limit_s):
        """Models, each iterated to the wanted gap; None where the time was over."""
        x, y, mu = self.scaled, self.data, self.mu
        s, u = np.zeros(x.shape[1]), np.zeros(x.shape[1])
        correlation, models, begun = x.T @ y, [], time.process_time()
        for lam in penalties:
            lam1, lam2 = lam * ALPHA, lam * (1 - ALPHA)
            while gaps(x, y, [lam], [s])[0][0] > GAP:
                for _ in range(25):
                    b = correlation + mu * (s + u)
                    zeta = (b - x.T @ la.cho_solve(self.factor, x @ b) / mu) / mu
                    s = mu / (mu + lam2) * np.sign(zeta - u) * np.maximum(np.abs(zeta - u) - lam1 / mu, 0)
                    u += s - zeta
                if time.process_time() - begun > limit_s:
                    return models
            models.append(s.copy())
        return models


def paths(body, limit_s):
    """Path of 18 penalties, unit columns, no bounds."""
    made = magnetics.artificial_body(body, noise_nt=NOISE_NT, seed=0)
    matrix, data = made.sensitivity(), made.survey.anomaly_nt
    weights = magnetics.column_weights(matrix, 1.0)
    scaled = np.asfortranarray(matrix / weights)
    penalties = np.abs(scaled.T @ data).max() / ALPHA * GRID
    print(f"\nPath of {len(penalties)} penalties, {body}, alpha {ALPHA}, p = 1, no bounds: CPU s, largest gap, last objective")

    def line(name, seconds, models, note=""):
        if len(models) < len(penalties):
            print(f"  {name:58}{seconds:8.2f}   {len(models)} of {len(penalties)} penalties within the time allowed")
            return
        gap, value = gaps(scaled, data, penalties, models)
        print(f"  {name:58}{seconds:8.2f}   {gap.max():.1e}   {value[-1]:.1f}   {note}")

    magnetics.elastic_net_path(matrix[:, :50], data, weights=weights[:50], n_penalties=2)
    options = {"alpha": ALPHA, "weights": weights, "penalties": penalties, "tolerance": GAP}
    for name, bounds in (("ours", {}), ("ours, 0 to 5 A/m (gap by our own certificate)", {"lower": 0.0, "upper": 5.0})):
        path, seconds = timed(lambda bounds=bounds: magnetics.elastic_net_path(matrix, data, **options, **bounds))
        if bounds:
            print(f"  {name:58}{seconds:8.2f}   {path.relative_gap.max():.1e}   {path.objective[-1]:.1f}")
        else:
            line(name, seconds, weights * path.models)
    peers = [("scikit-learn", sklearn_path, 10.0 ** -np.arange(2.5, 8, 0.5))]
    if present("skglm"):
        skglm_path(scaled[:, :50], data, penalties[:2], 1.0)
        peers.append(("skglm", skglm_path, 10.0 ** -np.arange(1.5, 7, 0.5)))
    if present("celer"):
        celer_path(scaled[:, :50], data, penalties[:2], 1.0)
        peers.append(("celer", celer_path, 10.0 ** -np.arange(2.5, 8, 0.5)))
    for name, job, ladder in peers:
        for tol in ladder:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                models, seconds = timed(lambda job=job, tol=tol: job(scaled, data, penalties, tol))
            reached = gaps(scaled, data, penalties, models)[0].max()
            if reached <= GAP or seconds > limit_s:
                break
        line(f"{name}, tolerance {tol:g}", seconds, models, "" if reached <= GAP else "(gap not reached in the time allowed)")
    for mu in (1.0, 100.0, 1000.0):
        admm, setup = timed(lambda mu=mu: Admm(scaled, data, mu))
        models, seconds = timed(lambda admm=admm: admm.path(penalties, limit_s))
        line(f"alternating directions, mu = {mu:g}", setup + seconds, models)


def simpeg_model(made, matrix, norms):
    """Sparse-norm inversion of SimPEG with positivity and sensitivity weights, on our matrix."""
    import discretize
    from simpeg import data as simpeg_data
    from simpeg import data_misfit, directives, inverse_problem, inversion, maps, optimization, regularization, simulation

    class Linear(simulation.LinearSimulation):
        """Linear simulation that tells its sensitivities."""

        def getJtJdiag(self, m, W=None, f=None):
            """Squared lengths of the weighted columns."""
            weight = np.ones(len(self.G)) if W is None else W.diagonal()
            return np.einsum("i,ij,ij->j", weight**2, self.G, self.G)

    layers, rows, columns = made.mesh.shape
    mesh = discretize.TensorMesh([np.full(columns, 150.0), np.full(rows, 150.0), np.full(layers, 100.0)])
    order = np.arange(made.mesh.n_cells).reshape(made.mesh.shape)[::-1].ravel()  # their layers count from the bottom
    simulator = Linear(G=np.ascontiguousarray(matrix[:, order]), model_map=maps.IdentityMap(mesh))
    error = np.full(made.survey.n, NOISE_NT)
    measured = simpeg_data.Data(simulator.survey, dobs=made.survey.anomaly_nt, standard_deviation=error)
    misfit = data_misfit.L2DataMisfit(data=measured, simulation=simulator)
    term = regularization.Sparse(mesh, mapping=maps.IdentityMap(nP=mesh.nC), gradient_type="total")
    term.norms = list(norms)
    search = optimization.ProjectedGNCG(maxIter=100, lower=0.0, upper=np.inf, maxIterLS=20, cg_maxiter=20, cg_rtol=1e-3)
    steps = [
        directives.UpdateSensitivityWeights(every_iteration=False),
        directives.UpdateIRLS(f_min_change=1e-3, max_irls_iterations=40, cooling_factor=1.5, misfit_tolerance=1e-2),
        directives.BetaEstimate_ByEig(beta0_ratio=10.0),
        directives.UpdatePreconditioner(),
    ]
    problem = inverse_problem.BaseInvProblem(misfit, term, search)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = inversion.BaseInversion(problem, steps).run(np.full(mesh.nC, 1e-4))
    model = np.empty_like(found)
    model[order] = found
    return model


def recovery(seeds):
    """Correlation with the truth and depth of the centroid, by body and method; medians over noise seeds."""
    bodies = {"blocks": "three blocks", "dyke": "dyke under an island"}
    for body, words in bodies.items():
        rows = {}
        for seed in range(seeds):
            made = magnetics.artificial_body(body, noise_nt=NOISE_NT, seed=seed)
            matrix, data = made.sensitivity(), made.survey.anomaly_nt

            def path(exponent, matrix=matrix, data=data):
                options = {"exponent": exponent, "lower": 0.0, "tolerance": 1e-3, "stop_rms_nt": 1.02 * NOISE_NT}
                return magnetics.elastic_net_path(matrix, data, **options).models[-1]

            jobs = {f"ours, L1-L2, p = {p:g}, positive": lambda p=p, path=path: path(p) for p in (1.0, 0.75, 0.5)}
            jobs["ours, compact"] = lambda m=made, k=matrix, d=data: magnetics.compact_inversion(k, d, m.mesh, NOISE_NT).model
            if present("simpeg"):
                jobs |= {f"SimPEG, norms {n}, positive": lambda n=n, m=made, k=matrix: simpeg_model(m, k, n) for n in NORMS}
            for name, job in jobs.items():
                model, seconds = timed(job)
                marks = magnetics.score(model, made.truth, made.mesh)
                deeper = marks["centroid_depth_m"] - marks["true_centroid_depth_m"]
                rms = np.sqrt(np.mean((matrix @ model - data) ** 2))
                rows.setdefault(name, []).append((marks["corr_truth"], deeper, marks["iou"], marks["rmse_am"], rms, seconds))
        print(f"\nRecovery of the {words}, {NOISE_NT:g} nT, medians of {seeds} noise seeds (range of the correlation)")
        print(f"  {'':40}{'correlation':>24}{'deeper m':>10}{'IoU':>7}{'rmse A/m':>10}{'rms nT':>8}{'CPU s':>8}")
        for name, found in rows.items():
            corr, deeper, iou, rmse, rms, seconds = np.median(found, axis=0)
            ends = np.array(found)[:, 0]
            spread = f"({ends.min():.3f}-{ends.max():.3f})"
            print(f"  {name:40}{corr:9.3f} {spread:14}{deeper:+10.0f}{iou:7.2f}{rmse:10.3f}{rms:8.2f}{seconds:8.2f}")


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=1, help="noise realisations of the recovery")
    parser.add_argument("--limit", type=float, default=10.0, help="CPU seconds after which a solver's path is given up")
    parser.add_argument("--only", choices=("kernel", "paths", "recovery"), help="one table alone")
    options = parser.parse_args()
    for name in ("skglm", "celer", "simpeg"):
        if not present(name):
            print(f"note: {name} is not installed here; benchmarks/magnetics/peers.lock sets up an environment that has it")
    if options.only in (None, "kernel"):
        kernel()
    if options.only in (None, "paths"):
        for body in ("blocks", "dyke"):
            paths(body, options.limit)
    if options.only in (None, "recovery"):
        recovery(options.seeds)


if __name__ == "__main__":
    main()
