"""validate_json.py SCHEMA FILE...: checks files against a JSON Schema (2020-12), and the schema against wrong ones.

Exit codes: 0 all are valid and every spoiled copy is refused; 1 not; 77 the jsonschema module is missing.
"""
import copy
import json
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: Python's jsonschema module is missing (Debian: python3-jsonschema)")
    sys.exit(77)


def spoiled(document):
    """Copies of a document that a reader could not rely on; the schema must refuse each."""
    def copy_with(change):
        other = copy.deepcopy(document)
        change(other["runs"][0])
        return other

    def unexplained(run):
        run["metrics"]["made_up"] = {"value": None, "unit": "%", "provenance": ""}

    def timed_though_wrong(run):
        run["answer"] = "wrong"
        run["timing"]["graph_us"] = dict.fromkeys(["p50", "p90", "p99", "min", "max", "mean", "stdev"], 1.0) | {"n": 3}

    yield "no problem", copy_with(lambda run: run.pop("problem"))
    yield "a zero extent", copy_with(lambda run: run.update(problem={"B": 0, "H": 1, "Hkv": 1, "Sq": 1, "Sk": 1, "D": 1, "dtype": "f16", "causal": False}))
    yield "half a problem", copy_with(lambda run: run.update(problem={"workload": "attention"}))
    yield "a missing value without reason", copy_with(unexplained)
    yield "timing of a wrong answer", copy_with(timed_though_wrong)
    yield "a headline of a wrong answer", copy_with(lambda run: run.update(answer="unchecked", time={"ns": 1.0, "source": "x", "counted": False}))
    yield "a state of the caches that is none", copy_with(lambda run: run.update(cache="lukewarm"))
    yield "a share of the limit of a wrong answer", copy_with(lambda run: run.update(answer="wrong", time=None, timing={"graph_us": None, "launch_us": None}, limit={"ns": 1.0, "binding": "exps", "binding_terms": ["exps"], "share": 0.5, "reason": "", "terms": []}))
    yield "no share and no reason", copy_with(lambda run: run.update(limit={"ns": None, "binding": None, "binding_terms": [], "share": None, "reason": "", "terms": []}))
    yield "a missing bar without reason", copy_with(lambda run: run["speed_of_light"].update(bars=[{"id": "l2", "title": "L2", "share": {"metric": "l2_share", "value": None, "text": "missing"}, "binding": False, "mark": "", "description": ""}]))
    yield "a bar that stands for nothing", copy_with(lambda run: run["speed_of_light"].update(bars=[{"id": "l2", "title": "L2", "share": None, "binding": False, "mark": "", "description": ""}]))
    yield "a kernel's share above one", copy_with(lambda run: run.update(kernels=[{"ordinal": 0, "name": "k", "grid": None, "block": None, "ns": 1.0, "share": 1.2, "note": ""}]))
    yield "an unknown answer", copy_with(lambda run: run.update(answer="perhaps"))
    yield "an unknown origin", copy_with(lambda run: run.update(origin="recordinh"))
    yield "a card's number", copy_with(lambda run: run.update(device_info={"uuid": "GPU-1"}))
    yield "a counter of one measurement among the shared", copy_with(lambda run: run.update(shared_counters={"a__b.sum": []}))
    yield "an unknown key", copy_with(lambda run: run.update(surprise=1))
    yield "another schema version", {**document, "schema": 1}


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for error in validator.iter_errors(document):
            failures += 1
            print(f"{path}: {error.json_path}: {error.message[:300]}")
        for what, other in spoiled(document) if document["runs"] else ():
            if validator.is_valid(other):
                failures += 1
                print(f"{path}: the schema accepts {what}")
    print(f"{len(paths)} files, {failures} failures")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
