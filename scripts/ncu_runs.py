"""What scripts/compare_ncu, scripts/bench_ncu and scripts/gpu_proof share: finding the programs, running them,
reading a database (docs/schema.md).

Standard library only: it runs from an unpacked bundle too.
"""
import contextlib
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Stop(Exception):
    """A sentence for the user and the exit code that goes with it (those of flashcore-profile)."""

    def __init__(self, code, sentence):
        super().__init__(sentence)
        self.code = code


def find_profile():
    for candidate in (ROOT / "build" / "bin" / "flashcore-profile", ROOT / "bin" / "flashcore-profile"):
        if os.access(candidate, os.X_OK):
            return str(candidate)
    raise Stop(2, "flashcore-profile is not built; scripts/run builds it")


def find_ncu(given=None):
    if given:
        if not shutil.which(given):
            raise Stop(6, f"'{given}' is not a program that can be run")
        return given
    found = shutil.which("ncu")
    if found:
        return found
    places = sorted(pathlib.Path("/opt/nvidia/nsight-compute").glob("*/ncu")) + [
        pathlib.Path("/usr/local/cuda/bin/ncu")]
    for place in reversed(places):
        if os.access(place, os.X_OK):
            return str(place)
    raise Stop(6, "ncu (Nsight Compute) was not found; install the CUDA toolkit's nsight-compute package or "
                  "name it with --ncu")


def require_gpu(profile):
    """Ends with 3 where there is nothing to measure on."""
    done = subprocess.run([profile, "doctor"], capture_output=True, text=True, check=False)
    if not re.search(r"^ok +gpu ", done.stdout, re.MULTILINE):
        raise Stop(3, "no GPU here that flashcore-profile can use; its command `doctor` says why")


def run_checked(command, what, **arguments):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **arguments)
    if done.returncode != 0:
        text = (done.stderr or done.stdout).strip()[-2000:]
        raise Stop(done.returncode if 0 < done.returncode < 7 else 6,
                   f"{what} failed with exit code {done.returncode}:\n{text}")
    return done


def profile_command(profile, phase, shape, counter_set, database, *more):
    return [profile, "--phase", phase, "--shape", shape, "--set", counter_set, "--db", database, "--quiet", *more]


def reading(database):
    """A connection that only reads, closed at the end of a `with`."""
    return contextlib.closing(sqlite3.connect(f"file:{urllib.parse.quote(str(database))}?mode=ro", uri=True))


def chip_of(database):
    with reading(database) as connection:
        row = connection.execute("SELECT chip FROM device_class LIMIT 1").fetchone()
    if not row or not row[0]:
        raise Stop(3, "CUPTI could not name this GPU's chip, so its counters are not known")
    return row[0]


def kernels_of(database):
    """The names of the kernels of one launch, by ordinal, of the first run."""
    with reading(database) as connection:
        return [row[0] for row in connection.execute(
            "SELECT name FROM kernel WHERE run_id = (SELECT MIN(id) FROM run) ORDER BY ordinal")]


def counter_names(profile, chip, counter_set):
    done = run_checked([profile, "list", "counters", "--chip", chip, "--set", counter_set], "list counters")
    return done.stdout.split()


def ncu_command(ncu, names, target, log, kernels):
    """ncu as it is by default, but for clocks and caches, which stay as flashcore-profile leaves them."""
    return [ncu, "--replay-mode", "kernel", "--clock-control", "none", "--cache-control", "none", "--metrics",
            ",".join(names), "--csv", "--page", "raw", "--print-units", "base", "--log-file", log,
            "--launch-skip", "0", "--launch-count", str(kernels), *target]


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="flashcore-ncu-")


def main(body, name):
    try:
        sys.exit(body())
    except Stop as stop:
        print(f"{name}: error: {stop}", file=sys.stderr)
        sys.exit(stop.code)
