"""compare_schema_test.py SCHEMA FILE...: comparisons against their schema, and the schema against wrong ones.

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
        change(other["pairs"][0])
        return other

    def judgement(pair):
        return pair["time"]["judgement"]

    yield "another schema version", {**document, "schema": 2}
    yield "no pairs", {key: value for key, value in document.items() if key != "pairs"}
    yield "verdicts that lack one", {**document, "verdicts": {"same": 1}}
    yield "a pair without a verdict", copy_with(lambda pair: pair.pop("verdict"))
    yield "an unknown verdict", copy_with(lambda pair: pair.update(verdict="FASTER"))
    yield "a pair without a sentence", copy_with(lambda pair: pair.update(sentence=""))
    yield "a time as text", copy_with(lambda pair: pair["time"].update(base_us="412.4"))
    yield "half an interval", copy_with(lambda pair: judgement(pair).update(interval_percent={"low": 1.0}))
    yield "a probability above one", copy_with(lambda pair: judgement(pair).update(mann_whitney_p=1.5))
    yield "no more runs that would decide", copy_with(lambda pair: judgement(pair).update(more_runs=0))
    yield "negative outliers", copy_with(lambda pair: judgement(pair)["base"].update(mild_outliers=-1))
    yield "a state of the caches that is none", copy_with(lambda pair: pair["base"].update(cache="lukewarm"))
    yield "runs by name", copy_with(lambda pair: pair["now"].update(runs=["latest"]))
    yield "an ambiguous pair that nothing decides", copy_with(lambda pair: pair.update(verdict="ambiguous", what_decides=None))
    if document["pairs"][0]["metrics"]:
        def metric(pair):
            return pair["metrics"][0]
        yield "a missing metric without reason", copy_with(lambda pair: metric(pair).update(judgement=None, missing=None, base=None, now=None))
        yield "a missing metric with a value", copy_with(lambda pair: metric(pair).update(judgement=None, missing="not counted", base=1.0))
        yield "a metric with a judgement that is missing", copy_with(lambda pair: metric(pair).update(missing="not counted", judgement=judgement(pair)))
        yield "a metric of no direction", copy_with(lambda pair: metric(pair).update(better="neutral"))


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
        for what, other in spoiled(document) if document["pairs"] else ():
            if validator.is_valid(other):
                failures += 1
                print(f"{path}: the schema accepts {what}")
    print(f"{len(paths)} files, {failures} failures")
    return 1 if failures or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
