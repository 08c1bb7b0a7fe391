"""SchemaRegistryClient of confluent-kafka: every call for subjects, versions, look-up, compatibility, config and mode."""

import json

from checks import client, equal, refused, run
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Metadata,
    MetadataProperties,
    Schema,
    ServerConfig,
)


def record(*fields, name="Order"):
    return Schema(json.dumps({"type": "record", "name": name, "fields": list(fields)}))


ID = {"name": "id", "type": "long"}
NOTE = {"name": "note", "type": "string", "default": ""}
NEEDED = {"name": "needed", "type": "string"}


def registering_returns_id_version_and_guid_and_is_idempotent():
    first = client().register_schema_full_response("register", record(ID))
    equal((first.version, first.subject), (1, "register"))
    again = client().register_schema_full_response("register", record(ID))
    equal((again.schema_id, again.version, again.guid), (first.schema_id, 1, first.guid))
    equal(client().register_schema("register-elsewhere", record(ID)), first.schema_id)
    equal(client().register_schema_full_response("register", record(ID, NOTE)).version, 2)


def an_incompatible_schema_is_refused_with_409():
    client().register_schema("refuse", record(ID))
    refused(409, 40901, lambda: client().register_schema("refuse", record(ID, NEEDED)))
    refused(422, 42201, lambda: client().register_schema("refuse", Schema("{")))


def schemas_come_back_by_id_guid_and_version():
    schema = record(ID, name="Back")
    known = client().register_schema_full_response("back", schema)
    equal(client().get_schema(known.schema_id).schema_str, schema.schema_str.replace(": ", ":").replace(", ", ","))
    equal(client().get_schema(known.schema_id, "back").schema_type, "AVRO")
    equal(json.loads(client().get_schema_by_guid(known.guid).schema_str), json.loads(schema.schema_str))
    version = client().get_version("back", 1)
    equal((version.schema_id, version.version, version.guid), (known.schema_id, 1, known.guid))
    equal(client().get_version("back").version, 1)
    equal(client().get_latest_version("back").schema_id, known.schema_id)
    equal(client().get_subjects_by_schema_id(known.schema_id), ["back"])
    equal([(v.subject, v.version) for v in client().get_schema_versions(known.schema_id)], [("back", 1)])
    refused(404, 40403, lambda: client().get_schema(2**31 - 1))
    refused(404, 40403, lambda: client().get_schema_by_guid("00000000-0000-0000-0000-000000000000"))


def looking_up_finds_what_is_there_and_says_what_is_not():
    known = client().register_schema_full_response("look-up", record(ID, name="LookUp"))
    found = client().lookup_schema("look-up", record(ID, name="LookUp"))
    equal((found.schema_id, found.version, found.guid), (known.schema_id, 1, known.guid))
    refused(404, 40403, lambda: client().lookup_schema("look-up", record(NOTE)))
    refused(404, 40401, lambda: client().lookup_schema("nobody", record(ID)))


def normalizing_makes_two_spellings_one_schema():
    spelt = Schema('{"fields":[{"type":"int","name":"a"}],"name":"ns.N","type":"record"}')
    other = Schema('{"type":"record","name":"N","namespace":"ns","fields":[{"name":"a","type":{"type":"int"}}]}')
    known = client().register_schema("normalize", spelt, normalize_schemas=True)
    equal(client().register_schema("normalize", other, normalize_schemas=True), known)
    equal(client().lookup_schema("normalize", other, normalize_schemas=True).version, 1)


def subjects_and_versions_are_listed_and_filtered():
    for fields in ([ID], [ID, NOTE]):
        client().register_schema("list-a/b:c", record(*fields, name="Listed"))
    equal(client().get_versions("list-a/b:c"), [1, 2])
    equal(client().get_subjects(subject_prefix="list-"), ["list-a/b:c"])
    equal(client().get_versions("list-a/b:c", offset=1, limit=1), [2])
    equal("list-a/b:c" in client().get_subjects(), True)
    equal("AVRO" in client().get_schema_types(), True)
    refused(404, 40401, lambda: client().get_versions("nobody"))


def deleting_is_soft_first_and_permanent_then():
    for fields in ([ID], [ID, NOTE]):
        client().register_schema("delete", record(*fields, name="Deleted"))
    equal(client().delete_version("delete", 1), 1)
    equal(client().get_versions("delete"), [2])
    equal(client().get_versions("delete", deleted=True), [1, 2])
    equal(client().get_version("delete", 1, deleted=True).version, 1)
    equal(client().delete_version("delete", 1, permanent=True), 1)
    refused(404, 40405, lambda: client().delete_subject("delete", permanent=True))
    equal(client().delete_subject("delete"), [2])
    equal("delete" in client().get_subjects(), False)
    equal("delete" in client().get_subjects(deleted=True), True)
    equal(client().delete_subject("delete", permanent=True), [2])
    refused(404, 40401, lambda: client().delete_subject("delete"))


def compatibility_is_tested_without_registering():
    client().register_schema("test", record(ID, name="Tested"))
    equal(client().test_compatibility("test", record(ID, NOTE, name="Tested")), True)
    equal(client().test_compatibility("test", record(ID, NEEDED, name="Tested")), False)
    equal(client().test_compatibility("test", record(ID, NEEDED, name="Tested"), verbose=True), False)
    equal(client().test_compatibility("test", record(ID, name="Tested"), version=1), True)
    equal(client().test_compatibility_all_versions("test", record(ID, NEEDED, name="Tested")), False)
    equal(client().get_versions("test"), [1])


def config_is_set_read_and_taken_back():
    equal(client().get_compatibility(), "BACKWARD")
    refused(404, 40408, lambda: client().get_compatibility("config"))
    equal(client().set_compatibility("config", "full"), {"compatibility": "FULL"})
    equal(client().get_compatibility("config"), "FULL")
    refused(422, 42203, lambda: client().set_compatibility("config", "sideways"))
    metadata = Metadata(properties=MetadataProperties({"owner": "orders"}), tags=None, sensitive=None)
    config = ServerConfig(compatibility=ConfigCompatibilityLevel.NONE, default_metadata=metadata)
    client().set_config("config", config)
    read = client().get_config("config")
    equal((read.compatibility_level, read.default_metadata.properties.properties), ("NONE", {"owner": "orders"}))
    client().register_schema("config", record(ID, name="Configured"))
    found = client().get_latest_with_metadata("config", {"owner": "orders"})
    equal((found.version, found.schema.metadata.properties.properties["owner"]), (1, "orders"))
    client().delete_config("config")
    refused(404, 40408, lambda: client().get_config("config"))


def mode_readonly_refuses_and_is_taken_back():
    client().register_schema("mode", record(ID, name="Moded"))
    equal(client().get_global_mode(), "READWRITE")
    refused(404, 40409, lambda: client().get_mode("mode"))
    equal(client().update_mode("mode", "READONLY"), "READONLY")
    equal(client().get_mode("mode"), "READONLY")
    refused(422, 42205, lambda: client().register_schema("mode", record(ID, NOTE, name="Moded")))
    client().register_schema("mode", record(ID, name="Moded"))
    client().delete_mode("mode")
    equal(client().register_schema_full_response("mode", record(ID, NOTE, name="Moded")).version, 2)


def contexts_are_listed():
    client().register_schema(":.elsewhere:orders", record(ID, name="Elsewhere"))
    equal(client().get_contexts(), [".", ".elsewhere"])
    equal(client().get_versions(":.elsewhere:orders"), [1])


run(
    registering_returns_id_version_and_guid_and_is_idempotent,
    an_incompatible_schema_is_refused_with_409,
    schemas_come_back_by_id_guid_and_version,
    looking_up_finds_what_is_there_and_says_what_is_not,
    normalizing_makes_two_spellings_one_schema,
    subjects_and_versions_are_listed_and_filtered,
    deleting_is_soft_first_and_permanent_then,
    compatibility_is_tested_without_registering,
    config_is_set_read_and_taken_back,
    mode_readonly_refuses_and_is_taken_back,
    contexts_are_listed,
)
