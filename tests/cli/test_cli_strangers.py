"""Plugins of strangers: broken ones, two with one name, other versions, hooks (R-PLUG-2 to R-PLUG-5)."""

import itertools
from textwrap import dedent

import pytest

SAMPLER = """
from attrs import frozen
from faintsky.core.component import component, option
from faintsky.core.executor import Executor
from contextlib import contextmanager
from concurrent.futures import ThreadPoolExecutor


@component(references=["Stranger2020"])
@frozen(kw_only=True)
class Mine(Executor):
    '''One thread, of {dist}.'''

    pause: float = option(0.0, unit="s", ge=0, help="nothing")

    @contextmanager
    def open(self, workers):
        with ThreadPoolExecutor(1) as pool:
            yield pool
"""


@pytest.fixture
def broken(install):
    """A distribution whose only module cannot be imported; it brings a component, a command and a hook."""
    return install(
        "faintsky-broken",
        {
            "faintsky.executors": {"wreck": "wreck.inner:Wreck"},
            "faintsky.commands": {"wreck": "wreck.inner:command"},
            "faintsky": {"wreck": "wreck.inner"},
        },
        {"wreck/__init__.py": "", "wreck/inner.py": "raise RuntimeError('the library libfoo.so is missing')"},
        version="0.7",
    )


@pytest.fixture
def twins(install):
    """Two distributions with an executor of one name."""
    return [
        install(
            f"faintsky-{name}",
            {"faintsky.executors": {"mine": f"{name}_plugin:Mine"}},
            {f"{name}_plugin.py": SAMPLER.replace("{dist}", name)},
        )
        for name in ("ann", "bob")
    ]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["plugins", "list", "--all"],
        ["plugins", "show", "executors", "serial"],
        ["study", "check", "small.toml", "--cost"],
        ["study", "show", "small.toml"],
        ["study", "init", "other"],
        ["cite", "small.toml"],
        ["doctor"],
        ["run", "small.toml", "--executor", "serial", "--out", "r"],
    ],
)
def test_a_broken_plugin_breaks_nothing_that_does_not_name_it(process, broken, small, arguments):
    done = process(*arguments, path=(broken,))
    assert done.code == 0, done.err


def test_the_command_that_names_a_broken_plugin_says_who_is_to_blame(process, broken, small):
    for arguments in (["plugins", "show", "executors", "wreck"], ["run", small, "--executor", "wreck"], ["wreck"]):
        done = process(*arguments, path=(broken,))
        assert done.code == 3
        for part in ("faintsky-broken", "0.7", "RuntimeError: the library libfoo.so is missing", "example.org/faintsky-broken"):
            assert part in done.err, part
        assert "Traceback" not in done.err
    assert "Traceback" in process("--debug", "plugins", "show", "executors", "wreck", path=(broken,)).err


def test_check_names_distribution_version_exception_and_file(process, broken):
    done = process("plugins", "check", "faintsky-broken", path=(broken,))
    assert done.code == 3
    for part in ("faintsky-broken", "0.7", "RuntimeError: the library libfoo.so is missing", str(broken / "wreck" / "inner.py")):
        assert part in done.out, part
    assert done.out.count("BROKEN") == 3  # component, command, hook
    assert "libfoo.so" in process("doctor", path=(broken,)).out


def test_a_run_tells_of_the_hook_plugin_that_is_left_out(process, broken, small, tmp_path):
    done = process("run", small, "--out", "r", "--executor", "serial", path=(broken,))
    assert done.code == 0
    assert "faintsky-broken:wreck is left out: RuntimeError" in (tmp_path / "r" / "log.jsonl").read_text()


def test_a_missing_extra_is_no_breakage(process, install):
    folder = install(
        "faintsky-extra",
        {"faintsky.executors": {"far": "far_plugin:Mine"}},
        {"far_plugin.py": SAMPLER.replace("@component(", "@component(extra='namaster', ")},
    )
    done = process("plugins", "check", "faintsky-extra", path=(folder,))
    assert done.code == 0
    if "missing" in done.out:  # where pymaster is not installed
        assert "pip install 'faintsky[namaster]'" in done.out


def test_two_strangers_with_one_name(process, twins, small):
    """The order of installation is irrelevant: both orders of the import path are tried."""
    for path in itertools.permutations(twins):
        done = process("plugins", "show", "executors", "mine", path=path)
        assert done.code == 3
        assert "write 'faintsky-ann:mine' or 'faintsky-bob:mine'" in done.err
        assert "of ann" in process("plugins", "show", "executors", "faintsky-ann:mine", path=path).out
        assert "of bob" in process("plugins", "show", "executors", "faintsky-bob:mine", path=path).out
    listed = process("plugins", "list", "executors", path=path)
    assert "faintsky-ann:mine" in listed.out
    assert "faintsky-bob:mine" in listed.out
    assert process("run", small, "--out", "r", "--executor", "mine", path=path).code == 3
    done = process("run", small, "--out", "r", "--executor", "faintsky-bob:mine", path=path)
    assert done.code == 0, done.err


def test_a_built_in_keeps_its_name(process, install):
    thief = install(
        "faintsky-thief",
        {"faintsky.executors": {"serial": "thief:Mine"}, "faintsky.commands": {"run": "thief:nothing", "extra": "thief:extra"}},
        {
            "thief.py": SAMPLER.replace("{dist}", "thief")
            + "\nimport click\n\n@click.command()\ndef extra():\n    click.echo('mine')\n"
        },
    )
    assert "faintsky.plugins.executors" in process("plugins", "show", "executors", "serial", path=(thief,)).out
    assert "faintsky.plugins.executors" in process("plugins", "show", "executors", "faintsky:serial", path=(thief,)).out
    assert "thief:Mine" in process("plugins", "show", "executors", "faintsky-thief:serial", path=(thief,)).out
    listed = process("--help", path=(thief,)).out
    assert "faintsky-thief:run" in listed
    assert "Run the study file" in process("run", "--help", path=(thief,)).out
    assert process("extra", path=(thief,)).out == "mine\n"


@pytest.mark.parametrize(
    ("need", "code"), [("faintsky>=99", 3), ("faintsky<99", 0), ("faintsky>=99; extra == 'later'", 0), ("faintsky>>1", 3)]
)
def test_the_requirement_of_a_distribution_is_the_version_check(process, install, need, code):
    folder = install(
        "faintsky-future",
        {"faintsky.executors": {"future": "future_plugin:Mine"}},
        {"future_plugin.py": SAMPLER},
        requires=(need,),
    )
    done = process("plugins", "show", "executors", "future", path=(folder,))
    assert done.code == code, done.err
    if need == "faintsky>=99":
        assert "is built for faintsky >=99, this is 0.1.0: upgrade or downgrade one of them" in done.err
        assert "faintsky-future" in done.err


def test_a_component_that_breaks_the_contract_is_refused(process, install):
    folder = install(
        "faintsky-half",
        {"faintsky.executors": {"half": "half_plugin:Half", "function": "half_plugin:function", "gone": "half_plugin:Gone"}},
        {
            "half_plugin.py": """
            from attrs import frozen
            from faintsky.core.component import component

            @component()
            @frozen(kw_only=True)
            class Half:
                '''Opens nothing.'''

            def function():
                pass
            """
        },
    )
    for name, message in (
        ("half", "does not keep the contract of Executor: it lacks open"),
        ("function", "half_plugin:function is not an attrs class"),
        ("gone", "has no attribute 'Gone'"),
    ):
        done = process("plugins", "show", "executors", name, path=(folder,))
        assert done.code == 3
        assert message in done.err


def test_a_damaged_installation_breaks_nothing(process, tmp_path):
    """A dist-info folder without METADATA, as a broken uninstall leaves it."""
    folder = tmp_path / "damaged"
    (folder / "ghost-1.0.dist-info").mkdir(parents=True)
    (folder / "ghost-1.0.dist-info" / "entry_points.txt").write_text("[faintsky.executors]\nghost = ghost:Ghost\n")
    assert process("plugins", "list", path=(folder,)).code == 0


HOOKS = """
from pathlib import Path
from faintsky.core.hooks import hookimpl

@hookimpl
def {name}({arguments}):
    Path("told.txt").write_text("{name}")
"""


def test_a_misspelt_hook_names_the_nearest(process, install, small):
    folder = install(
        "faintsky-notify",
        {"faintsky": {"notify": "notify_plugin"}},
        {"notify_plugin.py": HOOKS.format(name="after_tsak", arguments="task")},
    )
    done = process("run", small, "--out", "r", path=(folder,))
    assert done.code == 3
    assert "Did you mean 'after_task'?" in done.err
    checked = process("plugins", "check", path=(folder,))
    assert checked.code == 3
    assert "Did you mean 'after_task'?" in checked.out
    assert process("plugins", "list", path=(folder,)).code == 0


@pytest.mark.parametrize("arguments", ["", "result"])
def test_a_hook_may_take_fewer_arguments(process, install, small, tmp_path, arguments):
    """So that arguments that are added later break no old plugin."""
    folder = install(
        "faintsky-notify",
        {"faintsky": {"notify": "notify_plugin"}},
        {"notify_plugin.py": HOOKS.format(name="after_task", arguments=arguments)},
    )
    done = process("run", small, "--out", "r", "--executor", "serial", path=(folder,))
    assert done.code == 0, done.err
    assert (tmp_path / "told.txt").read_text() == "after_task"


def test_a_hook_that_asks_for_too_much_is_left_out(process, install):
    folder = install(
        "faintsky-notify",
        {"faintsky": {"notify": "notify_plugin"}},
        {"notify_plugin.py": HOOKS.format(name="after_task", arguments="task, weather")},
    )
    done = process("plugins", "check", "faintsky-notify", path=(folder,))
    assert done.code == 3
    assert "weather" in done.out


def test_a_hook_that_raises_loses_no_result_and_stops_no_other_hook(process, install, small, tmp_path):
    """The report is a hook too: it is written whatever a stranger's hook does."""
    source = """
    from faintsky.core.hooks import hookimpl

    @hookimpl
    def after_task(task, result):
        raise RuntimeError("no mail today")

    @hookimpl(tryfirst=True)
    def after_run(run):
        raise RuntimeError("nor in the evening")
    """
    folder = install("faintsky-notify", {"faintsky": {"notify": "notify_plugin"}}, {"notify_plugin.py": dedent(source)})
    done = process("run", small, "--out", "r", "--executor", "serial", path=(folder,))
    assert done.code == 0
    assert "hook after_run of faintsky-notify:notify: RuntimeError: nor in the evening" in done.err
    assert done.out.splitlines()[-1] == f"report: {tmp_path / 'r' / 'report.html'}"
    statuses = [p.read_text() for p in (tmp_path / "r" / "tasks").glob("*/status.json")]
    assert len(statuses) == 10
    assert all('"done"' in text and "no mail today" in text for text in statuses)


def test_a_stranger_brings_a_kind_and_a_study_of_it(process, install, tmp_path):
    folder = install(
        "faintsky-weather",
        {
            "faintsky.kinds": {"clouds": "weather:Cloud"},
            "faintsky.clouds": {"cirrus": "weather:Cirrus", "stratus": "weather:Stratus"},
            "faintsky.studies": {"sky": "weather:Sky"},
        },
        {
            "weather/__init__.py": """
            from abc import abstractmethod
            from typing import Protocol
            from attrs import frozen
            from faintsky.core.component import component, option, slot
            from faintsky.core.step import step
            from faintsky.core.study import Headline, Study

            class Cloud(Protocol):
                '''A cloud.'''
                @abstractmethod
                def height(self): ...

            @component(references=["Howard1803"])
            @frozen(kw_only=True)
            class Cirrus(Cloud):
                '''High.'''
                base: float = option("8 km", unit="m", gt=0, help="lower edge")
                def height(self):
                    return self.base

            @component()
            @frozen(kw_only=True)
            class Stratus(Cloud):
                '''Low.'''
                def height(self):
                    return 500.0

            @step()
            def look(*, cloud, ctx):
                return cloud.height()

            @component()
            @frozen(kw_only=True)
            class Sky(Study):
                '''Looks up.'''
                cloud: Cloud = slot("cirrus", help="what hangs there")
                def analyse(self, run):
                    return {"height": run.do(look, cloud=self.cloud)}
                def headline(self, cell):
                    h = cell.results["height"]
                    return Headline(quantity="height", value=h, low=1.0, high=1.0, unit="m")
                def tables(self, cells):
                    return {}
            """,
            "weather/references.bib": "@book{Howard1803,\n  author = {Howard, L.},\n  year = {1803},\n}\n",
        },
    )
    (tmp_path / "sky.toml").write_text('study = "sky"\nname = "up"\ncloud = ["cirrus", "stratus"]\n')
    done = process("run", "sky.toml", "--executor", "serial", path=(folder,))
    assert done.code == 0, done.err
    assert done.out.startswith("height = 8000")
    assert "± 3750.0 (method)" in done.out  # half of 8000 m - 500 m
    assert "Howard1803" in process("cite", "runs/up", path=(folder,)).out
    assert "cirrus" in process("plugins", "list", "clouds", path=(folder,)).out
    shown = process("plugins", "show", "clouds", "cirrus", path=(folder,)).out
    assert "8 km" in shown
    written = process("study", "init", "mine", "--study", "sky", path=(folder,))
    assert written.code == 0, written.err
    assert process("study", "check", "mine.toml", path=(folder,)).code == 0
