"""Kill -9 at any moment, another number of workers, another directory: the tables are the same to the bit (R-RES, R-PAR)."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest
from command_process import start

from faintsky.core.run import open_run


def finish(*arguments, cwd):
    running = start("run", *arguments, "--quiet", cwd=cwd)
    out, err = running.communicate(timeout=120)
    assert running.returncode == 0, err
    return out


def contents(folder):
    """Every table and every result of a run, by name."""
    files = [*folder.glob("tables/*.ecsv"), *folder.glob("tasks/*/result.h5")]
    return {str(p.relative_to(folder)): p.read_bytes() for p in files}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The study file, what an undisturbed run holds, and how long it takes."""
    from command_process import write_small

    place = tmp_path_factory.mktemp("undisturbed")
    small = write_small(place, "wait = 0.03")
    before = time.monotonic()
    finish(small, "--out", place / "r", "--executor", "serial", cwd=place)
    took = time.monotonic() - before
    found = contents(place / "r")
    assert len(found) == 12  # two tables, ten tasks
    return small, found, took


def done_in(folder):
    return sum('"done"' in p.read_text() for p in folder.glob("tasks/*/status.json"))


def wait_for(number, folder):
    """Until so many tasks are done."""
    deadline = time.monotonic() + 60
    while done_in(folder) < number:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def killed_and_finished(undisturbed, folder, pause):
    """Kill a run after `pause`, finish it, compare; how many tasks the kill had left."""
    small, found, _ = undisturbed
    running = start("run", small, "--out", folder, "--executor", "serial", cwd=folder.parent)
    pause()
    running.kill()
    running.communicate()
    done = done_in(folder)
    finish(small, "--out", folder, "--executor", "serial", cwd=folder.parent)
    assert contents(folder) == found
    shutil.rmtree(folder)
    return done


def test_kill_9_in_the_middle(undisturbed, tmp_path):
    assert 4 <= killed_and_finished(undisturbed, tmp_path / "r", lambda: wait_for(4, tmp_path / "r")) < 10


@pytest.mark.slow
def test_kill_9_at_twenty_random_moments(undisturbed, tmp_path):
    took, chosen = undisturbed[2], random.Random(20)
    moments = [chosen.uniform(0.1, 1.0) * took for _ in range(20)]
    done = [killed_and_finished(undisturbed, tmp_path / "r", lambda m=moment: time.sleep(m)) for moment in moments]
    assert any(0 < number < 10 for number in done)


@pytest.mark.slow
def test_kill_9_of_one_run_again_and_again(undisturbed, tmp_path):
    """The same run, killed until it is done; two workers, whose orphans must not harm the next attempt."""
    small, found, took = undisturbed
    chosen = random.Random(9)
    for _ in range(20):
        running = start("run", small, "--out", tmp_path / "r", "--executor", "loky", cwd=tmp_path)
        time.sleep(chosen.uniform(0.3, 0.9) * took)
        running.kill()
        running.communicate()
    finish(small, "--out", tmp_path / "r", "--executor", "loky", cwd=tmp_path)
    assert contents(tmp_path / "r") == found


def test_other_workers_and_another_working_directory(undisturbed, tmp_path):
    small, found, _ = undisturbed
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "r"
    finish(os.path.relpath(small, tmp_path / "elsewhere"), "--out", "../r", "--executor", "loky", "--workers", "2",
           cwd=tmp_path / "elsewhere")  # fmt: skip
    assert contents(out) == found


def test_a_moved_run_directory_goes_on(undisturbed, tmp_path):
    """Half of the run is done, its directory moves, the rest is done from another working directory."""
    small, found, _ = undisturbed
    running = start("run", small, "--out", tmp_path / "r", "--executor", "serial", cwd=tmp_path)
    wait_for(3, tmp_path / "r")
    running.kill()
    running.communicate()
    shutil.move(tmp_path / "r", tmp_path / "moved" / "here")
    kept = {p for p in tmp_path.glob("moved/here/tasks/*/status.json") if '"done"' in p.read_text()}
    times = {p: p.stat().st_mtime_ns for p in kept}
    finish(small, "--out", "here", "--executor", "serial", cwd=tmp_path / "moved")
    assert contents(tmp_path / "moved" / "here") == found
    assert times == {p: p.stat().st_mtime_ns for p in kept}


def test_a_worker_that_dies_fails_its_task_and_the_rest_is_done(process, tmp_path):
    study = tmp_path / "dying.toml"
    study.write_text(f'study = "{Path(__file__).with_name("dying_study.py")}:Dying"\nname = "dying"\n')
    call = ("run", study, "--out", tmp_path / "r", "--executor", "loky", "--set", "run.workers=2")
    died = process(*call)
    assert died.code == 1
    assert "Traceback" not in died.err
    assert "part 1: the worker died" in died.err
    states = [status["state"] for status in open_run(tmp_path / "r").tasks.values()]
    # What was in flight fails with it, two at most; the other parts are done by another pool.
    assert states.count("failed") <= 2
    assert states.count("done") >= 4
    assert process(*call).code == 0
    assert process("run", study, "--out", tmp_path / "u", "--executor", "serial").code == 0
    first, second = ((tmp_path / name / "tables" / "headline.ecsv").read_bytes() for name in "ru")
    assert first == second
