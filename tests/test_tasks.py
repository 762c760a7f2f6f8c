"""Tasks: equal numbers everywhere, nothing finished is lost, errors that say what to do."""

import functools
import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from lib import sources
from lib import tasks as tasks_module
from lib.tasks import TaskError, run_tasks, spawn
from lib.taskstore import code_hash, value_hash


def floating(size, power, rng):
    """Sums, products and a BLAS call whose last bits move if order, stream or thread count do."""
    a = rng.normal(size=(size, size))
    return np.array([(a @ a.T).sum(), np.exp(a).mean(), np.linalg.slogdet(a)[1], (np.abs(a) ** power).sum()])


def log_call(folder, number, fail=()):
    """Leave one file a call, so that calls can be counted whatever process makes them."""
    (folder / f"{number}-{time.time_ns()}").touch()
    if number in fail:
        raise ZeroDivisionError(f"number {number} is not wanted")
    return {"square": number**2, "array": np.full(3, number)}


def blas_threads():
    np.ones((4, 4)) @ np.ones((4, 4))
    return [library["num_threads"] for library in threadpool_info()]


def sweep_in_a_task(n):
    return run_tasks(pow_two, [{"x": i} for i in range(n)], n_jobs=2)


def pow_two(x):
    return x * x, os.getpid()


def die(x):
    os.kill(os.getpid(), signal.SIGKILL)


FLOATING = [{"size": 30 + i, "power": 1.5 + 0.1 * i} for i in range(12)]


@pytest.fixture(autouse=True)
def no_cluster(monkeypatch):
    monkeypatch.delenv("COMPENDIUM_SCHEDULER", raising=False)


@pytest.fixture(scope="module")
def cluster():
    from distributed import LocalCluster

    # Threads of this process: quick to start, and two tasks share the process-wide BLAS limit.
    with LocalCluster(n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None) as made:
        yield made


def test_serial_processes_and_cluster_agree_to_the_last_bit(cluster, monkeypatch):
    serial = run_tasks(floating, FLOATING, seed=11)
    processes = run_tasks(floating, FLOATING, seed=11, n_jobs=2)
    monkeypatch.setenv("COMPENDIUM_SCHEDULER", cluster.scheduler_address)
    distributed = run_tasks(floating, FLOATING, seed=11)
    assert np.array(serial).tobytes() == np.array(processes).tobytes() == np.array(distributed).tobytes()


def test_the_word_local_starts_a_cluster_of_processes(monkeypatch):
    monkeypatch.setenv("COMPENDIUM_SCHEDULER", "local")
    results = run_tasks(pow_two, [{"x": i} for i in range(6)], n_jobs=1)
    assert [square for square, _ in results] == [0, 1, 4, 9, 16, 25]
    assert os.getpid() not in {pid for _, pid in results}


def test_a_stream_depends_on_seed_and_position_only():
    results = run_tasks(floating, FLOATING, seed=5)
    shorter = run_tasks(floating, FLOATING[:4], seed=5)
    by_hand = [floating(**task, rng=rng) for task, rng in zip(FLOATING, spawn(5, len(FLOATING)), strict=True)]
    # rtol: by hand BLAS may use several threads, which moves the last digits of the sums
    np.testing.assert_allclose(results, by_hand, rtol=1e-12)
    assert np.array_equal(results[:4], shorter)
    assert not np.array_equal(results, run_tasks(floating, FLOATING, seed=6))


def test_spawn_gives_numpys_own_children_and_leaves_the_parent_alone():
    parent = np.random.SeedSequence(3)
    first, again = spawn(parent, 4), spawn(parent, 4)
    numpys = [np.random.default_rng(child) for child in np.random.SeedSequence(3).spawn(4)]
    draws = [[rng.random() for rng in streams] for streams in (first, again, numpys, spawn(3, 4))]
    assert draws[0] == draws[1] == draws[2] == draws[3]
    assert len(set(draws[0])) == 4


@pytest.mark.parametrize("seed", [-1, 1.5, True, "1"])
def test_a_seed_that_is_not_a_count_is_refused(seed):
    with pytest.raises(ValueError, match="integer of 0 or more"):
        spawn(seed, 2)


def test_libraries_keep_to_one_thread_inside_and_get_their_threads_back():
    np.ones((4, 4)) @ np.ones((4, 4))
    before = [library["num_threads"] for library in threadpool_info()]
    for n_jobs in (1, 2):
        inside = run_tasks(blas_threads, [{}, {}], n_jobs=n_jobs)
        assert inside[0], "no thread pool was seen: the check would be empty"
        assert {count for counts in inside for count in counts} == {1}
    assert [library["num_threads"] for library in threadpool_info()] == before


def test_a_sweep_inside_a_task_stays_in_its_process():
    (inner,) = run_tasks(sweep_in_a_task, [{"n": 3}])
    assert [square for square, _ in inner] == [0, 1, 4]
    assert {pid for _, pid in inner} == {os.getpid()}


def test_finished_tasks_are_read_back_and_new_ones_are_added(tmp_path):
    calls, store = tmp_path / "calls", tmp_path / "store"
    calls.mkdir()
    first = run_tasks(log_call, [{"folder": calls, "number": i} for i in range(3)], store=store)
    longer = run_tasks(log_call, [{"folder": calls, "number": i} for i in range(5)], store=store, n_jobs=2)
    assert len(list(calls.iterdir())) == 5
    assert [r["square"] for r in longer] == [0, 1, 4, 9, 16]
    assert np.array_equal(first[2]["array"], longer[2]["array"])
    assert not list(store.glob(".*"))


def test_another_seed_or_argument_is_another_result(tmp_path):
    run = functools.partial(run_tasks, floating, store=tmp_path)
    run(FLOATING[:2], seed=1)
    run(FLOATING[:2], seed=2)
    run([{**FLOATING[0], "power": 9.0}], seed=1)
    assert len(list(tmp_path.glob("*.pkl"))) == 5


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_file_is_computed_again_with_a_note(tmp_path, damage):
    task = [{"x": 12}]
    run_tasks(pow_two, task, store=tmp_path)
    (file,) = tmp_path.glob("*.pkl")
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]) if damage is None else damage)
    with pytest.warns(UserWarning, match=r"\.pkl is damaged"):
        assert run_tasks(pow_two, task, store=tmp_path)[0][0] == 144
    assert file.read_bytes() == whole


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_failure_waits_for_the_others_and_names_its_arguments(tmp_path, n_jobs):
    calls = tmp_path / "calls"
    calls.mkdir()
    sweep = [{"folder": calls, "number": i, "fail": (1, 3)} for i in range(5)]
    with pytest.raises(TaskError) as caught:
        run_tasks(log_call, sweep, n_jobs=n_jobs, store=tmp_path / "store", label="squares")
    text = str(caught.value)
    assert text.startswith("squares: 2 of 5 tasks failed; the others finished and are stored in")
    assert "number=1" in text and "number=3" in text and "number=2" not in text
    assert "ZeroDivisionError: number 1 is not wanted" in text
    assert [i for i, *_ in caught.value.failures] == [1, 3]
    assert [r and r["square"] for r in caught.value.results] == [0, None, 4, None, 16]
    with pytest.raises(TaskError):
        run_tasks(log_call, sweep, n_jobs=n_jobs, store=tmp_path / "store")
    assert len(list(calls.iterdir())) == 5 + 2


def test_a_worker_that_dies_says_what_to_try(tmp_path):
    with pytest.raises(TaskError, match="smaller n_jobs"):
        run_tasks(die, [{"x": 1}, {"x": 2}], n_jobs=2)


def test_a_sweep_killed_at_once_resumes_with_the_rest(tmp_path):
    (tmp_path / "slow_sweep.py").write_text(
        textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from lib.tasks import run_tasks

        def slow(x, rng):
            with Path("calls").open("a") as file:
                file.write(f"{x}\\n")
            time.sleep(0.1)
            return x + rng.random()

        def main():
            import slow_sweep
            print(run_tasks(slow_sweep.slow, [{"x": x} for x in range(30)], seed=4, store="store"))

        if __name__ == "__main__":
            main()
        """)
    )
    command = [sys.executable, str(tmp_path / "slow_sweep.py")]
    first = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "store").glob("*.pkl"))) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    assert first.wait() == -signal.SIGKILL
    stored = len(list((tmp_path / "store").glob("*.pkl")))
    assert 5 <= stored < 30
    (tmp_path / "calls").unlink()
    rerun = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert len((tmp_path / "calls").read_text().split()) == 30 - stored
    untouched = [x + rng.random() for x, rng in enumerate(spawn(4, 30))]
    assert rerun.stdout.strip() == str(untouched)


def nested_function():
    def inner(x):
        return x

    return inner


@pytest.mark.parametrize("func", [lambda x: x, nested_function(), functools.partial(pow_two, 1)])
@pytest.mark.parametrize("extra", [{"n_jobs": 2}, {"store": "unused"}])
def test_a_function_that_a_worker_cannot_import_is_refused(func, extra, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="move it into a module of lib"):
        run_tasks(func, [{"x": 1}, {"x": 2}], **extra)
    assert not list(tmp_path.iterdir())


def test_a_lambda_will_do_in_this_process():
    assert run_tasks(lambda x: -x, [{"x": 1}, {"x": 2}]) == [-1, -2]


@pytest.mark.parametrize("n_jobs", [0, -2, 1.0, "2", True, None])
def test_a_wrong_number_of_jobs_is_refused(n_jobs):
    with pytest.raises((TypeError, ValueError), match=r"n_jobs = .*-1 for all cores"):
        run_tasks(pow_two, [{"x": 1}], n_jobs=n_jobs)


def test_tasks_must_be_dictionaries_without_a_stream_of_their_own():
    with pytest.raises(TypeError, match="task 1 is 3: expected a dictionary"):
        run_tasks(pow_two, [{"x": 1}, 3])
    with pytest.raises(ValueError, match="task 0 has its own 'rng'"):
        run_tasks(floating, [{"rng": 1}], seed=1)


def test_no_tasks_no_results():
    assert run_tasks(pow_two, [], n_jobs=2) == []


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("COMPENDIUM_SCHEDULER", "nonsense://nowhere:1")
    with pytest.raises(ConnectionError, match=r"COMPENDIUM_SCHEDULER = 'nonsense.*dask scheduler"):
        run_tasks(pow_two, [{"x": 1}])


def test_a_worker_with_other_source_code_is_found_out():
    outcome = tasks_module._call(pow_two, 0, {"x": 2}, None, code="0" * 64)
    assert "restart the workers" in outcome.error


def test_code_hash_follows_what_the_module_imports_but_not_its_comments(tmp_path, monkeypatch):
    package = tmp_path / "quarry"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tool.py").write_text("def edge():\n    return 1\n")
    (package / "apart.py").write_text("A = 1\n")
    (package / "work.py").write_text("from .tool import edge\n\ndef cut(x):\n    return x + edge()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "ROOT", package)
    monkeypatch.setattr(sources, "PACKAGE", "quarry")

    def fresh():
        for name in [n for n in sys.modules if n.partition(".")[0] == "quarry"]:
            del sys.modules[name]
        from quarry.work import cut

        return code_hash(cut)

    start = fresh()
    (package / "tool.py").write_text("# why\ndef edge():\n    return 1  # the edge\n")
    (package / "apart.py").write_text("A = 2\n")
    assert fresh() == start
    (package / "tool.py").write_text("def edge():\n    return 2\n")
    assert fresh() != start


def test_value_hash_knows_content_and_type_in_every_process(tmp_path):
    import pandas as pd

    text = "value_hash({'a': [1.0, None], 'b': pd.DataFrame({'x': np.arange(3.0), 's': ['u', 'v', 'w']})})"
    here = value_hash({"b": pd.DataFrame({"x": np.arange(3.0), "s": ["u", "v", "w"]}), "a": [1.0, None]})
    script = f"import numpy as np, pandas as pd\nfrom lib.taskstore import value_hash\nprint({text})"
    there = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert there.stdout.strip() == here
    distinct = [1, 1.0, True, "1", (1,), [1], np.array([1]), np.array([1.0])]
    assert len({value_hash(v) for v in distinct}) == len(distinct)


@pytest.mark.parametrize(("wish", "shown"), [("0", False), ("1", True), ("", False)])
def test_progress_is_silent_unless_somebody_looks(capsys, monkeypatch, wish, shown):
    monkeypatch.setenv("COMPENDIUM_PROGRESS", wish)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    run_tasks(pow_two, [{"x": 1}], label="powers")
    assert ("powers" in capsys.readouterr().err) == shown
