"""Start-up: wall seconds of `import faintsky` and of commands over bare Python, and over `import astropy.units`.

    python benchmarks/startup.py

The goals are those of the design: `import faintsky` within 50 ms of bare Python, `faintsky --help` within 300 ms; the exit
code is 1 where one is missed.
"""

from __future__ import annotations

import subprocess
import sys
import time

CASES = {
    "bare Python": "pass",
    "import numpy": "import numpy",
    "import astropy.units": "import astropy.units",
    "import faintsky": "import faintsky",
    "faintsky --help": "from faintsky.cli.main import main; main(['--help'])",
    "faintsky plugins list": "from faintsky.cli.main import main; main(['plugins', 'list'])",
}
GOALS = {"import faintsky": 0.05, "faintsky --help": 0.3}


def seconds(code: str, repeat: int = 7) -> float:
    """The best of several processes."""
    times = []
    for _ in range(repeat):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        times.append(time.perf_counter() - before)
    return min(times)


def main() -> int:
    """Print the table."""
    measured = {name: seconds(code) for name, code in CASES.items()}
    bare = measured["bare Python"]
    missed = 0
    print(f"{'case':<24}{'s':>8}{'over bare':>12}{'goal':>8}")
    for name, value in measured.items():
        goal = GOALS.get(name)
        missed += goal is not None and value - bare > goal
        print(f"{name:<24}{value:>8.3f}{value - bare:>12.3f}{goal if goal else '':>8}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
