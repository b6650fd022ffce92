#!/usr/bin/env python3
"""workflow_test.py PROGRAM: the shipped workflow is YAML of the shape that GitHub reads, and its command lines are ours.

Exit codes: 0 well; 1 not; 77 Python's yaml module is missing.
"""
import pathlib
import re
import subprocess
import sys
import unittest

try:
    import yaml
except ImportError:
    print("skipped: Python's yaml module is missing (Debian: python3-yaml)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORKFLOW = ROOT / "docs" / "gates" / "gpu-runner.yml"
PROGRAM = sys.argv[1]


def steps():
    document = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    return document, [step for job in document["jobs"].values() for step in job["steps"]]


def command_lines():
    """Every call of the program, as a list of words."""
    for step in steps()[1]:
        text = step.get("run", "").replace("\\\n", " ")
        for line in text.splitlines():
            if "bin/flashcore-profile" in line:
                yield line.split("bin/flashcore-profile", 1)[1].split("||")[0].split()


class Workflow(unittest.TestCase):
    def test_it_is_a_workflow_for_a_runner_with_a_gpu(self):
        document, all_steps = steps()
        # YAML 1.1 reads the key `on` as true, and GitHub does not mind.
        self.assertIn("pull_request", document.get("on", document.get(True)))
        for job in document["jobs"].values():
            self.assertIn("self-hosted", job["runs-on"])
            self.assertIn("gpu", job["runs-on"])
            self.assertIn("head.repo.full_name == github.repository", job["if"])
        self.assertFalse(document["concurrency"]["cancel-in-progress"])
        for step in all_steps:
            self.assertTrue(("run" in step) != ("uses" in step), step)
            self.assertTrue(step["name"])
        # Names from a pull request reach a shell by the environment alone, never as text of the script.
        for step in all_steps:
            self.assertNotIn("${{", step.get("run", ""), step["name"])

    def test_every_shell_script_parses(self):
        for step in steps()[1]:
            if "run" in step:
                done = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True)
                self.assertEqual(done.returncode, 0, f"{step['name']}: {done.stderr}")

    def test_options_and_files_are_there(self):
        commands = {line[0] for line in command_lines() if not line[0].startswith("-")}
        self.assertEqual(commands, {"doctor", "gate", "report", "compare"})
        for words in command_lines():
            command = [words[0]] if not words[0].startswith("-") else []
            help_text = subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True).stdout
            for word in words:
                if word.startswith("--"):
                    self.assertRegex(help_text, rf"(?m)^\s*{re.escape(word)}\b", f"{words}")
        text = WORKFLOW.read_text(encoding="utf-8")
        for file in set(re.findall(r"(?:docs|scripts)/[\w./-]+", text)):
            self.assertTrue((ROOT / file).exists(), file)

    def test_it_gates_before_it_keeps_the_history_and_shows_what_it_wrote(self):
        names = [step["name"] for step in steps()[1]]
        self.assertLess(names.index("Restore the history"), names.index("Profile"))
        self.assertLess(names.index("Profile"), names.index("Gate"))
        (summary,) = [step["run"] for step in steps()[1] if step["name"] == "Summary"]
        self.assertIn("GITHUB_STEP_SUMMARY", summary)
        for step in steps()[1]:
            if step["name"] in ("Report", "Summary", "Keep the results"):
                self.assertEqual(step["if"], "always()")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
