"""validate_history.py SCHEMA FILE...: checks histories against docs/history.schema.json, and the schema against wrong ones.

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
    def copy_with(change):
        other = copy.deepcopy(document)
        change(next(h for h in other["histories"] if h["changes"]))
        return other

    yield "a value that is missing without reason", copy_with(lambda h: h["points"][0].update(value=None))
    yield "a reason beside a value", copy_with(lambda h: h["points"][0].update(reason="why"))
    yield "a change without interval", copy_with(lambda h: h["changes"][0].pop("low_percent"))
    yield "a p above one", copy_with(lambda h: h["changes"][0].update(p=1.5))
    yield "a mark that is a cause", copy_with(lambda h: h["marks"][0].update(kind="cause"))
    yield "an unknown word for cycles", copy_with(lambda h: h["changes"][0].update(in_cycles="perhaps"))
    yield "an unknown key of a change", copy_with(lambda h: h["changes"][0].update(cause="driver"))
    yield "an unknown key of the cycles", copy_with(lambda h: h["changes"][0]["cycles"].update(cause="driver"))
    yield "a doubt about a change that is confirmed", copy_with(lambda h: h["changes"][0].update(confirmed=True, because=["the hour"]))
    yield "a change that is not confirmed, without reason", copy_with(lambda h: h["changes"][0].update(confirmed=False, because=[]))
    yield "a direction that is none", copy_with(lambda h: h["metric"].update(better="up"))
    yield "another schema version", {**document, "schema": 2}


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
        if any(h["changes"] for h in document["histories"]):
            for what, other in spoiled(document):
                if validator.is_valid(other):
                    failures += 1
                    print(f"{path}: the schema accepts {what}")
    print(f"{len(paths)} files, {failures} failures")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
