#!/usr/bin/env python3
"""ladder_table_test.py SOURCE PROGRAM

The numbers of README.md and docs/kernels.md are those of the shipped recording and timings, read by PROGRAM; and
scripts/ladder_table sees what makes them others. The drawings are what scripts/draw_tiles draws."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

SOURCE, PROGRAM = map(pathlib.Path, sys.argv[1:3])
PAGES = ("README.md", "docs/kernels.md")


def run(script, *options):
    return subprocess.run([sys.executable, SOURCE / "scripts" / script, *map(str, options)], capture_output=True,
                          text=True, check=False)


class LadderTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        cls.json = folder / "runs.json"
        ran = subprocess.run([PROGRAM, "--replay", "--quiet", "--db", folder / "runs.db", "--json", cls.json],
                             capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(ran.stderr)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def setUp(self):
        root = tempfile.TemporaryDirectory()
        self.addCleanup(root.cleanup)
        self.root = pathlib.Path(root.name)
        (self.root / "docs").mkdir()
        for page in PAGES:
            (self.root / page).write_text((SOURCE / page).read_text(encoding="utf-8"), encoding="utf-8")

    def check(self, *options, code=1):
        ran = run("ladder_table", "--root", self.root, "--json", self.json, "--program", PROGRAM, *options)
        self.assertEqual(ran.returncode, code, ran.stdout + ran.stderr)
        return ran.stdout + ran.stderr

    def change(self, page, pattern, by):
        path = self.root / page
        text, count = re.subn(pattern, by, path.read_text(encoding="utf-8"), count=1)
        self.assertEqual(count, 1, pattern)
        path.write_text(text, encoding="utf-8")

    def change_runs(self, change):
        document = json.loads(self.json.read_text(encoding="utf-8"))
        change(document["runs"])
        other = self.root / "runs.json"
        other.write_text(json.dumps(document), encoding="utf-8")
        return ("--json", other)

    def test_the_pages_hold_the_shipped_recording(self):
        ran = run("ladder_table", "--check", "--program", PROGRAM)
        self.assertEqual(ran.returncode, 0, ran.stdout + ran.stderr)

    def test_another_number_is_seen_and_mended(self):
        for page in PAGES:
            with self.subTest(page):
                before = (self.root / page).read_text(encoding="utf-8")
                self.change(page, r"(?<=\| )[0-9.]+(?= us)", "1.23")
                self.assertIn("other numbers than the recording's", self.check())
                self.assertIn("brought up to date", self.check("--write", code=0))
                self.assertEqual((self.root / page).read_text(encoding="utf-8"), before)

    def test_another_time_in_the_recording_is_seen(self):
        def slower(runs):
            for one in runs:
                if one["phase"] == "wmma" and one["shape"] == "mission" and one["cache"] == "warm":
                    one["time"]["ns"] *= 1.01
        said = self.check(*self.change_runs(slower))
        for page in PAGES:
            self.assertIn(f"{page}: ", said)
        self.assertRegex(said, r"docs/kernels.md: (\w+, )*wmma")

    def test_another_gain_choice_or_counter_of_fused_is_seen(self):
        def change(value):
            def other(runs):
                for one in runs:
                    if one["phase"] == "fused" and one["shape"] == "long128" and one["cache"] == "warm":
                        value(one)
            return other
        def busier(one):
            one["metrics"]["shared_throughput"]["value"] += 1
        def choose(one):
            next(m for m in one["measurements"] if "choice" in m["parameters"])["parameters"]["choice"] = "other"
        self.assertIn("fused_units: other", self.check(*self.change_runs(change(busier))))
        self.assertIn("docs/kernels.md: gains: other", self.check(*self.change_runs(change(choose))))

    def test_another_time_of_pytorch_is_seen(self):
        timings = json.loads((SOURCE / "recordings" / "h200_torch.json").read_text(encoding="utf-8"))
        for subject in timings["problems"][0]["subjects"]:
            for sample in subject["samples"]:
                sample["duration_ns"] *= 1.1
        other = self.root / "timings.json"
        other.write_text(json.dumps(timings), encoding="utf-8")
        said = self.check("--timings", other)
        self.assertIn("README.md: torch_summary: other", said)
        self.assertIn("docs/kernels.md: torch: other", said)
        self.assertEqual(run("ladder_table", "--json", self.json, "--program", PROGRAM, "--timings",
                             self.root / "none").returncode, 2)

    def test_a_recorded_phase_without_a_place_is_seen(self):
        self.change("docs/kernels.md", r"<!-- ladder: wmma -->", "<!-- gone -->")
        self.assertIn("no `<!-- ladder: wmma -->`", self.check())

    def test_a_page_without_its_summary_is_seen(self):
        self.change("README.md", r"<!-- ladder: summary -->", "")
        self.assertIn("README.md: there is no `<!-- ladder: summary -->`", self.check())

    def test_wrong_answers_and_cold_caches_are_not_shown(self):
        def spoil(runs):
            for one in runs:
                if one["phase"] == "cublas":
                    one["answer"] = "wrong"
                if one["phase"] == "wmma":
                    one["cache"] = "cold"
        self.check("--write", *self.change_runs(spoil), code=0)
        text = (self.root / "docs" / "kernels.md").read_text(encoding="utf-8")
        self.assertIn("has no run of `cublas`", text)
        self.assertIn("has no run of `wmma`", text)
        self.assertNotIn("has no run of `baseline`", text)

    def test_the_drawings_are_the_scripts(self):
        ran = run("draw_tiles", "--check")
        self.assertEqual(ran.returncode, 0, ran.stderr)
        self.assertEqual(run("draw_tiles", "--check", "--folder", self.root).returncode, 1)

    def test_mistakes(self):
        self.assertEqual(run("ladder_table", "--check", "--write").returncode, 2)
        self.assertEqual(run("ladder_table", "--program", self.root / "none").returncode, 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
