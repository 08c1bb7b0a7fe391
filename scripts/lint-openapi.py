"""Checks a description of an API as `make lint` does: lint-openapi.py FILE

No key twice in one object (JSON readers keep the last one silently), valid by OpenAPI's own schema, no component that nothing
refers to, and each example fits the schema beside it. Prints what is wrong, a line each; exit 1 if anything is.
"""

import json
import sys
from collections import Counter

from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012


def read(path, wrong):
    """The document; keys that stand twice are wrong."""

    def members(pairs):
        for key, times in Counter(key for key, _ in pairs).items():
            if times > 1:
                wrong.append(f"the key {key!r} stands {times} times in the object with {[name for name, _ in pairs][:3]}")
        return dict(pairs)

    with open(path, encoding="utf-8") as file:
        return json.load(file, object_pairs_hook=members)


def places(value, pointer=""):
    """Every object of the document with its JSON pointer."""
    if isinstance(value, dict):
        yield pointer, value
        for key, item in value.items():
            yield from places(item, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from places(item, f"{pointer}/{at}")


def examples(document):
    """Examples that do not fit."""
    root = Resource.from_contents(document, default_specification=DRAFT202012)
    registry = Registry().with_resource("urn:document", root)
    for pointer, item in places(document):
        if "schema" in item and "example" in item:
            schema = {"$ref": f"urn:document#{pointer}/schema"}
            for error in Draft202012Validator(schema, registry=registry).iter_errors(item["example"]):
                yield f"{pointer}/example: {error.message}"


def unused(document):
    """Components that nothing refers to."""
    used = {item["$ref"] for _, item in places(document) if isinstance(item.get("$ref"), str)}
    for kind, components in document["components"].items():
        # Schemes of security are named, not referred to.
        for name in components if kind != "securitySchemes" else ():
            if f"#/components/{kind}/{name}" not in used:
                yield f"#/components/{kind}/{name}: nothing refers to it"


def main(path):
    wrong = []
    document = read(path, wrong)
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        wrong.append(f"{'/'.join(map(str, error.absolute_path))}: {error.message}")
    wrong.extend(examples(document))
    wrong.extend(unused(document))
    if not document.get("servers"):
        wrong.append("it names no servers")
    for line in wrong:
        print(f"{path}: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
