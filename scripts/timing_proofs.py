"""The proofs of scripts/gpu_proof that are about clocks and time: how true they are, and what they cost.

Each takes the Proof (programs, folder, summary) and writes its section. Standard library only.
"""
import json
import pathlib
import re
import statistics
import subprocess
import sys
import time

import ncu_runs
import watched

CLOCK_LIMIT = 0.5  # percent, of kernels longer than 50 us
CLOCK_CASES = (("baseline", "mission"), ("wmma", "1,8,4096,64"), ("wmma", "long"))
WARM_LIMIT_MS, WARM_REQUESTS = 250.0, 8
RATIO_LIMIT = 0.45
THREE_PHASES_LIMIT = 1.5


def stamped(database):
    """(effective MHz, cycles of a launch): medians over the graph samples of the newest run."""
    samples = watched.rows(database, """
      SELECT sample.effective_clock_mhz, sample.duration_ns FROM sample
        JOIN measurement ON measurement.id = sample.measurement_id
       WHERE sample.kind = 'graph' AND sample.effective_clock_mhz IS NOT NULL
         AND measurement.run_id = (SELECT MAX(id) FROM run)""")
    if not samples:
        return None
    return statistics.median(mhz for mhz, _ in samples), statistics.median(mhz * ns / 1e3 for mhz, ns in samples)


def counted_by_ncu(database):
    """(cycles of an SM, nanoseconds) that ncu counted of the newest run; None where it lacks one."""
    values = dict(watched.rows(database, """
      SELECT counter_name.name, counter.value FROM counter JOIN counter_name ON counter_name.id = counter.name_id
        JOIN measurement ON measurement.id = counter.measurement_id
       WHERE counter_name.name IN ('sm__cycles_elapsed.avg.per_second', 'gpu__time_duration.sum')
         AND measurement.collector = 'ncu' AND counter.value IS NOT NULL
         AND measurement.run_id = (SELECT MAX(id) FROM run)"""))
    ns, hz = values.get("gpu__time_duration.sum"), values.get("sm__cycles_elapsed.avg.per_second")
    return None if ns is None or hz is None else (hz * ns * 1e-9, ns)


def p50_of(database, subject):
    """Of the graph samples of that subject's newest run, in nanoseconds."""
    times = [row[0] for row in watched.rows(database, """
      SELECT sample.duration_ns FROM sample JOIN measurement ON measurement.id = sample.measurement_id
       WHERE sample.kind = 'graph' AND measurement.run_id = (
         SELECT MAX(run.id) FROM run JOIN subject ON subject.id = run.subject_id WHERE subject.name = ?)""", subject)]
    return statistics.median_low(times) if times else None


def clock(proof):
    """Cycles are compared: the GPU is at another clock when ncu looks (and slower by as much), so the clocks of two
    sessions say little, and cycles are the same work at any of them."""
    proof.summary.section("The effective clock, beside ncu's",
                          "Cycles of a launch: FlashCore's duration times the effective clock (median of the graph samples; "
                          "the gap of 0.5 to 0.7 us between two nodes is in it) against sm__cycles_elapsed of ncu. Medians of "
                          f"{proof.arguments.turns} sessions; at most {CLOCK_LIMIT}% apart.", "",
                          "| subject | effective MHz | cycles | ncu MHz | ncu cycles | cycles differ | |",
                          "| --- | ---: | ---: | ---: | ---: | ---: | --- |")
    more = ["--collect", "timing,ncu", "--set", "quick"]
    if proof.arguments.ncu:
        more += ["--ncu-path", proof.arguments.ncu]
    for phase, shape in CLOCK_CASES:
        taken = []
        for _ in range(proof.arguments.turns):
            database = proof.fresh("runs.db")
            ncu_runs.run_checked(proof.command(database, *more, shapes=[shape], phase=phase), "flashcore-profile")
            ours, theirs = stamped(database), counted_by_ncu(database)
            if ours and theirs:
                taken.append((*ours, theirs[0] / theirs[1] * 1e3, theirs[0]))
        if not taken:
            proof.summary.lines.append(f"| {phase} on {shape} | | | | | | {proof.summary.verdict(['no clock'])} |")
            continue
        mhz, cycles, their_mhz, their_cycles = (statistics.median(values) for values in zip(*taken))
        percent = 100.0 * (cycles - their_cycles) / their_cycles
        faults = [] if abs(percent) <= CLOCK_LIMIT else [f"{percent:+.2f}%"]
        proof.summary.lines.append(f"| {phase} on {shape} | {mhz:.1f} | {cycles:.0f} | {their_mhz:.1f} | "
                                   f"{their_cycles:.0f} | {percent:+.2f}% | {proof.summary.verdict(faults)} |")


def alive(proof):
    """Timing with a counting process beside it, and without one. Where on the device the tensors lie moves the time of
    so short a kernel too: so without one there are several arrangements, by what was prepared before."""
    times = {"alone": [], "beside": []}
    arrangements = {"alone": ["wmma", "baseline,wmma", "cublas,wmma"], "beside": ["wmma"]}
    collect = {"alone": "timing", "beside": "timing,cupti"}
    for turn in range(proof.arguments.turns):
        for which in ("alone", "beside") if turn % 2 == 0 else ("beside", "alone"):
            for phases in arrangements[which]:
                database = proof.fresh("runs.db")
                ncu_runs.run_checked(proof.command(database, "--collect", collect[which], shapes=["mission"],
                                                   phase=phases), "flashcore-profile")
                p50 = p50_of(database, "wmma")
                if p50 is not None:
                    times[which].append(p50 / 1000.0)
    proof.summary.section("Timing beside the counting process",
                          "`wmma` on mission, graph p50, us; sessions in turns, those without also with other phases "
                          "prepared before it, which moves its tensors. The medians may differ by no more than the "
                          "sessions without a counting process differ among themselves.", "",
                          "| | median | min | max | n |", "| --- | ---: | ---: | ---: | ---: |")
    for which, name in (("alone", "without"), ("beside", "with the counting process")):
        if times[which]:
            proof.summary.lines.append(f"| {name} | {statistics.median(times[which]):.3f} | {min(times[which]):.3f} | "
                                       f"{max(times[which]):.3f} | {len(times[which])} |")
    faults = ["nothing was timed"]
    if all(times.values()):
        apart = abs(statistics.median(times["alone"]) - statistics.median(times["beside"]))
        spread = max(times["alone"]) - min(times["alone"])
        faults = [] if apart <= spread else [f"{apart:.3f} us apart, the spread is {spread:.3f} us"]
    proof.summary.lines += ["", "Within the spread: " + proof.summary.verdict(faults)]


class Worker:
    """`flashcore-profile worker`, one request after another."""

    def __init__(self, profile, log):
        self.log = open(log, "w+", encoding="utf-8")
        self.process = subprocess.Popen([profile, "worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.log, text=True)
        self.count = 0

    def milliseconds(self, request):
        """From the request's line to its last event, and that event."""
        self.count += 1
        start = time.monotonic()
        self.process.stdin.write(json.dumps({**request, "cmd": "profile", "id": self.count}) + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            event = json.loads(line)
            if event.get("event") in ("finished", "error"):
                return (time.monotonic() - start) * 1e3, event
        raise ncu_runs.Stop(6, "the worker ended before it had answered")

    def close(self):
        self.process.stdin.close()
        self.process.wait()
        self.log.close()


def warm(proof):
    """What a click costs when all is ready: check, timing and the standard set."""
    worker, took = Worker(proof.profile, proof.fresh("log")), []
    request = {"db": str(proof.fresh("runs.db")), "phases": ["wmma"], "problems": ["mission"], "command": "gpu_proof"}
    faults, steps = [], None
    for _ in range(WARM_REQUESTS):
        ms, event = worker.milliseconds(request)
        took.append(ms)
        steps = event.get("steps", steps)
        if event.get("event") == "error" or event.get("exit_code"):
            faults.append(f"a request ended with {event}")
    worker.close()
    later = took[1:]
    if statistics.median(later) > WARM_LIMIT_MS:
        faults.append(f"{statistics.median(later):.0f} ms > {WARM_LIMIT_MS:.0f} ms")
    proof.summary.section("A request to a worker that is ready", "`wmma` on mission: check, timing, standard set; ms.", "",
                          "| | median | min | max | n |", "| --- | ---: | ---: | ---: | ---: |",
                          f"| the first | {took[0]:.0f} | | | 1 |",
                          f"| later ones | {statistics.median(later):.0f} | {min(later):.0f} | {max(later):.0f} | "
                          f"{len(later)} |", "",
                          f"At most {WARM_LIMIT_MS:.0f} ms: " + proof.summary.verdict(faults))
    if steps:
        told = ", ".join(f"{step.get('name')} {step.get('ms', 0):.0f}" for step in steps)
        proof.summary.lines += ["", f"Steps of the last one, ms: {told}."]


def ratio(proof):
    """One phase as a whole process, against ncu with the same counters."""
    script = pathlib.Path(__file__).resolve().parent / "bench_ncu"
    named = ["--ncu", proof.arguments.ncu] if proof.arguments.ncu else []
    done = subprocess.run([sys.executable, str(script), "--turns", str(proof.arguments.turns), *named],
                          capture_output=True, text=True, check=False)
    proof.summary.section("One phase against ncu with the same counters", *done.stdout.strip().splitlines())
    found = re.search(r"^flashcore-profile, everything / ncu: ([\d.]+)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not found:
        faults = [f"bench_ncu ended with {done.returncode}", *done.stderr.strip().splitlines()[-3:]]
    else:
        faults = [] if float(found.group(1)) <= RATIO_LIMIT else [f"{found.group(1)} > {RATIO_LIMIT}"]
    proof.summary.lines += ["", f"At most {RATIO_LIMIT}: " + proof.summary.verdict(faults)]
