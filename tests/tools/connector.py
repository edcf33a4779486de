"""Validates files against JSON Schemas: connector.py [4|7 SCHEMA FILE]... The number is the schema's draft.

Prints a JSON list with the errors of each file, or null. If no branch of an alternative matches, the deepest errors come first.
"""

import functools
import json
import sys

from jsonschema import Draft4Validator, Draft7Validator


def describe(error, depth=0):
    path = "/".join(str(step) for step in error.absolute_path)
    yield f"{'  ' * depth}{path}: {error.message[:200]}"
    for inner in sorted(error.context or [], key=lambda inner: -len(inner.absolute_path))[:4]:
        yield from describe(inner, depth + 1)


@functools.cache
def validator(draft, schema):
    with open(schema, encoding="utf-8") as text:
        schema = json.load(text)
    # The library includes both drafts, so nothing is downloaded.
    kind = {"4": Draft4Validator, "7": Draft7Validator}[draft]
    kind.check_schema(schema)
    return kind(schema)


def errors(draft, schema, file):
    with open(file, encoding="utf-8") as text:
        instance = json.load(text)
    lines = [line for error in validator(draft, schema).iter_errors(instance) for line in describe(error)]
    return "\n".join(lines) or None


def main(arguments):
    print(json.dumps([errors(*arguments[at : at + 3]) for at in range(0, len(arguments), 3)]))


if __name__ == "__main__":
    main(sys.argv[1:])
