"""Errors that say what is wrong, where, why, what the nearest valid choice is, and how to fix it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from attrs import frozen

__all__ = [
    "DataError",
    "FaintskyDeprecation",
    "FaintskyError",
    "FaintskyWarning",
    "InterruptedRun",
    "LikelihoodError",
    "MissingFileError",
    "PluginError",
    "Problem",
    "StudyError",
    "TaskError",
    "nearest",
]


class FaintskyError(Exception):
    """Base of all errors that faintsky raises on purpose; `exit_code` is what the command line returns."""

    exit_code: int = 1


class DataError(FaintskyError, ValueError):
    """An input (file, map, table, array) cannot be what it is said to be."""


class MissingFileError(DataError):
    """A file that only the user can supply is missing; the message names it, and where it is to be had."""


class LikelihoodError(FaintskyError, ArithmeticError):
    """A likelihood returned NaN; the message holds the parameters."""


class TaskError(FaintskyError):
    """A task of a run failed; the message holds the cell, the step and the cause."""


class InterruptedRun(FaintskyError):  # noqa: N818  (it is a state of the run, not a fault)
    """The run was interrupted; the same command goes on where it stopped."""

    exit_code = 130


class PluginError(FaintskyError):
    """A component is missing, ambiguous, broken, or needs an extra that is not installed."""

    exit_code = 3


class FaintskyWarning(UserWarning):
    """Something a referee would ask about; it is kept in the run's log and in the report."""


class FaintskyDeprecation(FutureWarning):
    """An interface of faintsky that will go."""


@frozen
class Problem:
    """One defect of a study file.

    Attributes
    ----------
    key : str
        Dotted key, such as ``samplers.fast.nlive``.
    message : str
        What is wrong, why, and the nearest valid choice.
    where : str
        ``file:line`` where known, else the name of the source.
    """

    key: str
    message: str
    where: str = ""

    def __str__(self) -> str:
        head = "  ".join(part for part in (self.where, self.key) if part)
        body = "\n".join("  " + line for line in self.message.splitlines())
        return f"{head}\n{body}" if head else body.strip()


class StudyError(FaintskyError):
    """The study file or the usage is wrong: all defects at once, before anything runs."""

    exit_code = 2

    def __init__(self, problems: Sequence[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = (Problem("", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def nearest(name: str, choices: Iterable[str], sentence: str = "Did you mean {}?") -> str:
    """The closest valid name as a sentence, or an empty string where nothing is close.

    Examples
    --------
    >>> nearest("nlvie", ["nlive", "dlogz"])
    "Did you mean 'nlive'?"
    """
    found = difflib.get_close_matches(name, list(choices), n=1, cutoff=0.5)
    return sentence.format(repr(found[0])) if found else ""
