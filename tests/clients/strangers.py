"""Files that others have written: those of googleapis-common-protos, which come with the clients. Each is registered with its
imports as references, reads back, is the same schema when it is registered again, is compatible with itself, and its
descriptor describes what is in it and finds it.
"""

import base64
import re
import sys
import time
from pathlib import Path

import google.api
from checks import client, equal, run
from confluent_kafka.schema_registry import Schema, SchemaReference
from google.protobuf import descriptor_pb2

ROOT = Path(next(iter(google.api.__path__))).parent.parent
IMPORT = re.compile(r'^import\s+(?:public\s+)?"([^"]+)";', re.MULTILINE)
# What needs no reference.
BUNDLED = re.compile(r"google/(protobuf|type)/[a-z_]+\.proto")


def files():
    """The texts by their paths, those first that others import."""
    texts = {str(path.relative_to(ROOT)): path.read_text() for path in sorted(ROOT.glob("google/**/*.proto"))}
    ordered = {}

    def follow(path):
        if path in ordered or path not in texts:
            return
        for imported in IMPORT.findall(texts[path]):
            follow(imported)
        ordered[path] = texts[path]

    for path in texts:
        follow(path)
    return ordered


def references(text):
    return [SchemaReference(path, path, 1) for path in IMPORT.findall(text) if not BUNDLED.fullmatch(path)]


def they_register_read_back_and_describe_what_is_in_them():
    slowest, registered = (0.0, ""), 0
    for path, text in files().items():
        if BUNDLED.fullmatch(path):
            continue
        began = time.monotonic()
        client().register_schema(path, Schema(text, "PROTOBUF", references(text)))
        slowest = max(slowest, (time.monotonic() - began, path))
        stored = client().get_latest_version(path)
        equal(stored.version, 1)
        client().register_schema(path, stored.schema)
        equal(client().get_versions(path), [1])
        equal(client().test_compatibility(path, Schema(text, "PROTOBUF", references(text))), True)
        shown = client().get_latest_version(path, fmt="serialized").schema
        for normalize in (False, True):
            found = client().lookup_schema(path, shown, normalize)
            equal((found.version, found.schema_id), (stored.version, stored.schema_id))
        compiled = base64.b64decode(shown.schema_str)
        described = descriptor_pb2.FileDescriptorProto.FromString(compiled)
        bare = re.sub(r"//[^\n]*|/\*.*?\*/", "", text, flags=re.DOTALL)
        equal([message.name for message in described.message_type], re.findall(r"^message (\w+)", bare, re.MULTILINE))
        equal([service.name for service in described.service], re.findall(r"^service (\w+)", bare, re.MULTILINE))
        registered += 1
    print(f"ok      {registered} files, the slowest ({slowest[1]}) registered in {slowest[0] * 1000:.0f} ms", file=sys.stdout)


run(they_register_read_back_and_describe_what_is_in_them)
