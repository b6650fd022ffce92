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
import tarfile
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = ["run", "test", "install_packages", "bundle", "bench", "bench_ncu", "compare_ncu", "gpu_proof", "fuzz",
           "check_layers", "check_compiler_limits", "draw_tiles", "ladder_table", "measure_fastest",
           "compare_torch"]

# As CLI11 prints it: options with a value, with one that may be left out, and flags.
HELP = """Profiles the phases of a CUDA kernel.
Usage: flashcore-profile [OPTIONS] [SUBCOMMAND]

Options:
  -h,--help                   Print this help message and exit
  --phase NAME[,NAME] ...     phases to run, or `all`
  --shape NAME|B,H,S,D|B,H,Sq,Sk,D ...
                              problem; may be repeated
  --causal                    mask keys after the query
  --set SET=standard          how many counters
  --tag K=V ...               label the runs
  --db FILE                   database
  --report FILE               write an HTML report
  --json [FILE|-]             as JSON; - or nothing is standard output
  --replay [FILE]             serve a recording
  --ncu                       count with Nsight Compute
  --ncu-path PROGRAM (Env:FLASHCORE_NCU_PATH)
                              the ncu to use

Subcommands:
  list                        phases, shapes, runs
  show                        everything of one run

Examples:
  flashcore-profile list phases
"""


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
        for name in ("run", "test", "record", "say.sh"):
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
                      f"#!/bin/sh\nif [ \"$1\" = --help ]; then cat <<'END'\n{HELP}END\nexit 0; fi\n{self.note}"
                      f"if [ \"$1\" = doctor ]; then echo '{doctor}'; else echo THE TABLE; fi\nexit {code}\n")

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

    def test_run_takes_an_options_value_for_no_command(self):
        for arguments in (("--ncu", "--ncu-path", "/opt/an/ncu"), ("--tag", "show"), ("--ncu-path", "import"),
                          ("--causal", "--set", "list"), ("--replay", "some.db.zst")):
            with self.subTest(arguments):
                self.assertEqual(self.start("run", *arguments).returncode, 0)
                self.assertIn("[--report]", self.called("flashcore-profile")[-1])

    def test_run_knows_a_command_behind_options(self):
        for arguments in (("import", "a.csv"), ("--db", "x.db", "show", "latest"), ("--ncu", "doctor"),
                          ("--replay", "--quiet", "list", "runs"), ("--json", "list", "runs")):
            with self.subTest(arguments):
                self.start("run", *arguments)
                self.assertEqual(self.called("flashcore-profile")[-1],
                                 "flashcore-profile " + " ".join(f"[{a}]" for a in arguments))

    def test_run_says_what_cmake_warned_of(self):
        write_program(self.bin / "cmake", self.note + "[ \"$1\" = --preset ] || exit 0\ncat <<'END'\n-- Found Threads\n"
                      "CMake Warning at reports/CMakeLists.txt:9 (message):\n  FlashCore: npm could not fetch Apache ECharts; "
                      "the report has\n  its tables and no charts.\n\n\n-- FlashCore: no CUDA toolkit\n-- Configuring done\nEND\n")
        said = self.start("run").stderr
        self.assertIn("FlashCore: npm could not fetch Apache ECharts; the report has\nits tables and no charts.\n", said)
        self.assertIn("\nFlashCore: no CUDA toolkit\n", said)
        self.assertNotIn("Configuring done", said)

    def test_run_keeps_standard_output_for_json(self):
        for arguments in (("--json", "-"), ("--json=-",), ("--json",), ("--json", "--quiet")):
            with self.subTest(arguments):
                done = self.start("run", *arguments)
                self.assertEqual(done.stdout, "THE TABLE\n")
                self.assertIn("recording", done.stderr)
        self.assertIn("recording", self.start("run", "--json", "a file").stdout)

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

    def test_record_takes_all_phases_with_the_mask_and_from_cold_caches_too(self):
        self.assertEqual(self.start("record", "/tmp/out.db.zst").returncode, 0)
        full, masked, cold, long, slow, decode, packed = self.called("flashcore-profile")
        for shape in ("tiny", "small", "medium", "mission", "multi_batch", "large"):
            self.assertIn(f"[--shape] [{shape}]", full)
        for shape in ("mission,causal", "large,causal"):
            self.assertIn(f"[--shape] [{shape}]", masked)
        self.assertIn("[--shape] [mission] [--shape] [large] [--cache] [cold]", cold)
        for call in (full, masked, cold):
            self.assertIn("[--phase] [all]", call)
            self.assertIn("[--set] [full] [--strict]", call)
        for shape in ("long", "long128", "long,causal", "long128,causal", "long,bf16", "long128,bf16"):
            self.assertIn(f"[--shape] [{shape}]", long)
        self.assertIn("[--phase] [baseline] [--shape] [long] [--shape] [long128] [--iters] [10]", slow)
        for call in (long, decode):
            for phase in ("wmma", "fused", "cudnn"):
                self.assertIn(f"[--phase] [{phase}]", call)
        self.assertIn("[--shape] [8,32,1,8192,128,hkv=8]", decode)
        for call in (long, slow, decode):
            self.assertIn("[--set] [full] [--strict]", call)
        self.assertIn("[record] [/tmp/out.db.zst] [--db]", packed)
        self.profile("", 3)
        self.assertEqual(self.start("record", "/tmp/out.db.zst").returncode, 3)
        self.assertNotIn("[record]", self.called("flashcore-profile")[-1])

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

    def test_test_runs_a_bundles_python_tests(self):
        self.gpu()
        self.bundle("[  PASSED  ] 4 tests.", 0)
        folder = self.root / "tests" / "python"
        for name, code in (("a", 0), ("b", 77)):
            write_program(folder / f"{name}_test.py", f"raise SystemExit({code})\n")
        done = self.start("test", "--gpu")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (0, "5 passed, 0 failed, 1 skipped"), done.stderr)
        write_program(folder / "c_test.py", "raise SystemExit(1)\n")
        done = self.start("test", "--gpu")
        self.assertEqual((done.returncode, done.stdout.splitlines()[-1]), (1, "5 passed, 1 failed, 1 skipped"), done.stderr)


class Packages(unittest.TestCase):
    """scripts/install_packages with stand-ins for dpkg-query and apt-get."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.bin = pathlib.Path(self.folder.name) / "bin"
        for name in ("bash", "env", "dirname", "readlink", "id", "sort", "mktemp", "rm", "tail", "cat"):
            self.bin.mkdir(exist_ok=True)
            (self.bin / name).symlink_to(shutil.which(name))
        write_program(self.bin / "sudo", '#!/bin/sh\n[ "$1" != -n ] || exit 0\nexec "$@"\n')
        self.installed("g++")

    def tearDown(self):
        self.folder.cleanup()

    def installed(self, *missing):
        """All packages are here but these."""
        write_program(self.bin / "dpkg-query", '#!/bin/sh\nfor name; do :; done\ncase " ' + " ".join(missing) +
                      ' " in *" $name "*) exit 1 ;; esac\nprintf installed\n')

    def apt(self, refused):
        write_program(self.bin / "apt-get", f'#!/bin/sh\necho "apt-get $*" >>"{self.folder.name}/calls"\n'
                                            f'case " $* " in *" {refused} "*) echo no such package; exit 100 ;; esac\n')

    def install(self, *arguments):
        return subprocess.run([ROOT / "scripts" / "install_packages", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, env={"PATH": str(self.bin)}, timeout=60)

    def test_nothing_is_done_where_all_is_here(self):
        self.installed()
        write_program(self.bin / "npm", "#!/bin/sh\n")
        write_program(self.bin / "node", "#!/bin/sh\n")
        self.assertIn("all packages are here", self.install().stderr)

    def test_what_is_missing_is_listed_once(self):
        self.installed("binutils", "npm")
        write_program(self.bin / "node", "#!/bin/sh\n")
        self.assertEqual(self.install("--list", "all").stdout, "binutils\nnpm\n")

    def test_a_package_that_is_needed_and_not_to_be_had_is_an_error(self):
        self.apt("g++")
        done = self.install()
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("g++", done.stderr)

    def test_the_build_goes_on_without_npm(self):
        self.installed("npm", "nodejs")
        self.apt("npm")
        done = self.install()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("npm", done.stderr)
        self.assertIn("going on without charts", done.stderr)
        (self.bin / "apt-get").unlink()
        self.assertEqual(self.install().returncode, 0)
        self.installed("npm", "nodejs", "g++")
        self.assertEqual(self.install().returncode, 3)


class Bundles(unittest.TestCase):
    """scripts/bundle in a tree of stand-ins: which tools it asks for, and what it packs."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        base = pathlib.Path(self.folder.name)
        self.root, self.bin = base / "a check out", base / "bin"
        shutil.copytree(ROOT / "scripts", self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        for folder in ("python", "tests/python"):
            shutil.copytree(ROOT / folder, self.root / folder, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("README.md", "LICENSE", "CMakeLists.txt"):
            shutil.copy2(ROOT / name, self.root / name)
        write_program(self.root / "build" / "bin" / "flashcore-profile", "#!/bin/sh\n")
        (self.root / "build" / "CMakeCache.txt").write_text("FLASHCORE_CUDA:BOOL=OFF\n", encoding="utf-8")
        # All of this machine's programs but those that a test leaves out.
        self.bin.mkdir()
        for program in pathlib.Path("/usr/bin").iterdir():
            (self.bin / program.name).symlink_to(program)
        for name in ("cmake", "patchelf"):
            (self.bin / name).unlink(missing_ok=True)
        write_program(self.bin / "cmake", '#!/bin/sh\nmkdir -p "$4/bin"\nprintf "#!/bin/sh\\n" >"$4/bin/flashcore-profile"\n'
                                          'chmod 755 "$4/bin/flashcore-profile"\n')

    def tearDown(self):
        self.folder.cleanup()

    def bundle(self, *arguments):
        return subprocess.run([self.root / "scripts" / "bundle", "--no-build", *arguments], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, env={**os.environ, "PATH": str(self.bin)},
                              timeout=120)

    def packed(self):
        return sorted((self.root / "dist").glob("*"))

    def test_a_missing_tool_is_named_with_its_package_before_anything_is_done(self):
        done = self.bundle()
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("patchelf (package patchelf)", done.stderr)
        self.assertFalse((self.root / "dist").exists())
        write_program(self.bin / "patchelf", "#!/bin/sh\n")
        for tool, package in (("objdump", "binutils"), ("gzip", "gzip")):
            (self.bin / tool).rename(self.bin / "hidden")
            done = self.bundle()
            self.assertEqual(done.returncode, 6, done.stderr)
            self.assertIn(f"{tool} (package {package})", done.stderr)
            (self.bin / "hidden").rename(self.bin / tool)

    def test_zstd_is_needed_for_its_own_name_only(self):
        write_program(self.bin / "patchelf", "#!/bin/sh\n")
        (self.bin / "zstd").unlink(missing_ok=True)
        done = self.bundle(str(self.root / "dist" / "x.tar.zst"))
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertIn("zstd (package zstd)", done.stderr)
        self.assertEqual(self.bundle().returncode, 0)

    def test_the_default_unpacks_everywhere_holds_the_scripts_and_is_the_same_each_time(self):
        write_program(self.bin / "patchelf", "#!/bin/sh\n")
        done = self.bundle()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([p.name.endswith("-linux-x86_64.tar.gz") for p in self.packed()], [True])
        first = self.packed()[0].read_bytes()
        with tarfile.open(self.packed()[0], "r:gz") as bundle:
            names = {name.split("/", 1)[-1] for name in bundle.getnames()}
        for name in ("test", "record", "compare_ncu", "bench_ncu", "gpu_proof", "say.sh", "ncu_runs.py", "watched.py"):
            self.assertIn(f"scripts/{name}", names)
        for name in ("python/pyproject.toml", "python/flashcore/__init__.py", "python/build_backend/flashcore_build.py",
                     "tests/python/attention_test.py", "tests/python/support.py"):
            self.assertIn(name, names)
        self.assertEqual(self.bundle().returncode, 0)
        self.assertEqual(self.packed()[0].read_bytes(), first)


if __name__ == "__main__":
    unittest.main()
