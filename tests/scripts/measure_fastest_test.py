#!/usr/bin/env python3
"""scripts/measure_fastest: what of a database and of JSON enters the table behind "auto", what does not, and whether the
table of the tree is what its sources give."""
import json
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MISSION = "b=1,h=8,hkv=8,sq=512,sk=512,d=64,dtype=f16,mask=full"
CAUSAL = MISSION.replace("full", "causal")


def run(phase, us, problem=MISSION, taken="2026-01-01T00:00:00Z", **other):
    return {"phase": phase, "us": us, "problem": problem, "taken": taken, "answer": "right", "cache": "warm",
            "kind": "phase", "device": "NVIDIA H200", "compute": (9, 0), "sms": 132, **other}


def write_database(path, runs):
    """The tables that the script reads, with the names and types of the real schema (tests below read a real one)."""
    database = sqlite3.connect(path)
    database.executescript("""
        CREATE TABLE subject (id INTEGER PRIMARY KEY, kind TEXT, name TEXT);
        CREATE TABLE problem (id INTEGER PRIMARY KEY, workload TEXT, text TEXT);
        CREATE TABLE device_class (id INTEGER PRIMARY KEY, name TEXT, compute_major INTEGER, compute_minor INTEGER, sm_count INTEGER);
        CREATE TABLE device (id INTEGER PRIMARY KEY, class_id INTEGER);
        CREATE TABLE run (id INTEGER PRIMARY KEY, subject_id INTEGER, problem_id INTEGER, device_id INTEGER, answer TEXT, cache TEXT, taken_at TEXT);
        CREATE TABLE run_summary (run_id INTEGER, graph_p50_ns REAL);""")
    for n, r in enumerate(runs):
        database.execute("INSERT INTO subject VALUES (?, ?, ?)", (n, r["kind"], r["phase"]))
        database.execute("INSERT INTO problem VALUES (?, 'attention', ?)", (n, r["problem"]))
        database.execute("INSERT INTO device_class VALUES (?, ?, ?, ?, ?)", (n, r["device"], *r["compute"], r["sms"]))
        database.execute("INSERT INTO device VALUES (?, ?)", (n, n))
        database.execute("INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?)", (n, n, n, n, r["answer"], r["cache"], r["taken"]))
        database.execute("INSERT INTO run_summary VALUES (?, ?)", (n, None if r["us"] is None else 1000 * r["us"]))
    database.commit()
    database.close()


def write_json(path, runs):
    path.write_text(json.dumps({"schema": 2, "runs": [
        {"subject": {"kind": r["kind"], "name": r["phase"]}, "problem_text": r["problem"], "answer": r["answer"],
         "cache": r["cache"], "taken_at": r["taken"], "timing": {"graph_us": None if r["us"] is None else {"p50": r["us"]}},
         "device_info": {"name": r["device"], "compute_capability": ".".join(map(str, r["compute"])), "sm_count": r["sms"]}}
        for r in runs]}), encoding="utf-8")


class Tables(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.base = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def start(self, *sources):
        out = self.base / "out.csv"
        done = subprocess.run([sys.executable, ROOT / "scripts/measure_fastest", "--out", out, *sources], capture_output=True,
                              text=True, timeout=60)
        return done, out.read_text(encoding="utf-8") if done.returncode == 0 else ""

    def rows(self, runs):
        """The rows that a database gives; JSON of the same runs must give them too."""
        found = []
        for name, write in (("runs.db", write_database), ("runs.json", write_json)):
            (self.base / name).unlink(missing_ok=True)
            write(self.base / name, runs)
            done, text = self.start(self.base / name)
            self.assertEqual(done.returncode, 0, done.stderr)
            found.append([line for line in text.splitlines() if not line.startswith("#")][1:])
        self.assertEqual(found[0], found[1])
        return found[0]

    def test_phases_of_a_problem_are_ordered_by_time(self):
        self.assertEqual(self.rows([run("wmma", 14.8333), run("cublas", 11.3567), run("baseline", 179.2)]),
                         ["NVIDIA H200,90,132,1,8,8,512,512,64,f16,full,cublas 11.357; wmma 14.833; baseline 179.200"])

    def test_problems_and_devices_are_kept_apart(self):
        rows = self.rows([run("a", 1), run("b", 2), run("a", 4, CAUSAL), run("b", 3, CAUSAL),
                          run("a", 9, device="NVIDIA L4", compute=(8, 9), sms=58), run("b", 8, device="NVIDIA L4", compute=(8, 9), sms=58)])
        self.assertEqual(rows, ["NVIDIA H200,90,132,1,8,8,512,512,64,f16,causal,b 3.000; a 4.000",
                                "NVIDIA H200,90,132,1,8,8,512,512,64,f16,full,a 1.000; b 2.000",
                                "NVIDIA L4,89,58,1,8,8,512,512,64,f16,full,b 8.000; a 9.000"])

    def test_the_run_taken_last_counts(self):
        for order in (1, -1):
            rows = self.rows([run("b", 2), *[run("a", 1, taken="2026-01-02T00:00:00Z"), run("a", 7)][::order]])
            self.assertTrue(rows[0].endswith("a 1.000; b 2.000"), rows)

    def test_what_is_no_result_is_left_out(self):
        kept = [run("a", 5), run("b", 6)]
        for bad in (run("x", 1, answer="wrong"), run("x", 1, answer="unchecked"), run("x", 1, cache="cold"), run("x", None),
                    run("x", 1, kind="kernel")):
            self.assertNotIn("x 1", self.rows([*kept, bad])[0], bad)

    def test_a_problem_of_one_phase_chooses_nothing(self):
        self.assertEqual(len(self.rows([run("a", 5), run("b", 6), run("a", 5, CAUSAL)])), 1)
        write_json(self.base / "one.json", [run("a", 5)])
        done, _ = self.start(self.base / "one.json")
        self.assertEqual(done.returncode, 5)
        self.assertIn("no problem on which two phases", done.stderr)

    def test_several_sources_are_one_table(self):
        write_json(self.base / "a.json", [run("a", 5)])
        write_database(self.base / "b.db", [run("b", 4)])
        _, text = self.start(self.base / "a.json", self.base / "b.db")
        self.assertIn("b 4.000; a 5.000", text)
        self.assertIn("measure_fastest a.json b.db;", text)

    def test_what_cannot_be_read_is_named(self):
        (self.base / "text").write_text("no database", encoding="utf-8")
        (self.base / "list").write_text("[1]", encoding="utf-8")
        (self.base / "cut.db").write_bytes(b"SQLite format 3\0" + bytes(100))
        (self.base / "cut.zst").write_bytes(b"\x28\xb5\x2f\xfdcut")
        for name, code in (("text", 5), ("list", 5), ("cut.db", 5), ("cut.zst", 6), ("none", 5)):
            done, _ = self.start(self.base / name)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(name, done.stderr)
            self.assertNotIn("Traceback", done.stderr)
        self.assertEqual(self.start()[0].returncode, 2)

    def test_the_tree_s_table_is_what_its_sources_give(self):
        table = (ROOT / "kernels/fastest_phase.csv").read_text(encoding="utf-8")
        sources = re.search(r"measure_fastest (.+);", table).group(1).split()
        if not all((ROOT / source).is_file() for source in sources):
            self.skipTest(f"{' '.join(sources)} is not in the tree")
        if shutil.which("zstd") is None:
            self.skipTest("no zstd on this machine")
        done, text = self.start(*[ROOT / source for source in sources])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(text, table)


if __name__ == "__main__":
    unittest.main()
