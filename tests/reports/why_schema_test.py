"""why_schema_test.py SCHEMA FILE...: real output of `why --json` against its schema, and the schema against wrong ones.

Also: parts and causes add up to the difference as written. Exit codes: 0 well, 1 not, 77 jsonschema is missing.
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
    """Copies that a reader could not rely on; the schema must refuse each."""
    def pair_with(change):
        other = copy.deepcopy(document)
        change(other["pairs"][0])
        return other

    yield "another schema version", {**document, "schema": 2}
    yield "no notes", {key: value for key, value in document.items() if key != "notes"}
    yield "an unknown verdict", pair_with(lambda pair: pair.update(verdict="quicker"))
    yield "an unknown key", pair_with(lambda pair: pair.update(surprise=1))
    yield "a split that is none", pair_with(lambda pair: pair["splits"].append({"id": "moon", "title": "", "method": "", "missing": "x", "parts": []}))
    yield "no parts and no reason", pair_with(lambda pair: pair["splits"].append({"id": "bytes", "title": "", "method": "", "missing": None, "parts": []}))
    yield "a part of nothing", pair_with(lambda pair: pair["splits"].append({"id": "bytes", "title": "", "method": "", "missing": None, "parts": [{"id": "x", "title": "x", "unit": "B", "base": 1, "now": 2, "part_us": None}]}))
    yield "a cause without a sentence", pair_with(lambda pair: pair["causes"].append({"id": "x", "title": "x", "part_us": 1, "share_percent": 1, "sentence": "", "metrics": []}))
    yield "no times and no reason", pair_with(lambda pair: pair.update(difference_us=None, missing=None))


def sums(pair):
    if pair["missing"] is not None:
        return
    whole, scale = pair["difference_us"], pair["base"]["time_us"] + pair["now"]["time_us"]
    for split in pair["splits"]:
        if split["parts"]:
            yield split["id"], abs(sum(part["part_us"] for part in split["parts"]) - whole) / scale
    if pair["causes"]:
        yield "causes", abs(sum(cause["part_us"] for cause in pair["causes"]) - whole) / scale


def main(schema_path, paths):
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0

    def complain(text):
        nonlocal failures
        failures += 1
        print(text)

    for path in paths:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        for error in validator.iter_errors(document):
            complain(f"{path}: {error.json_path}: {error.message[:300]}")
        for what, other in spoiled(document):
            if validator.is_valid(other):
                complain(f"{path}: the schema accepts {what}")
        for pair in document["pairs"]:
            for what, off in sums(pair):
                if off > 1e-12:
                    complain(f"{path}: {what} do not add up: {off}")
    print(f"{len(paths)} files, {failures} failures")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
