"""Times of peers side by side, and whether they meet the goals: what the benchmarks share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

__all__ = ["Goal", "least_cpu", "missed"]

#: What, its value, ``>=`` or ``<=``, and the limit.
Goal = tuple[str, float, str, float]


def least_cpu(functions: Mapping[str, Callable[[], object]], turns: int) -> dict[str, float]:
    """Least CPU seconds of each function over several turns, one after the other in each."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(turns):
        for name, function in functions.items():
            start = time.process_time()
            function()
            times[name].append(time.process_time() - start)
    return {name: min(each) for name, each in times.items()}


def missed(goals: Sequence[Goal]) -> int:
    """Print a table of goals; 1 where one is missed, as the exit code of a script."""
    print(f"\n{'goal':<34}{'measured':>12}{'wanted':>12}")
    count = 0
    for what, value, sign, limit in goals:
        met = value >= limit if sign == ">=" else value <= limit
        count += not met
        print(f"{what:<34}{value:>12.3g}{sign + ' ' + format(limit, 'g'):>12}  {'' if met else 'MISSED'}")
    return int(count > 0)
