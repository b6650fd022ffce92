#!/usr/bin/env python3
"""scripts/compare_torch without a GPU: its command line, what it says where PyTorch or a GPU is missing, its numbers
and its file. A stand-in named torch takes PyTorch's place, so that this says the same on every machine.
"""
import importlib.machinery
import importlib.util
import json
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import types
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "scripts"))
import attention_problem  # noqa: E402
import ncu_runs  # noqa: E402
import torch_subjects  # noqa: E402
import torch_timings  # noqa: E402

NO_TORCH = "raise ImportError('planted')\n"
NO_GPU = ("import types\n__version__ = '0'\n"
          "cuda = types.SimpleNamespace(is_available=lambda: False, device_count=lambda: 0)\n")


def call(arguments, torch):
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "torch.py").write_text(torch, encoding="utf-8")
        return subprocess.run([sys.executable, ROOT / "scripts" / "compare_torch", *arguments], capture_output=True,
                              text=True, cwd=folder, env={**os.environ, "PYTHONPATH": folder})


class WithoutAGpu(unittest.TestCase):
    def refused(self, code, words, arguments, torch=NO_GPU):
        done = call(arguments, torch)
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("Traceback", done.stderr)

    def test_what_is_missing_is_said_with_its_exit_code(self):
        self.refused(6, "PyTorch cannot be imported (planted)", ["mission"], NO_TORCH)
        self.refused(3, "finds no GPU", ["mission"])

    def test_mistakes_are_found_before_torch_is_loaded(self):
        self.refused(2, "unknown shape 'missoin'", ["missoin"], NO_TORCH)
        self.refused(2, "hkv = 3 does not divide h = 8", ["mission,hkv=3"], NO_TORCH)
        self.refused(2, "--rounds 0 is not between", ["--rounds", "0"], NO_TORCH)
        self.refused(5, "there is no folder", ["-o", "nowhere/t.json"], NO_TORCH)


class Numbers(unittest.TestCase):
    def test_flops_are_those_of_the_visible_pairs(self):
        for text in ("tiny", "tiny,causal", "1,2,5,9,64,causal", "1,2,9,5,64,causal", "1,2,1,8,64,causal"):
            p = attention_problem.parse(text)
            self.assertEqual(p.visible_pairs, sum(p.visible_keys(row) for row in range(p.sq)), text)
            self.assertEqual(p.flops, 4 * p.b * p.h * p.d * p.visible_pairs)

    def test_labels_read_back(self):
        for text in ("mission", "long128,bf16,causal", "8,32,1,8192,128,hkv=8", "1,8,512,64,hkv=2"):
            p = attention_problem.parse(text)
            self.assertEqual(attention_problem.parse(p.label), p)
            self.assertEqual(attention_problem.parse(p.canonical), p)

    def test_percentiles(self):
        self.assertEqual(torch_timings.percentile([3, 1, 2], 0.5), 2)
        self.assertEqual(torch_timings.percentile([1, 2], 0.5), 1.5)
        self.assertAlmostEqual(torch_timings.percentile(list(range(11)), 0.9), 9)

    def test_a_clock_is_the_median_over_the_sms_that_were_stamped_twice(self):
        sys.modules.setdefault("torch", types.ModuleType("torch"))
        import torch_gpu
        begin = [[1000, 500], [0, 0], [7, 500], [9000, 500]]
        end = [[19000, 10500], [5, 10500], [16007, 10500], [0, 0]]
        self.assertAlmostEqual(torch_gpu.clock_between(begin, end), 1700.0)
        self.assertIsNone(torch_gpu.clock_between(begin, begin))
        self.assertIsNone(torch_gpu.clock_between([[1, 1]], [[10 ** 9, 2]]), "a stamp that is torn")


class OutOfMemory(RuntimeError):
    pass


def the_script():
    loader = importlib.machinery.SourceFileLoader("compare_torch", str(ROOT / "scripts" / "compare_torch"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


class Subject:
    """Refuses what is a Refused, and fails at its first launch with another error."""

    def __init__(self, name, kind, error):
        self.name, self.kind, self.error = name, kind, error

    def prepare(self, problem):
        def launch():
            raise self.error
        if isinstance(self.error, torch_subjects.Refused):
            raise self.error
        return launch, {}


class WhatFails(unittest.TestCase):
    def compare(self, *subjects):
        script = the_script()
        comparison = script.Comparison.__new__(script.Comparison)  # without a GPU
        comparison.torch = types.SimpleNamespace(cuda=types.SimpleNamespace(OutOfMemoryError=OutOfMemory))
        comparison.answers = types.SimpleNamespace(Reference=lambda *_: types.SimpleNamespace(inputs=[]))
        comparison.options = comparison.device = None
        comparison.subjects, comparison.failed_phases = subjects, []
        taken, left_out = comparison.compare(attention_problem.parse("mission"))
        self.assertEqual(taken, [])
        self.assertEqual([entry["name"] for entry in left_out], [subject.name for subject in subjects])
        return script, comparison.failed_phases, left_out

    def test_a_phase_that_fails_after_it_was_planned_is_a_failure(self):
        script, failed, left_out = self.compare(Subject("wmma", "phase", RuntimeError("launch\n  failed")))
        self.assertEqual(left_out[0]["reason"], "failed: launch failed")
        with self.assertRaises(ncu_runs.Stop) as stop:
            script.check_outcome([], [], failed)
        self.assertEqual(stop.exception.code, 1)
        self.assertIn("wmma on mission failed: launch failed", str(stop.exception))
        with self.assertRaises(ncu_runs.Stop) as stop:
            script.check_outcome([], ["long: gone"], failed)
        self.assertEqual(stop.exception.code, 3)

    def test_what_is_refused_is_none(self):
        script, failed, _ = self.compare(Subject("wmma", "phase", torch_subjects.Refused("only D = 64")),
                                         Subject("cublas", "phase", OutOfMemory("CUDA out of memory")),
                                         Subject("torch.math", "kernel", RuntimeError("no kernel")))
        self.assertEqual(failed, [])
        script.check_outcome([], [], failed)


class TheFile(unittest.TestCase):
    def test_it_reads_back_and_has_a_sample_a_line(self):
        content = {"schema": "x", "empty": [], "subjects": [{"name": "a\"b", "samples": [
            {"index": i, "duration_ns": 1.5 * i} for i in range(3)]}], "grid": [1, 2, 3], "none": {}}
        text = torch_timings.json_text(content)
        self.assertEqual(json.loads(text), content)
        self.assertIn('{"index": 2, "duration_ns": 3.0}\n', text)
        with self.assertRaises(ValueError):
            torch_timings.json_text({"duration_ns": math.nan})

    def test_it_is_there_whole_or_not_at_all(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.json"
            torch_timings.write_file(path, {"a": 1})
            self.assertEqual(json.loads(path.read_text(encoding="utf-8")), {"a": 1})
            self.assertEqual(len(list(pathlib.Path(folder).iterdir())), 1)
            with self.assertRaises(ncu_runs.Stop) as stop:
                torch_timings.write_file(pathlib.Path(folder) / "no" / "t.json", {})
            self.assertEqual(stop.exception.code, 5)


if __name__ == "__main__":
    unittest.main()
