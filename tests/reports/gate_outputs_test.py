"""gate_outputs_test.py SCHEMA FOLDER: what make_gates wrote, read as CI systems and renderers read it.

The XML by Python's own parser against the structure that JUnit readers expect, the JSON against its schema and the
schema against spoiled copies, the Markdown's tables cell by cell. Exit codes: 0 well; 1 not; 77 a module is missing.
"""
import copy
import json
import pathlib
import re
import sys
import unittest
import xml.etree.ElementTree as ET

try:
    import jsonschema
except ImportError:
    print("skipped: Python's jsonschema module is missing (Debian: python3-jsonschema)")
    sys.exit(77)

SCHEMA = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
FOLDER = pathlib.Path(sys.argv[2])


def suite_of(name):
    root = ET.fromstring((FOLDER / name).read_bytes())
    assert root.tag == "testsuites", root.tag
    (suite,) = root
    assert suite.tag == "testsuite", suite.tag
    return root, suite


class JUnit(unittest.TestCase):
    def check_structure(self, name):
        root, suite = suite_of(name)
        cases = suite.findall("testcase")
        self.assertEqual([child.tag for child in suite], ["testcase"] * len(cases) + ["system-out"])
        for element in (root, suite):
            self.assertEqual(element.get("tests"), str(len(cases)))
            self.assertEqual(element.get("failures"), str(len(suite.findall("testcase/failure"))))
            self.assertEqual(element.get("skipped"), str(len(suite.findall("testcase/skipped"))))
            self.assertEqual(element.get("errors"), "0")
        for case in cases:
            self.assertTrue(case.get("name"))
            self.assertTrue(case.get("classname"))
            self.assertLessEqual(len(case), 1)
            for child in case:
                self.assertIn(child.tag, ("failure", "skipped"))
                self.assertTrue(child.get("message"))
        return cases

    def states(self, name):
        return [case[0].tag + ":" + (case[0].get("type") or "") if len(case) else "passed" for case in
                self.check_structure(name)]

    def test_each_state_is_what_a_reader_of_junit_knows(self):
        self.assertEqual(self.states("usual.xml"),
                         ["passed", "failure:broken", "skipped:", "failure:missing", "skipped:"])
        cases = suite_of("usual.xml")[1].findall("testcase")
        self.assertEqual(cases[1].get("classname"), "gates.registers")
        self.assertEqual(cases[1].get("name"), "fused on mission")
        self.assertEqual(cases[1][0].get("message"), "142 registers, allowed: at most 120 registers")
        self.assertIn("two blocks an SM", cases[1][0].text)
        self.assertIn("4 more runs would decide", cases[2][0].get("message"))

    def test_strict_fails_what_is_ambiguous_and_leaves_what_is_optional(self):
        self.assertEqual(self.states("strict.xml"),
                         ["passed", "failure:broken", "failure:ambiguous", "failure:missing", "skipped:"])

    def test_hostile_names_are_text(self):
        self.assertEqual(self.states("hostile.xml"), ["passed", "failure:broken", "skipped:", "failure:missing"])
        raw = (FOLDER / "hostile.xml").read_text(encoding="utf-8")
        self.assertNotRegex(raw, "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\ufffe\uffff]")
        self.assertNotIn("]]>", raw)
        name = suite_of("hostile.xml")[1].findall("testcase")[0].get("name")
        self.assertIn("</failure><x a='1' b=\"2\">&amp; | `code`", name)


class Json(unittest.TestCase):
    def setUp(self):
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        self.validator = jsonschema.Draft202012Validator(SCHEMA)

    def read(self, name):
        return json.loads((FOLDER / name).read_text(encoding="utf-8"))

    def test_real_output_is_valid(self):
        for name in ("usual.json", "strict.json", "hostile.json"):
            errors = [f"{e.json_path}: {e.message}" for e in self.validator.iter_errors(self.read(name))]
            self.assertEqual(errors, [], name)

    def test_it_says_what_the_rows_are(self):
        usual = self.read("usual.json")
        self.assertEqual(usual["counts"], {"kept": 1, "broken": 1, "ambiguous": 1, "missing": 2})
        self.assertFalse(usual["passed"])
        self.assertEqual([row["fails"] for row in usual["rows"]], [False, True, False, True, False])
        change = usual["rows"][2]
        self.assertEqual((change["value"], change["speedup"]), (None, None))
        self.assertAlmostEqual(change["change_percent"], 1.5)
        self.assertAlmostEqual(change["change_interval_percent"][1], 3.5)
        self.assertEqual(usual["rows"][0]["value"], 142)
        self.assertTrue(self.read("strict.json")["rows"][2]["fails"])

    def test_the_schema_refuses_what_a_reader_could_not_rely_on(self):
        def spoil(change):
            other = copy.deepcopy(self.read("usual.json"))
            change(other)
            return other

        spoiled = {
            "another version": spoil(lambda d: d.update(schema=2)),
            "no rows": spoil(lambda d: d.update(rows=[])),
            "a state that is none": spoil(lambda d: d["rows"][0].update(state="perhaps")),
            "kept that fails": spoil(lambda d: d["rows"][0].update(fails=True)),
            "kept without a run": spoil(lambda d: d["rows"][0].update(run=None)),
            "broken that does not fail": spoil(lambda d: d["rows"][1].update(fails=False)),
            "missing with a value": spoil(lambda d: d["rows"][3].update(value=1)),
            "no sentence": spoil(lambda d: d["rows"][3].update(sentence="")),
            "half an interval": spoil(lambda d: d["rows"][2].update(change_interval_percent=[1])),
            "a change without base": spoil(lambda d: d["limits"][1].update(base=None)),
            "a value without bound": spoil(lambda d: d["limits"][0].update(max=None)),
            "an unknown key": spoil(lambda d: d.update(surprise=1)),
        }
        for what, document in spoiled.items():
            self.assertFalse(self.validator.is_valid(document), what)


def cells_of(line):
    """The cells of a table's row, as GitHub splits it: at every bar that is not escaped."""
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


class Markdown(unittest.TestCase):
    def tables(self, name):
        lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
        return [cells_of(line) for line in lines if line.startswith("|") and not line.startswith(("| state", "| ---"))]

    def test_every_row_is_a_row_of_five_cells(self):
        for name, rows in (("usual.md", 5), ("hostile.md", 4)):
            table = self.tables(name)
            self.assertEqual(len(table), rows, name)
            for row in table:
                self.assertEqual(len(row), 5, f"{name}: {row}")

    def test_it_says_the_outcome_first_and_why(self):
        text = (FOLDER / "usual.md").read_text(encoding="utf-8")
        self.assertTrue(text.startswith("### ❌ Gate failed: 1 kept, 1 broken, 1 ambiguous, 2 missing\n"))
        self.assertIn("two blocks an SM", text)
        self.assertIn("(optional)", text)
        self.assertEqual([row[0] for row in self.tables("usual.md")],
                         ["❌ broken", "❔ ambiguous", "❌ missing", "❔ missing", "kept"])
        self.assertEqual([row[0] for row in self.tables("strict.md")][1], "❌ ambiguous")

    def test_hostile_names_are_no_markup(self):
        text = (FOLDER / "hostile.md").read_text(encoding="utf-8")
        ours = text.replace("<details><summary>1 kept</summary>", "").replace("</details>", "")
        self.assertNotIn("<", ours)
        self.assertNotRegex(text, "[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e]")
        for markup in ("`", "*", "_", "[", "]", "#"):
            ours_of_it = {"*": r"\*\*|\*Why the limit:\*", "#": "^###|&#8203;|&#58;|&#46;"}.get(markup, "$^")
            rest = re.sub(ours_of_it, "", ours, flags=re.MULTILINE)
            self.assertNotRegex(rest, r"(?<!\\)" + re.escape(markup), markup)
        self.assertNotIn("@somebody", text)
        self.assertNotIn("http://", text)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
