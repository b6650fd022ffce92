"""What scripts/compare_ncu and scripts/bench_ncu share: finding the programs, counters of a run, ncu's CSV.

Standard library only: it runs from an unpacked bundle too.
"""
import csv
import io
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

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


def chip_of(database):
    with sqlite3.connect(database) as connection:
        row = connection.execute("SELECT chip FROM device LIMIT 1").fetchone()
    if not row or not row[0]:
        raise Stop(3, "CUPTI could not name this GPU's chip, so its counters are not known")
    return row[0]


def counters_of(database):
    """name -> values, one a run; and the kernels' names."""
    values = {}
    with sqlite3.connect(database) as connection:
        query = ("SELECT run_id, name, SUM(value) FROM counter JOIN counter_name ON name_id = counter_name.id "
                 "WHERE value IS NOT NULL GROUP BY run_id, name ORDER BY run_id")
        for _, name, value in connection.execute(query):
            values.setdefault(name, []).append(value)
        kernels = [row[0] for row in connection.execute("SELECT DISTINCT kernel FROM resource")]
    return values, kernels


def least_bytes_of(database):
    """The bytes of the problem's tensors: the least traffic of one launch (run.model_bytes)."""
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT model_bytes FROM run LIMIT 1").fetchone()[0] or 0


def counter_names(profile, chip, counter_set):
    done = run_checked([profile, "list", "counters", "--chip", chip, "--set", counter_set], "list counters")
    return done.stdout.split()


def function_name(kernel):
    """`void ns::wmma_kernel<(int)64>(Args)` -> `wmma_kernel`: what ncu's --kernel-name compares with."""
    name = kernel.strip().split("(")[0] if "<" not in kernel else kernel[: kernel.index("<")]
    return name.split()[-1].split("::")[-1]


def ncu_command(ncu, names, target, log, kernel=None, skip=0, count=1, replay="kernel"):
    command = [ncu, "--replay-mode", replay, "--clock-control", "none", "--cache-control", "none", "--metrics", ",".join(names),
               "--csv", "--page", "raw", "--print-units", "base", "--log-file", log,
               "--launch-skip", str(skip), "--launch-count", str(count)]
    if kernel:
        command += ["--kernel-name-base", "function", "--kernel-name", kernel]
    return command + target


def number(text):
    """A cell of ncu's CSV; None for what is no number (n/a, a name)."""
    try:
        return float(text.replace(",", ""))
    except ValueError:
        return None


def parse_ncu_csv(text):
    """The rows of `ncu --csv --page raw`: column -> text. Lines of ncu's own talk are skipped; the row of
    units is dropped."""
    lines = [line for line in text.splitlines() if line.startswith('"')]
    start = next((i for i, line in enumerate(lines) if line.startswith('"ID"')), None)
    if start is None:
        raise Stop(6, "ncu printed no table:\n" + text.strip()[-2000:])
    rows = list(csv.DictReader(io.StringIO("\n".join(lines[start:]))))
    return [row for row in rows if row["ID"] and row["ID"].strip()]


def ncu_counters(rows):
    """name -> values, one a launch."""
    values = {}
    for row in rows:
        for name, cell in row.items():
            value = number(cell) if name and cell else None
            if value is not None and "__" in name:
                values.setdefault(name, []).append(value)
    return values


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="flashcore-ncu-")


def main(body, name):
    try:
        sys.exit(body())
    except Stop as stop:
        print(f"{name}: error: {stop}", file=sys.stderr)
        sys.exit(stop.code)
