"""``run`` and what looks at a run: ``status``, ``report``, ``compare``, ``run-task``, ``cite``."""

import json
import signal
import time

import pytest
from astropy.table import QTable
from command_process import start

from faintsky.core.run import open_run


@pytest.fixture
def finished(command, small, tmp_path):
    """A run directory of the small study, done in this process."""
    done = command("run", small, "--out", tmp_path / "r", "--executor", "serial")
    assert done.code == 0, done.err
    return tmp_path / "r"


def test_run_ends_with_the_headline_and_where_the_report_lies(command, small, tmp_path):
    done = command("run", small, "--out", tmp_path / "r", "--executor", "serial")
    assert done.code == 0
    first, last = done.out.splitlines()
    assert first.startswith("mean = ")
    assert "(stat)" in first
    assert "(method)" in first
    assert last == f"report: {tmp_path / 'r' / 'report.html'}"
    assert (tmp_path / "r" / "report.html").stat().st_size > 1000
    assert "Someone, S." in (tmp_path / "r" / "report.html").read_text()
    # Two cells of four draws and a sum each; plain lines, as this is no terminal.
    assert [line.split("(")[1] for line in done.err.splitlines()] == [f"{i}/10)" for i in range(1, 11)]
    table = QTable.read(tmp_path / "r" / "tables" / "sums.ecsv")
    assert len(table) == 100


def test_run_again_does_nothing_again(command, small, finished):
    before = {p: p.stat().st_mtime_ns for p in finished.glob("tasks/*/result.h5")}
    done = command("run", small, "--out", finished)
    assert done.code == 0
    assert [line.split()[0] for line in done.err.splitlines()] == ["kept"] * 10
    assert before == {p: p.stat().st_mtime_ns for p in finished.glob("tasks/*/result.h5")}


def test_quiet_and_json(command, small, tmp_path):
    assert command("run", small, "--out", tmp_path / "a", "--executor", "serial", "--quiet").err == ""
    done = command("run", small, "--out", tmp_path / "b", "--executor", "serial", "--log-json")
    events = [json.loads(line) for line in done.err.splitlines()]
    assert sum(e["kind"] == "done" for e in events) == 10
    assert done.out.startswith("mean = ")


def test_another_study_in_the_same_directory_is_refused_or_forked(command, small, finished):
    done = command("run", small, "--out", finished, "--set", "wait=0.001")
    assert done.code == 2
    assert "wait" in done.err
    assert "--force-new" in done.err
    done = command("run", small, "--out", finished, "--set", "parts=3", "--force-new", "--executor", "serial")
    assert done.code == 0
    assert (finished.with_name("r-2") / "report.html").exists()
    assert done.err.count("kept") == 6  # three of the four draws of each cell
    assert done.err.count("done ") == 2


def test_a_failed_task_is_exit_code_1_and_the_rest_is_done(command, small, tmp_path):
    done = command("run", small, "--out", tmp_path / "r", "--set", "number=13", "--executor", "serial")
    assert done.code == 1
    assert "13 draws bring bad luck" in done.err
    assert "Traceback" not in done.err
    assert "no headline" in done.out
    assert (tmp_path / "r" / "report.html").exists()
    shown = command("status", tmp_path / "r")
    assert "10 waiting" not in shown.out
    assert "13 draws bring bad luck" in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["run"], 2, "Missing argument 'STUDY'"),
        (["rnu"], 2, "Did you mean 'run'?"),
        (["run", "{small}", "--executor", "srial"], 3, "Did you mean 'serial'?"),
        (["run", "{small}x"], 2, "Did you mean 'small.toml'?"),
        (["run", "{small}", "--out", "{small}"], 1, "File exists"),
        (["run", "{small}", "--set", "number"], 2, "write it as dotted.key=value"),
        (["status", "nowhere"], 2, "is not a run directory"),
        (["compare", "{small}", "nowhere"], 2, "is not a run directory"),
        (["report", "nowhere"], 2, "is not a run directory"),
        (["plugins", "show", "sampler", "emcee"], 3, "Did you mean 'samplers'?"),
        (["plugins", "show", "samplers", "emce"], 3, "Did you mean 'emcee'?"),
        (["plugins", "list", "sampler"], 3, "Did you mean 'samplers'?"),
        (["plugins", "check", "faintky"], 3, "Did you mean 'faintsky'?"),
        (["study", "init", "{small}"], 2, "is not overwritten"),
    ],
)
def test_wrong_use_is_told_in_words(command, small, arguments, code, message):
    done = command(*(a.format(small=small) for a in arguments))
    assert done.code == code
    assert message in done.err
    assert "Traceback" not in done.err


def test_status_of_a_finished_run(command, finished):
    said = command("status", finished)
    assert said.code == 0
    assert "10 done" in said.out
    assert "normal" in said.out
    assert "time left" not in said.out


def test_status_of_a_run_that_stopped(command, finished):
    """A task whose process is gone, one that waits: the time left is that of the finished tasks of the same steps."""
    draws = [t for t, said in open_run(finished).tasks.items() if said["title"].startswith("draw")]
    for task_id, said in ((draws[0], {"state": "running", "host": _host(), "pid": 2**22 + 1, "started": 0.0}), (draws[1], None)):
        status = finished / "tasks" / task_id / "status.json"
        status.unlink()
        if said:
            status.write_text(json.dumps(said))
    out = command("status", finished).out
    assert "8 done, 1 stopped, 1 waiting" in out
    assert "its process is gone; the same command does it again" in out
    assert "time left for one worker: 0.0 minutes" in out


def _host() -> str:
    import socket

    return socket.gethostname()


def test_warnings_are_shown_and_logged(command, small, tmp_path):
    done = command("run", small, "--out", tmp_path / "r", "--executor", "serial", "--set", "number=17")
    assert done.code == 0
    assert "warning draw part 0: seventeen draws are few\n" in done.err
    said = [json.loads(line) for line in (tmp_path / "r" / "log.jsonl").read_text().splitlines()]
    # Two priors, four parts each, one warning each.
    assert sum(e["kind"] == "warned" and e["message"] == "seventeen draws are few" for e in said) == 8


def test_run_task_does_one_task(command, finished):
    task_id = next(t for t, said in open_run(finished).tasks.items() if said["title"] == "add")
    place = finished / "tasks" / task_id
    (place / "status.json").unlink()
    before = (place / "result.h5").read_bytes()
    (place / "result.h5").unlink()
    done = command("run-task", finished, task_id)
    assert done.code == 0
    assert done.out == "done\n"
    assert (place / "result.h5").read_bytes() == before
    done = command("run-task", finished, task_id[:-1])
    assert done.code == 2
    assert f"Did you mean '{task_id}'?" in done.err


def test_run_task_that_fails(command, small, tmp_path):
    command("run", small, "--out", tmp_path / "r", "--set", "number=13", "--executor", "serial")
    task_id = next(t for t, said in open_run(tmp_path / "r").tasks.items() if said["state"] == "failed")
    done = command("run-task", tmp_path / "r", task_id)
    assert done.code == 1
    assert done.out == "failed\n"
    assert "13 draws bring bad luck" in done.err


def test_report_writes_the_page_again(command, finished):
    (finished / "report.html").unlink()
    (finished / "tables" / "sums.ecsv").unlink()
    done = command("report", finished)
    assert done.code == 0
    assert done.out.strip() == str(finished / "report.html")
    assert (finished / "report.html").exists()
    assert (finished / "tables" / "sums.ecsv").exists()


def test_cite_prints_each_entry_once(command, finished, small):
    for what in (finished, small):
        out = command("cite", what).out
        for key in ("faintsky", "Harris2020", "Virtanen2020", "Astropy2022", "Someone2000"):
            assert out.count(f"{{{key},") == 1


def test_compare_with_itself(command, finished):
    out = command("compare", finished, finished).out
    assert "the same" in out
    assert "0.0 sigma" in out or "(0 sigma)" in out
    assert "common rows moved" not in out


def test_compare_names_what_differs_and_which_numbers_moved(command, small, finished, tmp_path):
    command("run", small, "--out", tmp_path / "s", "--set", "prior.normal.mean=2.0", "--executor", "serial", "--quiet")
    done = command("compare", finished, tmp_path / "s")
    assert done.code == 0
    assert "prior[0].mean: 0.0 -> 2.0" in done.out
    # Four draws of mean 2 instead of 0: each sum moves by 8 with noise of its own; the other cell stays.
    runs = [open_run(folder) for folder in (finished, tmp_path / "s")]
    (a, b) = (run.comparison.headlines[0][3] for run in runs)
    sigma = (b.value - a.value) / (0.25 * (a.low + a.high) ** 2 + 0.25 * (b.low + b.high) ** 2) ** 0.5
    assert sigma > 10
    line = next(x for x in done.out.splitlines() if x.strip().startswith("normal: mean"))
    assert f"({sigma:.0f} sigma)" in line
    assert "uniform: mean" in done.out
    assert "50 of 100 common rows moved by more than 1 sigma" in done.out


def test_interrupt_and_terminate_stop_the_run_and_the_same_command_goes_on(small, tmp_path):
    """Ctrl-C and the SIGTERM of a batch system: exit code 130, one sentence, what is done stays done."""
    folders = [tmp_path / "r0", tmp_path / "r1"]
    for number, (sign, executor) in enumerate([(signal.SIGINT, "serial"), (signal.SIGTERM, "loky")]):
        folder = folders[number]
        arguments = ("run", small, "--out", folder, "--set", "wait=0.1", "--executor", executor)
        running = start(*arguments, cwd=tmp_path)
        deadline = time.monotonic() + 60
        while not any('"done"' in p.read_text() for p in folder.glob("tasks/*/status.json")):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(sign)
        _, err = running.communicate(timeout=60)
        assert running.returncode == 130
        assert "the same command goes on from here" in err
        assert "Traceback" not in err
    for place in folders:
        again = start("run", small, "--out", place, "--set", "wait=0.1", "--executor", "serial", cwd=tmp_path)
        out, err = again.communicate(timeout=60)
        assert again.returncode == 0
        assert out.startswith("mean = ")
        assert "kept" in err


def test_the_demo_is_a_valid_study_of_six_cells():
    """Three estimators x two samplers, as the README promises."""
    from importlib.resources import as_file, files

    from faintsky.core.study_file import load_study

    with as_file(files("faintsky.studies") / "demo.toml") as file:
        plan = load_study(file)
    assert {axis.name: len(axis.labels) for axis in plan.axes} == {"power_spectra": 3, "samplers": 2}
    assert len(plan.cells) == 6


@pytest.mark.slow
def test_the_demo_takes_less_than_a_minute(tmp_path):
    """Measured 15 s on two cores; no browser opens where there is no terminal."""
    before = time.monotonic()
    running = start("demo", cwd=tmp_path)
    out, err = running.communicate(timeout=180)
    assert running.returncode == 0, err
    assert time.monotonic() - before < 60
    assert out.splitlines()[-1] == f"report: {tmp_path / 'faintsky-demo' / 'report.html'}"
    assert (tmp_path / "faintsky-demo" / "report.html").stat().st_size < 5e6


def test_bars_on_a_terminal(small, tmp_path):
    """In a pseudo-terminal the progress is drawn with bars, and what stays is the headline."""
    import os
    import pty
    import subprocess
    import sys

    master, slave = pty.openpty()
    code = "from faintsky.cli.main import main; main()"
    call = [sys.executable, "-c", code, "run", str(small), "--out", "r", "--executor", "serial", "--set", "wait=0.1"]
    running = subprocess.Popen(call, cwd=tmp_path, stdout=slave, stderr=slave, env=dict(os.environ, COLUMNS="120", TERM="xterm"))
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert running.wait(timeout=60) == 0
    text = shown.decode()
    assert "all tasks" in text
    assert "draw part 0" in text
    assert "━" in text
    assert "done    draw" not in text
    assert "mean = " in text.rpartition("all tasks")[2]
