"""The import's benchmark on a small file: both ways bring the same rows, and the result is written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
def test_ours_and_the_reference_bring_the_same_rows(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "import", "--rows", "3000", "--rounds", "1", "--results", str(results)],
        cwd=BASE, env=os.environ | {"BENCH_DATA": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=170,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    [found] = json.loads(results.read_text())
    assert (found["name"], found["unit"], found["notes"]["rows"]) == ("import", "rows/s", 3000)
    assert found["ratio"] == pytest.approx(found["ours"] / found["reference"], abs=0.001)
    assert found["machine"]["cores"] == os.cpu_count()
    assert f"{found['ours'] / found['reference']:.2f}" in done.stdout


def test_an_unknown_name_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "speed"], cwd=BASE, capture_output=True, text=True, check=False, timeout=60
    )
    assert "No benchmark is called speed. There are: import" in done.stderr
