"""What scripts/gpu_proof watches a running flashcore-profile by: its database, its processes, its worker's words.

Everything is seen from outside, as another program sees it. Standard library only.
"""
import json
import os
import pathlib
import queue
import re
import signal
import sqlite3
import subprocess
import threading
import time

import ncu_runs

POLL_SECONDS = 0.01


# --- the database ------------------------------------------------------------------------------------------

def rows(database, query, *parameters):
    """Of a database that others write; none where it, or its tables, are not there yet."""
    if not pathlib.Path(database).exists():
        return []
    try:
        with ncu_runs.reading(database) as connection:
            return connection.execute(query, parameters).fetchall()
    except sqlite3.OperationalError:
        return []


def timed_runs(database):
    """run -> samples, of the runs whose timing is complete."""
    return dict(rows(database, """
      SELECT measurement.run_id, COUNT(*) FROM measurement JOIN sample ON sample.measurement_id = measurement.id
       WHERE measurement.collector = 'timing' AND measurement.status = 'complete' GROUP BY measurement.id"""))


def statuses(database, collector):
    """(status, reason) of each measurement of that collector, in the order taken."""
    return rows(database, "SELECT status, reason FROM measurement WHERE collector = ? ORDER BY id", collector)


def faults_of(database):
    """What is wrong with a database that was left behind: sentences."""
    if not pathlib.Path(database).exists():
        return []
    faults = []
    try:
        connection = sqlite3.connect(database)
        told = [row[0] for row in connection.execute("PRAGMA integrity_check")]
        if told != ["ok"]:
            faults.append("integrity_check: " + "; ".join(told)[:200])
        if connection.execute("PRAGMA foreign_key_check").fetchall():
            faults.append("foreign_key_check finds rows without their parents")
        if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'run'").fetchone():
            for what, query in (("session without runs", "session WHERE id NOT IN (SELECT session_id FROM run)"),
                                ("run without measurements", "run WHERE id NOT IN (SELECT run_id FROM measurement)"),
                                ("measurement without all its samples", "measurement WHERE sample_count <> "
                                 "(SELECT COUNT(*) FROM sample WHERE measurement_id = measurement.id)"),
                                ("measurement without all its counters", "measurement WHERE counter_count <> "
                                 "(SELECT COUNT(*) FROM counter WHERE measurement_id = measurement.id)")):
                count = connection.execute(f"SELECT COUNT(*) FROM {query}").fetchone()[0]
                if count:
                    faults.append(f"{count} {what}")
        connection.close()
    except sqlite3.DatabaseError as error:
        faults.append(f"sqlite3: {error}")
    return faults


# --- processes ---------------------------------------------------------------------------------------------

def stat_of(pid):
    """What /proc says of a process behind its name: state, parent, ..."""
    text = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    return text.rsplit(")", 1)[1].split()


def parents():
    """pid -> parent, of every process of this machine."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = int(stat_of(entry.name)[1])
            except (OSError, IndexError):
                continue
    return found


def descendants(pid):
    tree, found, front = parents(), [], [pid]
    while front:
        front = [child for child, parent in tree.items() if parent in front]
        found += front
    return found


def arguments_of(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode("utf-8", "replace").split("\0")[:-1]
    except OSError:
        return []


def helpers(pid):
    """The counting processes of a session."""
    return [child for child in descendants(pid) if "helper" in arguments_of(child)[1:]]


def counting_libraries(pid):
    """The libraries of CUPTI that a process has mapped."""
    try:
        maps = pathlib.Path(f"/proc/{pid}/maps").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return set()
    return set(re.findall(r"/(libcupti[^/\s]*|libnvperf[^/\s]*)", maps))


def alive(pid):
    try:
        return stat_of(pid)[0] != "Z"
    except (OSError, IndexError):
        return False


def ended_by_force(pid):
    """Whether it was still there to be killed."""
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def left_over(pids, patience=5.0):
    """Which of these processes are still there after that many seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end and any(alive(pid) for pid in pids):
        time.sleep(POLL_SECONDS)
    return [pid for pid in pids if alive(pid)]


# --- sessions ----------------------------------------------------------------------------------------------

class Session:
    """flashcore-profile, started as a user starts it."""

    def __init__(self, command, database, log):
        self.database = database
        self.log = open(log, "w+", encoding="utf-8")  # closed by words()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        self.pid = self.process.pid

    def timed(self):
        """What is known to have been timed; missing() takes it later."""
        return timed_runs(self.database)

    def missing(self, known):
        """What of it the database does not hold."""
        after = timed_runs(self.database)
        return [run for run, samples in known.items() if after.get(run) != samples]

    def running(self):
        return self.process.poll() is None

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)
        return self.process.wait()

    def wait(self, seconds=600):
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    def words(self):
        self.log.seek(0)
        return self.log.read()[-1000:].strip()

    def close(self):
        if self.running():
            self.kill()
        self.log.close()


class WorkerSession(Session):
    """The same through `flashcore-profile worker`, whose events tell what was timed without the database: a run
    is timed when its timing has ended and the next run is begun."""

    def __init__(self, command, request, database, log):
        self.database = database
        self.log = open(log, "w+", encoding="utf-8")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
                                        text=True)
        self.pid = self.process.pid
        self.events = queue.Queue()
        self.told, self.ended, self.finished = 0, None, None
        threading.Thread(target=self._listen, daemon=True).start()
        self.process.stdin.write(json.dumps({**request, "cmd": "profile", "id": 1, "db": str(database)}) + "\n")
        self.process.stdin.flush()

    def _listen(self):
        for line in self.process.stdout:
            self.events.put(line)

    def _hear(self):
        while not self.events.empty():
            try:
                event = json.loads(self.events.get())
            except ValueError:
                continue  # the last line of a killed worker
            name = event.get("event")
            if name in ("finished", "error"):
                self.finished = event
            if self.ended is not None and name in ("run_started", "step") and event["run_index"] != self.ended:
                self.told, self.ended = self.told + 1, None
            if name == "step" and event.get("step") == "timing" and event.get("done") == event.get("total"):
                self.ended = event["run_index"]

    def timed(self):
        self._hear()
        return {number: None for number in range(self.told)}

    def missing(self, known):
        return list(known)[len(timed_runs(self.database)):]

    def running(self):
        self._hear()
        return self.process.poll() is None and self.finished is None
