#!/usr/bin/env python3
"""scripts/gpu_proof and scripts/compare_ncu against a stand-in for flashcore-profile that writes a database of the
real schema: they hold where it does well, and notice each thing that it does wrong."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


class Proofs(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        self.bin = self.root / "bin"
        self.bin.mkdir()
        for migration in (ROOT / "store" / "migrations").glob("*.sql"):
            shutil.copy2(migration, self.bin)
        program = self.bin / "flashcore-profile"
        program.write_text(f"#!{sys.executable}\n" +
                           (ROOT / "tests" / "scripts" / "fake_profile.py").read_text(encoding="utf-8"), encoding="utf-8")
        program.chmod(0o755)

    def tearDown(self):
        self.folder.cleanup()

    def start(self, script, *arguments, fault=""):
        return subprocess.run([sys.executable, self.root / "scripts" / script, *arguments], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env={**os.environ, "FAKE_FAULT": fault}, timeout=240)

    def holds(self, *arguments):
        done = self.start("gpu_proof", *arguments)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertNotIn("**fail**", done.stdout)
        return done.stdout

    def notices(self, fault, words, *arguments):
        done = self.start("gpu_proof", *arguments, fault=fault)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"\*\*fail\*\*: .*" + words)

    def test_a_kill_loses_nothing(self):
        said = self.holds("--only", "kill", "--kills", "6")
        self.assertIn("6 moments of a session of 12 runs", said)
        self.assertIn("6 of 6 proofs hold.", said)
        self.assertRegex(said, r"\| worker \| ([5-9]|1\d) \|")  # the last ones knew of most of the runs

    def test_a_kill_that_loses_runs_is_noticed(self):
        self.notices("late", "timed runs are lost", "--only", "kill", "--kills", "6")

    def test_a_session_without_runs_is_noticed(self):
        self.notices("session", "session without runs", "--only", "kill", "--kills", "4")

    def test_a_helper_that_outlives_its_program_is_noticed(self):
        self.notices("orphan", "outlived it", "--only", "kill", "--kills", "1")

    def test_a_helpers_death_costs_at_most_one_measurement(self):
        self.assertRegex(self.holds("--only", "helper"), r"\| 12 \| 1[12] \| [01] \| yes \| pass \|")

    def test_a_session_that_ends_with_its_helper_is_noticed(self):
        self.notices("fragile", "the session ended with 6", "--only", "helper")

    def test_who_maps_cupti(self):
        self.assertIn("its helper: libcupti.so.13", self.holds("--only", "maps"))
        self.notices("maps", "the process that times maps libcupti", "--only", "maps")

    def test_the_ladder(self):
        self.assertIn("7 of 7 proofs hold.", self.holds("--only", "ladder"))
        self.notices("stuck", "ncu is not asked", "--only", "ladder")

    def test_times_of_two_programs_in_turns(self):
        said = self.holds("--only", "time", "--turns", "1", "--against", str(self.bin / "flashcore-profile"))
        self.assertEqual(said.count("| the other |"), 4)

    def test_ncu_agrees_or_not(self):
        said = self.holds("--only", "ncu")
        self.assertIn("2 of 2 judged counters agree.", said)
        self.assertIn("2 of 2 metrics of the launch agree.", said)
        self.notices("wrong", "compare_ncu ended with 1", "--only", "ncu")

    def test_a_launch_that_is_weighted_wrongly_is_noticed(self):
        self.notices("weight", "compare_ncu ended with 1", "--only", "ncu")

    def test_the_effective_clock(self):
        said = self.holds("--only", "clock", "--turns", "1")
        self.assertIn("| baseline on mission | 1801.0 | 360200 | 1750.0 | 360000 | +0.06% | pass |", said)
        self.notices("clock", "-5.56%", "--only", "clock", "--turns", "1")

    def test_timing_beside_the_counting_process(self):
        self.holds("--only", "alive", "--turns", "2")
        self.notices("slowed", "10.000 us apart", "--only", "alive", "--turns", "2")

    def test_a_request_to_a_worker_that_is_ready(self):
        self.assertIn("| later ones |", self.holds("--only", "warm"))
        self.notices("slow", "ms > 250 ms", "--only", "warm")

    def test_compare_ncu_has_a_table_for_each_kernel_of_each_phase(self):
        out = self.root / "tables.md"
        done = self.start("compare_ncu", "--phase", "wmma,cublas", "--shape", "tiny", "--shape", "1,8,128,64,causal",
                          "--launches", "2", "--out", str(out))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for title in ("## wmma on tiny\n", "## cublas on tiny, kernel 0\n", "## cublas on tiny, kernel 1\n",
                      "## cublas on 1,8,128,64,causal, kernel 1\n"):
            self.assertIn(title, done.stdout)
        self.assertIn("Kernel `softmax`, set standard, medians of 2 launches each.", done.stdout)
        self.assertEqual(out.read_text(encoding="utf-8"), done.stdout)

    def test_compare_ncu_says_why_nothing_was_counted(self):
        os.environ["FLASHCORE_SIMULATE_REFUSAL"] = "permission"
        self.addCleanup(os.environ.pop, "FLASHCORE_SIMULATE_REFUSAL")
        done = self.start("compare_ncu", "--shape", "tiny")
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        self.assertIn("cupti took nothing (refused): simulated: permission", done.stderr)


if __name__ == "__main__":
    unittest.main()
