#!/usr/bin/env python3
"""compare_ncu's and bench_ncu's judging, without a GPU: limits, the table, turns; gpu_proof_test.py has
the database that they read."""
import importlib.machinery
import importlib.util
import pathlib
import sys
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"
sys.path.insert(0, str(SCRIPTS))
sys.dont_write_bytecode = True


def load(name):
    loader = importlib.machinery.SourceFileLoader(name, str(SCRIPTS / name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    loader.exec_module(module)
    return module


compare_ncu, bench_ncu = load("compare_ncu"), load("bench_ncu")

class Tables(unittest.TestCase):
    def test_limits_go_by_what_is_counted(self):
        for name, limit in (("smsp__inst_executed.sum", 0.5), ("dram__bytes.sum", 5.0), ("lts__t_bytes.sum", 5.0),
                            ("sm__ops_path_tensor_op_hmma_src_fp16_dst_fp32.sum", 0.5),
                            ("smsp__sass_thread_inst_executed_op_ffma_pred_on.sum", 0.5),
                            ("dram__bytes.sum.per_second", None), ("sm__cycles_active.avg", None),
                            ("sm__inst_executed_pipe_tensor.avg.pct_of_peak_sustained_active", None),
                            ("smsp__average_warps_issue_stalled_wait_per_issue_active.ratio", None)):
            self.assertEqual(compare_ncu.limit_of(name), limit, name)

    def test_the_table_fails_what_differs_too_much(self):
        ours = {"sm__inst_executed.sum": [1006, 1006], "dram__bytes.sum": [104], "sm__cycles.avg": [500], "a__x.sum": [1],
                "lts__t_bytes.sum": [0]}
        theirs = {"sm__inst_executed.sum": [1000], "dram__bytes.sum": [100], "sm__cycles.avg": [100], "lts__t_bytes.sum": [0]}
        lines, failed, judged = compare_ncu.table(ours, theirs)
        self.assertEqual((failed, judged), (["sm__inst_executed.sum"], 3))
        text = "\n".join(lines)
        self.assertIn("| `sm__inst_executed.sum` | 1006 | 1000 | +0.60% | 0.5% | **fail** |", text)
        self.assertIn("| `dram__bytes.sum` | 104 | 100 | +4.00% | 5% | pass |", text)
        self.assertIn("not judged", text)
        self.assertIn("| `a__x.sum` | there | missing | | | not compared |", text)

    def test_bytes_are_held_against_the_problems_tensors_where_those_are_more(self):
        for least, failed in ((0, ["dram__bytes.sum"]), (100_000, []), (10_000, ["dram__bytes.sum"])):
            self.assertEqual(compare_ncu.table({"dram__bytes.sum": [3000]}, {"dram__bytes.sum": [1000]}, least)[1], failed)

    def test_a_value_where_ncu_reads_zero_fails(self):
        _, failed, _ = compare_ncu.table({"dram__bytes.sum": [5]}, {"dram__bytes.sum": [0]})
        self.assertEqual(failed, ["dram__bytes.sum"])

    def test_a_launch_is_weighed_by_what_its_kernels_are_shares_of(self):
        kernels = [{"sm__warps_active.avg.pct_of_peak_sustained_active": 20.0, "sm__cycles_active.sum": 3.0,
                    "lts__t_bytes.sum": 100.0},
                   {"sm__warps_active.avg.pct_of_peak_sustained_active": 80.0, "sm__cycles_active.sum": 1.0,
                    "lts__t_bytes.sum": 50.0}]
        self.assertEqual(compare_ncu.launch_value(kernels, "achieved_occupancy"), 35.0)
        self.assertEqual(compare_ncu.launch_value(kernels, "l2_bytes"), 150.0)
        self.assertIsNone(compare_ncu.launch_value(kernels, "tensor_pipe_active"))
        shown = {"achieved_occupancy": [36.0], "l2_bytes": [160.0], "tensor_pipe_active": [1.0]}
        lines, failed, judged = compare_ncu.launch_table(shown, kernels)
        self.assertEqual((failed, judged), (["l2_bytes"], 2))
        self.assertIn("| tensor_pipe_active | there | missing | | | not compared |", lines)

    def test_sides_take_turns(self):
        self.assertEqual("".join(bench_ncu.turns(4)), "ABBAABBA")


if __name__ == "__main__":
    unittest.main()
