"""Equations of state side by side: python benchmarks/eos/run.py [--states 12] [--likelihoods 20000].

Ours and, where it can be imported, burnman (GPL-2.0-or-later: a peer, never a dependency).  It needs older versions of numpy
and numba than the project's lock; the library of this case runs under both, so that everything is measured in one process.  An
environment that has burnman is made of ``peers.lock``, and run from the project's folder:

    .venv/bin/uv venv --python 3.11 build/peers-eos
    .venv/bin/uv pip install --python build/peers-eos --require-hashes -r benchmarks/eos/peers.lock
    OMP_NUM_THREADS=1 NUMBA_CACHE_DIR=build/peers-eos/numba PYTHONPATH=. build/peers-eos/bin/python benchmarks/eos/run.py

Times are processor seconds on one core, after compiling.  A *state* is density and sound speed at a pressure and a
temperature; the likelihood costs what all its measurements cost, each one a state.
"""

import argparse
import importlib.util
import time

import numpy as np

from lib.eos import AndersonAhrens, VinetThermal, eos_kernels, prem_outer_core, published_set
from lib.eos.inference import EosModel
from lib.eos.measurements import published_measurements

GPA = 1e9
MOLAR_MASS = 55.845e-3
PLACES = np.array([135.75, 200.0, 328.85])  # GPa, of the values of reference


def present(name):
    """Whether a peer can be imported."""
    return importlib.util.find_spec(name) is not None


def seconds(job, repeats=3):
    """Fewest processor seconds of a few runs."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        job()
        times.append(time.process_time() - began)
    return min(times)


def states(n):
    """Pressures (GPa) and temperatures (K) over the outer core."""
    prem = prem_outer_core()["pressure_gpa"].to_numpy()
    return np.linspace(prem[0], prem[-1], n), np.linspace(4000.0, 5400.0, n)


def draws_of(model, n):
    """Parameters from the priors that have a likelihood: where there is no liquid it costs less."""
    rng = np.random.default_rng(6)
    draws = np.column_stack([prior.distribution.rvs(size=n, random_state=rng) for prior in model.prior_list])
    return draws[np.isfinite(model.log_likelihood(draws))]


def ours(n_states, n_likelihoods):
    """Time of one state of ours: {label: seconds}."""
    pressure, temperature = (np.resize(x, 20_000) for x in states(n_states))
    vinet, aa = published_set("kuwayama2020").eos, AndersonAhrens()
    found = {}

    def vinet_states():
        rho = vinet.density(pressure, temperature)
        return rho, vinet.sound_speed(rho, temperature)

    def aa_states():
        rho = aa.density(pressure[:2000], temperature[:2000])
        return rho, aa.sound_speed(rho, temperature[:2000])

    vinet_states()
    found["ours, thermal Vinet: density and sound speed"] = seconds(vinet_states) / 20_000
    found["ours, Anderson & Ahrens: density and sound speed"] = seconds(aa_states) / 2000
    data = published_measurements()
    for shock in ("energy", "latent"):
        model = EosModel(data, shock=shock)
        draws = draws_of(model, n_likelihoods)
        took = seconds(lambda model=model, draws=draws: model.log_likelihood(draws)) / len(draws)
        label = f"ours, likelihood of {len(data)} states, shock temperatures {shock}"
        print(f"  {label}: {took * 1e6:.2f} us, 1e5 in {took * 1e5:.2f} CPU s")
        found[f"{label}, per state"] = took / len(data)
    return found


def mineral(burnman, name, **parameters):
    """A burnman mineral of iron with an equation of state of its own."""
    found = burnman.Mineral()
    found.params = {"equation_of_state": name, "molar_mass": MOLAR_MASS, "n": 1, "P_0": 0.0, "T_0": 1811.0, "name": name}
    found.params |= {"G_0": 0.0, "Gprime_0": 0.0, "F_0": 0.0, "E_0": 0.0, "eta_s_0": 0.0} | parameters
    found.set_method(name)
    return found


def theirs(burnman, n_states):
    """Time of one state of burnman: {label: seconds}."""
    kuwayama = published_set("kuwayama2020").eos
    candidates = {
        "burnman, Anderson & Ahrens: density and sound speed": burnman.minerals.other.liquid_iron(),
        "burnman, Mie-Grueneisen-Debye, third-order Birch-Murnaghan": mineral(
            burnman, "mgd3", V_0=MOLAR_MASS / kuwayama.rho0, K_0=kuwayama.k0_gpa * GPA, Kprime_0=kuwayama.k0_prime,
            Debye_0=300.0, grueneisen_0=kuwayama.gamma0, q_0=kuwayama.b,
        ),
    }  # fmt: skip
    found = {}
    for label, material in candidates.items():

        def job(material=material):
            for p, t in zip(*states(n_states), strict=True):
                material.set_state(p * GPA, t)
                _ = material.density, material.isentropic_bulk_modulus_reuss

        found[label] = seconds(job, repeats=2) / n_states
    return found


def far(a, b):
    """Largest relative difference."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    return float(np.max(np.abs(a - b)) / np.max(np.abs(b)))


def agreement(burnman):
    """Differences from burnman: {label: largest relative difference}."""
    from burnman.eos import birch_murnaghan_4th, bukowinski_electronic, vinet

    found = {}
    aa, peer = AndersonAhrens(), burnman.minerals.other.liquid_iron()
    pairs = []
    for p in PLACES:
        peer.set_state(p * GPA, 5000.0)
        pairs.append((peer.density, peer.v_phi, peer.grueneisen_parameter))  # a liquid: v_phi is Vp, without a warning
    rho = aa.density(PLACES, 5000.0)
    theirs_ = np.array(pairs).T
    found["Anderson & Ahrens, density"] = far(rho, theirs_[0])
    found["Anderson & Ahrens, sound speed"] = far(aa.sound_speed(rho, 5000.0), theirs_[1])
    found["Anderson & Ahrens, Grueneisen parameter"] = far(aa.grueneisen(rho, 5000.0), theirs_[2])

    params = {
        "V_0": MOLAR_MASS / aa.isentrope.rho0,
        "K_0": 109.7e9,
        "Kprime_0": 4.661,
        "Kprime_prime_0": -0.043e-9,
        "P_0": 0.0,
    }
    grid = np.linspace(7200.0, 13600.0, 9)
    volumes = MOLAR_MASS / grid
    bm4 = [birch_murnaghan_4th.pressure_birch_murnaghan_fourth(params["V_0"] / v, params) / GPA for v in volumes]
    found["Birch-Murnaghan, fourth order: pressure"] = far(aa.isentrope.pressure_gpa(grid), bm4)
    bm4 = [birch_murnaghan_4th.bulk_modulus_fourth(v, params) / GPA for v in volumes]
    found["Birch-Murnaghan, fourth order: modulus"] = far(aa.isentrope.bulk_modulus_gpa(grid), bm4)

    metal = VinetThermal(7030.0, 82.1, 5.8, 2.02, 0.63, 0.68e-4, 1.4, 1811.0, form="consistent")
    params = {"V_0": MOLAR_MASS / metal.rho0, "K_0": metal.k0_gpa * GPA, "Kprime_0": metal.k0_prime, "P_0": 0.0}
    found["Vinet: pressure"] = far(
        metal.pressure_gpa(grid, 1811.0), [vinet.vinet(v / params["V_0"], params) / GPA for v in volumes]
    )
    found["Vinet: modulus"] = far(metal.bulk_modulus_gpa(grid, 1811.0), [vinet.bulk_modulus(v, params) / GPA for v in volumes])
    plain, t = metal.replace(e0=0.0), 5000.0
    args = (1811.0, params["V_0"], 6.0 * eos_kernels.GAS_CONSTANT * metal.e0, metal.g)
    electronic = bukowinski_electronic.pressure(t, volumes, *args) / GPA
    found["electronic term, consistent: pressure"] = far(metal.pressure_gpa(grid, t) - plain.pressure_gpa(grid, t), electronic)
    electronic = bukowinski_electronic.KToverV(t, volumes, *args) * volumes / GPA
    found["electronic term, consistent: modulus"] = far(
        metal.bulk_modulus_gpa(grid, t) - plain.bulk_modulus_gpa(grid, t), electronic
    )
    # far above its Debye temperature the vibrational pressure of Mie, Grueneisen and Debye is ours
    debye = mineral(burnman, "mgd3", **params, Debye_0=1.0, grueneisen_0=metal.gamma0, q_0=metal.b)
    rise = [debye.method.pressure(t, v, debye.params) - debye.method.pressure(1811.0, v, debye.params) for v in volumes]
    found["vibrational term: pressure (Debye temperature 1 K)"] = far(
        plain.pressure_gpa(grid, t) - plain.pressure_gpa(grid, 1811.0), np.array(rise) / GPA
    )
    prem = prem_outer_core().iloc[1:-1]  # inside: at the boundaries there are two values
    names = ("pressure", "density", "v_p")
    peer = burnman.seismic.PREM().evaluate(names, prem["depth_km"].to_numpy() * 1e3)
    for name, values, column in zip(
        names, peer, (prem["pressure_gpa"] * GPA, prem["density"], prem["sound_speed"]), strict=True
    ):
        found[f"PREM, {name}"] = far(column, values)
    return found


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--states", type=int, default=12, help="states over the outer core that burnman is timed on")
    parser.add_argument("--likelihoods", type=int, default=20_000, help="likelihoods of ours that are timed")
    options = parser.parse_args()
    print("Time of one state (us), one core")
    found = ours(options.states, options.likelihoods)
    reference = None
    if present("burnman"):
        import burnman

        found |= theirs(burnman, options.states)
        reference = found["burnman, Anderson & Ahrens: density and sound speed"]
    else:
        print("note: burnman is not installed here; benchmarks/eos/peers.lock sets up an environment that has it")
    print(f"  {'':72}{'us a state':>12}{'ratio':>12}")
    for label, took in found.items():
        print(f"  {label:72}{took * 1e6:12,.2f}{(f'{reference / took:,.0f}' if reference else ''):>12}")
    if present("burnman"):
        print("\nLargest relative difference from burnman")
        for label, value in agreement(burnman).items():
            print(f"  {label:72}{value:12.1e}")


if __name__ == "__main__":
    main()
