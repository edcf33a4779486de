"""Validates a file against a JSON Schema: connector.py 4|7 SCHEMA FILE. The number is the schema's draft.

Prints every error. If no branch of an alternative matches, the deepest errors come first. Exits 1 if there are errors.
"""

import json
import sys

from jsonschema import Draft4Validator, Draft7Validator


def describe(error, depth=0):
    path = "/".join(str(step) for step in error.absolute_path)
    yield f"{'  ' * depth}{path}: {error.message[:200]}"
    for inner in sorted(error.context or [], key=lambda inner: -len(inner.absolute_path))[:4]:
        yield from describe(inner, depth + 1)


def main(draft, schema, file):
    with open(schema, encoding="utf-8") as text:
        schema = json.load(text)
    with open(file, encoding="utf-8") as text:
        instance = json.load(text)
    # The library includes both drafts, so nothing is downloaded.
    validator = {"4": Draft4Validator, "7": Draft7Validator}[draft]
    validator.check_schema(schema)
    lines = [line for error in validator(schema).iter_errors(instance) for line in describe(error)]
    print("\n".join(lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
