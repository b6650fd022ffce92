"""A stand-in for flashcore-profile: its commands, options, database (by the real migrations), worker and helper,
with invented numbers. FAKE_FAULT names what it does wrong, so that what watches it can be seen to notice.

  late        everything is written at the end of the session
  session     the session's row is written before its first run
  orphan      the helper outlives the program
  fragile     the session ends when the helper does
  maps        the process that times maps libcupti too
  stuck       a refused cupti is not followed by ncu
  wrong       ncu counts other instructions than cupti
  weight      a launch's occupancy is that of its kernels weighted by nothing
  clock       the effective clock is not that which ncu counts
  slowed      a launch takes longer with the counting process beside it
  slow        a request to a worker that is ready takes long
"""
import json
import mmap
import os
import pathlib
import sqlite3
import subprocess
import sys
import time

FAULT = os.environ.get("FAKE_FAULT", "")
HERE = pathlib.Path(__file__).resolve().parent
PHASES, STEP_SECONDS = ["baseline", "wmma", "cublas"], 0.02
KERNELS = {"cublas": ["gemm", "softmax"]}


def insert(connection, table, **values):
    """Fills what must not be empty and was not given."""
    for _, name, kind, needed, default, key in connection.execute(f"PRAGMA table_info({table})"):
        if name not in values and needed and default is None and not (key and kind == "INTEGER"):
            values[name] = "" if kind == "TEXT" else b"" if kind == "BLOB" else 0
    names = ", ".join(values)
    marks = ", ".join("?" * len(values))
    return connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values())).lastrowid


class Database:
    def __init__(self, path):
        self.connection = sqlite3.connect(path, isolation_level=None, timeout=30)
        self.connection.execute("PRAGMA journal_mode = WAL")
        self.connection.execute("PRAGMA synchronous = OFF")  # a killed process loses nothing by it
        self.connection.execute("PRAGMA foreign_keys = ON")
        if not self.connection.execute("PRAGMA user_version").fetchone()[0]:
            migrations = sorted(HERE.glob("*.sql"))
            self.connection.executescript("BEGIN;" + "".join(f.read_text(encoding="utf-8") for f in migrations) +
                                          f"PRAGMA user_version = {len(migrations)}; COMMIT;")
        self.session, self.waiting = None, []

    def take(self, run, collector, **what):
        self.waiting.append((run, collector, what))
        if FAULT != "late":
            self.flush()

    def flush(self):
        self.connection.execute("BEGIN IMMEDIATE")
        for run, collector, what in self.waiting:
            self.write(run, collector, **what)
        self.connection.execute("COMMIT")
        self.waiting = []

    def begin_session(self):
        environment = insert(self.connection, "environment")
        self.session = insert(self.connection, "session", started_at="2026-01-01T00:00:00Z", origin="live",
                              environment_id=environment)
        return self.session

    def write(self, run, collector, status="complete", reason="", samples=0, counters=()):
        if self.session is None:
            self.begin_session()
        if "id" not in run:
            run["id"] = self.begin_run(run)
        measurement = insert(self.connection, "measurement", run_id=run["id"], ordinal=run["taken"], collector=collector,
                             tool=collector.upper(), tool_version="1", taken_at="2026-01-01T00:00:00Z", status=status,
                             reason=reason, sample_count=samples, counter_count=len(counters))
        run["taken"] += 1
        for i in range(samples):
            insert(self.connection, "sample", measurement_id=measurement, ordinal=i, kind="graph", launches=1,
                   duration_ns=nanoseconds(run) + 10 * (i - 1),
                   effective_clock_mhz=1700.0 if FAULT == "clock" else 1801.0)
        for i, (kernel, name, value) in enumerate(counters):
            self.connection.execute("INSERT OR IGNORE INTO counter_name (name) VALUES (?)", (name,))
            name_id = self.connection.execute("SELECT id FROM counter_name WHERE name = ?", (name,)).fetchone()[0]
            insert(self.connection, "counter", measurement_id=measurement, ordinal=i, name_id=name_id, kernel=kernel,
                   value=value)

    def begin_run(self, run):
        c = self.connection
        subject = insert(c, "subject", kind="phase", name=run["phase"])
        found = c.execute("SELECT id FROM problem WHERE text = ?", (run["shape"],)).fetchone()
        problem = found[0] if found else insert(c, "problem", workload="attention", text=run["shape"])
        device_class = insert(c, "device_class", name="Fake GPU", chip="GH100")
        device = insert(c, "device", class_id=device_class)
        series = insert(c, "series", kind="phase", subject=f"{run['phase']} {device_class}")
        environment = insert(c, "environment")
        row = insert(c, "run", session_id=self.session, series_id=series, taken_at="2026-01-01T00:00:00Z",
                     origin="live", subject_id=subject,
                     problem_id=problem, device_id=device, environment_id=environment, model_flops=1e9, model_bytes=1e6,
                     answer="right")
        for i, name in enumerate(KERNELS.get(run["phase"], ["attention_" + run["phase"]])):
            insert(c, "kernel", run_id=row, ordinal=i, name=name)
        run["taken"] = 0
        return row


class Helper:
    def __init__(self):
        self.process = None

    def ready(self):
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen([sys.executable, __file__, "helper"], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, text=True)

    def count(self):
        """Whether it lived to answer."""
        self.ready()
        try:
            self.process.stdin.write("count\n")
            self.process.stdin.flush()
            lived = self.process.stdout.readline() == "done\n"
        except OSError:
            lived = False
        if not lived:
            self.process.wait()
        return lived


def map_cupti():
    library = HERE / "libcupti.so.13"
    library.write_bytes(b"x" * 4096)
    with open(library, "rb") as file:
        return mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)


def helper():
    mapped = map_cupti()
    try:
        for _ in sys.stdin:
            time.sleep(STEP_SECONDS)
            print("done", flush=True)
    except BrokenPipeError:
        pass
    if FAULT == "orphan":
        time.sleep(8)
    mapped.close()


def nanoseconds(run):
    """Of a launch, at 1800 MHz; ncu finds the GPU at 1750."""
    return run.get("ns", 1e6 if run["shape"] == "long" else 2e5)


def counters(run, tool):
    names = KERNELS.get(run["phase"], ["one"])
    instructions = 1020 if FAULT == "wrong" and tool == "ncu" else 1000
    values = [(("sm__inst_executed.sum", instructions), ("dram__bytes.sum", 2e6), ("sm__cycles.avg", 5.0),
               ("sm__cycles_elapsed.avg.per_second", 1.75e9),
               ("gpu__time_duration.sum", nanoseconds(run) * 1.8 / 1.75), ("smsp__warps_launched.sum", 100.0),
               ("sm__warps_active.avg.pct_of_peak_sustained_active", 20.0 + 60.0 * kernel),
               ("sm__cycles_active.sum", 3e6 - 2e6 * kernel)) for kernel in range(len(names))]
    return [(kernel, name, value) for kernel in range(len(names)) for name, value in values[kernel]]


def show(number, database):
    """One run as `show --json` has it: the metrics of the launch."""
    connection = sqlite3.connect(database)
    phase = connection.execute("SELECT subject.name FROM run JOIN subject ON subject.id = run.subject_id "
                               "WHERE run.id = ?", (number,)).fetchone()[0]
    several = len(KERNELS.get(phase, ["one"])) > 1
    occupancy = 20.0 if not several else 50.0 if FAULT == "weight" else 35.0  # (20 * 3e6 + 80 * 1e6) / 4e6
    metrics = {"achieved_occupancy": {"value": occupancy}, "warps_launched": {"value": 200.0 if several else 100.0},
               "l2_bytes": {"value": None}}
    print(json.dumps({"schema": 2, "runs": [{"phase": phase, "metrics": metrics}]}))


def profile(phases, shapes, database, tell, collect=None, ncu_path=None):
    """What a session does; `tell` gets the worker's events."""
    mapped = map_cupti() if FAULT == "maps" else None
    store, child = Database(database), Helper()
    if FAULT == "session":
        store.begin_session()
        time.sleep(1)
    runs = [{"phase": phase, "shape": shape} for shape in shapes for phase in phases]
    counting = collect is None or "cupti" in collect
    refusal = os.environ.get("FLASHCORE_SIMULATE_REFUSAL")
    if counting and not refusal:
        child.ready()
    for i, run in enumerate(runs):
        tell({"event": "run_started", "run_index": i})
        time.sleep(STEP_SECONDS)
        if FAULT == "slowed" and counting:
            run["ns"] = 2.1e5
        tell({"event": "step", "step": "timing", "run_index": i, "done": 1, "total": 1})
        store.take(run, "timing", samples=3)
    for run in runs if counting or "ncu" in collect else []:
        if not counting:
            pass
        elif refusal:
            store.take(run, "cupti", status="refused", reason=f"simulated: {refusal}")
        elif child.count():
            store.take(run, "cupti", counters=counters(run, "cupti"))
        elif FAULT == "fragile":
            return 6
        else:
            store.take(run, "cupti", status="failed", reason="the helper ended: signal 9 (killed)")
        if (counting and refusal and FAULT != "stuck") or "ncu" in (collect or []):
            there = ncu_path is None or os.path.exists(ncu_path)
            store.take(run, "ncu", **({"counters": counters(run, "ncu")} if there else
                                      {"status": "refused", "reason": "no ncu"}))
    store.flush()
    if mapped:
        mapped.close()
    return 3 if "--strict" in sys.argv and refusal and ncu_path else 0


def worker():
    for line in sys.stdin:
        request = json.loads(line)
        if FAULT == "slow":
            time.sleep(0.3)
        code = profile(PHASES if request["phases"] == ["all"] else request["phases"], request["problems"], request["db"],
                       lambda event: print(json.dumps({"id": request["id"], **event}), flush=True))
        print(json.dumps({"id": request["id"], "event": "finished", "exit_code": code}), flush=True)


def main(words):
    value = {a: b for a, b in zip(words, words[1:]) if a.startswith("--")}
    if words[:1] == ["doctor"]:
        print("ok      gpu        Fake GPU")
    elif words[:1] == ["--version"]:
        print("flashcore-profile 0.0.0 (fake)")
    elif words[:1] == ["list"]:
        sqlite3.connect(value["--db"]).execute("SELECT COUNT(*) FROM run")
    elif words[:1] == ["show"]:
        show(int(words[1]), value["--db"])
    elif words[:1] == ["helper"]:
        helper()
    elif words[:1] == ["worker"]:
        worker()
    else:
        shapes = [b for a, b in zip(words, words[1:]) if a == "--shape"]
        phases = PHASES if value["--phase"] == "all" else value["--phase"].split(",")
        collect = value["--collect"].split(",") if "--collect" in value else ["ncu"] if "--ncu" in words else None
        return profile(phases, shapes, value["--db"], lambda event: None, collect, value.get("--ncu-path"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
