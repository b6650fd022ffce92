#!/usr/bin/env python3
"""The scripts' command lines: help, mistakes, and what run and test say without doing any of it.

Each script is copied into a tree of stand-ins, so that nothing is installed and nothing is built: cmake,
ctest and flashcore-profile there only write down how they were called.
"""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = ["run", "test", "install_packages", "bundle", "bench", "bench_ncu", "compare_ncu", "check_layers"]


def write_program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


class CommandLines(unittest.TestCase):
    def test_help_is_given_and_exits_0(self):
        for script in SCRIPTS:
            with self.subTest(script):
                done = subprocess.run([ROOT / "scripts" / script, "--help"], capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertIn(f"usage: scripts/{script}", done.stdout)

    def test_a_bad_option_exits_2_and_names_it(self):
        for script in SCRIPTS:
            if script == "run":
                continue  # passes its options on; StandIns has its tests
            # test passes --long options on to ctest, but knows no -z
            option = "-z" if script == "test" else "--no-such-thing"
            with self.subTest(script):
                done = subprocess.run([ROOT / "scripts" / script, option], capture_output=True, text=True, timeout=60)
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(option, done.stderr)


class StandIns(unittest.TestCase):
    """A checkout with a space in its path, whose tools are stand-ins."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        base = pathlib.Path(self.folder.name)
        self.root = base / "a check out"
        (self.root / "scripts").mkdir(parents=True)
        for name in ("run", "test", "say.sh"):
            shutil.copy2(ROOT / "scripts" / name, self.root / "scripts" / name)
        (self.root / "CMakeLists.txt").write_text("", encoding="utf-8")
        self.calls = base / "calls"
        self.bin = base / "bin"
        note = f'#!/bin/sh\nprintf "%s" "${{0##*/}}" >>"{self.calls}"\nfor a; do printf " [%s]" "$a" ' \
               f'>>"{self.calls}"; done\necho >>"{self.calls}"\n'
        write_program(self.root / "scripts" / "install_packages", note)
        write_program(self.bin / "cmake", note)
        write_program(self.bin / "nvidia-smi", "#!/bin/sh\nexit 9\n")
        write_program(self.bin / "nvcc", "#!/bin/sh\nexit 0\n")
        self.note = note
        self.ctest("100% tests passed, 0 tests failed out of 12", 0)
        self.profile("missing gpu        no GPU", 0)

    def tearDown(self):
        self.folder.cleanup()

    def gpu(self):
        write_program(self.bin / "nvidia-smi", "#!/bin/sh\necho 'GPU 0: Test GPU'\n")

    def ctest(self, words, code):
        write_program(self.bin / "ctest", f"{self.note}cat <<'END'\n{words}\nEND\nexit {code}\n")

    def profile(self, doctor, code):
        write_program(self.root / "build" / "bin" / "flashcore-profile",
                      f"{self.note}if [ \"$1\" = doctor ]; then echo '{doctor}'; else echo THE TABLE; fi\nexit {code}\n")

    def start(self, script, *arguments, **environment):
        env = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        env.update({"PATH": f"{self.bin}:/usr/bin:/bin", **environment})
        return subprocess.run([self.root / "scripts" / script, *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env=env, cwd="/", timeout=60)

    def called(self, name):
        lines = self.calls.read_text(encoding="utf-8").splitlines() if self.calls.exists() else []
        return [line for line in lines if line.split(" ")[0] == name]

    def test_run_without_a_gpu_replays_and_says_so_first(self):
        for _ in range(2):  # can be run twice
            done = self.start("run")
            self.assertEqual(done.returncode, 0, done.stderr)
            first = done.stdout.splitlines()[0]
            self.assertIn("No GPU", first)
            self.assertIn("recording", first)
            self.assertIn("THE TABLE", done.stdout)
        self.assertIn("[--replay]", self.called("flashcore-profile")[-1])
        self.assertIn("[--report]", self.called("flashcore-profile")[-1])
        self.assertNotIn("[--phase]", self.called("flashcore-profile")[-1])

    def test_run_with_a_gpu_profiles_all_phases_on_mission(self):
        self.gpu()
        self.profile("ok      gpu        Test GPU", 0)
        done = self.start("run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn("recording", done.stdout)
        self.assertIn("[--phase] [all] [--shape] [mission] [--report]", self.called("flashcore-profile")[-1])

    def test_run_with_a_gpu_that_does_not_work_replays(self):
        self.gpu()
        done = self.start("run")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("recording", done.stdout)
        self.assertIn("[--replay]", self.called("flashcore-profile")[-1])

    def test_run_passes_arguments_on_and_they_win(self):
        self.gpu()
        self.profile("ok      gpu        Test GPU", 0)
        self.start("run", "--phase", "wmma", "--shape=large", "--tag", "report=a b", "--report", "x y.html")
        self.assertEqual(self.called("flashcore-profile")[-1],
                         "flashcore-profile [--phase] [wmma] [--shape=large] [--tag] [report=a b] [--report] [x y.html]")

    def test_run_adds_nothing_to_a_command(self):
        done = self.start("run", "list", "phases")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.called("flashcore-profile"), ["flashcore-profile [list] [phases]"])
        self.assertEqual(done.stdout, "THE TABLE\n")

    def test_run_keeps_standard_output_for_json(self):
        done = self.start("run", "--json", "-")
        self.assertEqual(done.stdout, "THE TABLE\n")
        self.assertIn("recording", done.stderr)

    def test_run_keeps_the_exit_code(self):
        self.profile("missing gpu        no GPU", 5)
        self.assertEqual(self.start("run").returncode, 5)

    def test_run_starts_the_app_where_there_is_a_display(self):
        write_program(self.root / "build" / "bin" / "flashcore", self.note)
        done = self.start("run", "--db", "/tmp/some where.db", DISPLAY=":77")
        self.assertIn("Started the desktop app", done.stdout)
        subprocess.run(["sleep", "0.5"], check=True)
        self.assertEqual(self.called("flashcore"), ["flashcore [/tmp/some where.db]"])
        self.assertNotIn("Started", self.start("run", DISPLAY=":77", FLASHCORE_NO_APP="1").stdout)
        self.assertNotIn("Started", self.start("run").stdout)

    def test_test_ends_with_a_summary(self):
        done = self.start("test")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "12 passed, 0 failed")
        self.assertIn("[-LE] [gpu]", self.called("ctest")[-1])

    def test_test_counts_each_skipped_test_once(self):
        self.ctest(" 3/12 Test  #3: a.b .......***Skipped   0.01 sec\n100% tests passed, 0 tests failed out of 12", 0)
        self.assertEqual(self.start("test").stdout.splitlines()[-1], "11 passed, 0 failed, 1 skipped")

    def test_test_fails_when_a_test_does(self):
        self.ctest("83% tests passed, 2 tests failed out of 12", 8)
        done = self.start("test")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "10 passed, 2 failed")

    def test_test_fails_when_ctest_has_no_result(self):
        self.ctest("No tests were found!!!", 8)
        self.assertEqual(self.start("test").returncode, 1)

    def test_test_for_a_gpu_needs_one(self):
        done = self.start("test", "--gpu")
        self.assertEqual(done.returncode, 3)
        self.assertIn("no GPU", done.stderr)
        self.gpu()
        self.assertEqual(self.start("test", "--gpu").returncode, 0)
        self.assertIn("[-L] [gpu]", self.called("ctest")[-1])

    def bundle(self, words, code):
        (self.root / "CMakeLists.txt").unlink(missing_ok=True)
        write_program(self.root / "tests" / "test_gpu_a", f"#!/bin/sh\ncat <<'END'\n{words}\nEND\nexit {code}\n")

    def test_test_runs_a_bundles_programs(self):
        self.gpu()
        self.bundle("[  PASSED  ] 4 tests.\n[  SKIPPED ] 1 test, listed below:", 0)
        done = self.start("test", "--gpu")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.splitlines()[-1], "4 passed, 0 failed, 1 skipped")
        self.assertEqual(self.called("cmake"), [])

    def test_test_sees_a_bundles_failures(self):
        self.gpu()
        self.bundle("[  PASSED  ] 4 tests.\n[  FAILED  ] 2 tests, listed below:", 1)
        done = self.start("test", "--gpu")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "4 passed, 2 failed")
        self.bundle("Segmentation fault", 139)
        done = self.start("test", "--gpu")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.splitlines()[-1], "0 passed, 1 failed")


if __name__ == "__main__":
    unittest.main()
