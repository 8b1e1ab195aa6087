"""The benchmarks' command line; the benchmark of the import itself stops when both ways bring other rows."""

import subprocess
import sys
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent.parent


def test_an_unknown_name_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=BASE, capture_output=True, text=True, check=False, timeout=60
    )
    assert "No benchmark is called speed. There are: import" in done.stderr
