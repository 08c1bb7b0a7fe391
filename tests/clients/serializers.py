"""AvroSerializer and AvroDeserializer of confluent-kafka, as an application configures them: what one writes, another reads.

In the default configuration both ask for the associations of the topic before anything else.
"""

import json
import struct

from checks import client, equal, refused, run
from confluent_kafka.schema_registry import (
    AssociationCreateOrUpdateInfo,
    AssociationCreateOrUpdateRequest,
    Schema,
    SchemaReference,
    dual_schema_id_deserializer,
    header_schema_id_serializer,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext


def text(*fields, name="Order", namespace="shop"):
    return json.dumps({"type": "record", "name": name, "namespace": namespace, "fields": list(fields)})


def value_of(topic, headers=None):
    return SerializationContext(topic, MessageField.VALUE, headers)


def key_of(topic):
    return SerializationContext(topic, MessageField.KEY)


def written(topic, schema, value, **conf):
    conf = {name.replace("_", "."): setting for name, setting in conf.items()}
    return AvroSerializer(client(), schema, conf=conf)(value, value_of(topic))


def read(topic, message, reader=None):
    return AvroDeserializer(client(), reader)(message, value_of(topic))


def id_in(message):
    magic, schema_id = struct.unpack(">bI", message[:5])
    equal(magic, 0)
    return schema_id


ID = {"name": "id", "type": "long"}
NOTE = {"name": "note", "type": "string", "default": "none"}
V1, V2 = text(ID), text(ID, NOTE)


def defaults_register_the_schema_and_read_it_back():
    message = written("defaults", V1, {"id": 7})
    equal(read("defaults", message), {"id": 7})
    latest = client().get_latest_version("defaults-value")
    equal((latest.version, latest.schema_id), (1, id_in(message)))


def keys_and_values_have_subjects_of_their_own():
    key = AvroSerializer(client(), '"string"')("k", key_of("both"))
    value = AvroSerializer(client(), V1)({"id": 1}, value_of("both"))
    equal(AvroDeserializer(client())(key, key_of("both")), "k")
    equal(read("both", value), {"id": 1})
    equal(client().get_subjects(subject_prefix="both-"), ["both-key", "both-value"])


def an_evolved_reader_reads_old_messages_and_an_old_one_new_messages():
    old, new = written("evolve", V1, {"id": 1}), written("evolve", V2, {"id": 2, "note": "x"})
    equal(client().get_versions("evolve-value"), [1, 2])
    equal(read("evolve", old, V2), {"id": 1, "note": "none"})
    equal(read("evolve", new, V1), {"id": 2})


def an_incompatible_serializer_is_stopped_at_the_registry():
    written("stop", V1, {"id": 1})
    needed = text(ID, {"name": "needed", "type": "string"})
    refused(409, 40901, lambda: written("stop", needed, {"id": 1, "needed": "x"}))


def without_automatic_registration_an_unknown_schema_is_refused_and_a_known_one_is_used():
    refused(404, 40401, lambda: written("manual", V1, {"id": 1}, auto_register_schemas=False))
    equal("manual-value" in client().get_subjects(), False)
    known = client().register_schema("manual-value", Schema(V1))
    equal(id_in(written("manual", V1, {"id": 1}, auto_register_schemas=False)), known)
    refused(404, 40403, lambda: written("manual", V2, {"id": 1, "note": ""}, auto_register_schemas=False))


def use_latest_version_writes_with_the_newest_schema():
    for schema in (V1, V2):
        newest = client().register_schema("latest-value", Schema(schema))
    settings = {"auto_register_schemas": False, "use_latest_version": True}
    message = written("latest", V1, {"id": 1, "note": "n"}, **settings)
    equal(id_in(message), newest)
    equal(read("latest", message), {"id": 1, "note": "n"})


def normalized_spellings_share_a_version():
    spelt = '{"fields":[{"type":"long","name":"id"}],"namespace":"shop","name":"Order","type":"record"}'
    first = written("normal", V1, {"id": 1}, normalize_schemas=True)
    second = written("normal", spelt, {"id": 2}, normalize_schemas=True)
    equal(id_in(first), id_in(second))
    equal(client().get_versions("normal-value"), [1])


def references_are_resolved_by_both_sides():
    money = text({"name": "cents", "type": "long"}, name="Money")
    customer = text({"name": "name", "type": "string"}, {"name": "credit", "type": "shop.Money"}, name="Customer")
    client().register_schema("money", Schema(money))
    to_money = SchemaReference("shop.Money", "money", 1)
    client().register_schema("customer", Schema(customer, references=[to_money]))
    order = text({"name": "customer", "type": "shop.Customer"}, {"name": "total", "type": "shop.Money"}, name="Bill")
    schema = Schema(order, references=[SchemaReference("shop.Customer", "customer", 1), to_money])
    bill = {"customer": {"name": "Ada", "credit": {"cents": 5}}, "total": {"cents": 700}}
    message = written("bills", schema, bill)
    equal(read("bills", message), bill)
    equal(client().get_referenced_by("customer", 1), [id_in(message)])
    refused(422, 42206, lambda: client().delete_version("money", 1))
    equal(read("bills", written("bills", schema, bill, auto_register_schemas=False)), bill)
    latest = {"auto_register_schemas": False, "use_latest_version": True}
    equal(read("bills", written("bills", None, bill, **latest)), bill)


def the_guid_in_a_header_finds_the_schema():
    headers = []
    context = value_of("headers", headers)
    value = {"id": 3, "note": "this client takes nothing shorter than six bytes"}
    message = AvroSerializer(client(), V2, conf={"schema.id.serializer": header_schema_id_serializer})(value, context)
    equal(len(headers), 1)
    reader = AvroDeserializer(client(), conf={"schema.id.deserializer": dual_schema_id_deserializer})
    equal(reader(message, context), value)


def soft_deleted_schemas_still_read_old_messages():
    message = written("gone", V1, {"id": 9})
    client().delete_subject("gone-value")
    equal(read("gone", message), {"id": 9})


def every_avro_type_survives_the_round_trip():
    schema = json.dumps({"type": "record", "name": "All", "fields": [
        {"name": "none", "type": "null"}, {"name": "flag", "type": "boolean"}, {"name": "int", "type": "int"},
        {"name": "long", "type": "long"}, {"name": "float", "type": "float"}, {"name": "double", "type": "double"},
        {"name": "bytes", "type": "bytes"}, {"name": "string", "type": "string"},
        {"name": "enum", "type": {"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "A"}},
        {"name": "array", "type": {"type": "array", "items": "int"}},
        {"name": "map", "type": {"type": "map", "values": ["null", "string"]}},
        {"name": "fixed", "type": {"type": "fixed", "name": "F", "size": 3}},
        {"name": "union", "type": ["null", "All"], "default": None},
    ]})
    value = {
        "none": None, "flag": True, "int": -1, "long": 2**62, "float": 0.5, "double": 1e300, "bytes": b"\x00\xff",
        "string": "Grüße, 世界", "enum": "B", "array": [1, 2], "map": {"a": None, "b": "c"}, "fixed": b"abc", "union": None,
    }
    equal(read("all", written("all", schema, value)), value)


def associated(topic, subject=None, schema=None):
    """Associates a subject with the values of a topic, or lets the topic own one that begins with this schema."""
    info = AssociationCreateOrUpdateInfo(subject, "value", None, None, schema and Schema(schema, "AVRO"), None)
    client().create_association(AssociationCreateOrUpdateRequest(topic, "lkc", f"id-{topic}", "topic", [info]))


def an_association_sends_producers_and_consumers_to_its_subject():
    shared = client().register_schema("shared", Schema(V1, "AVRO"))
    associated("linked", subject="shared")
    message = written("linked", V2, {"id": 1, "note": "x"})
    equal(client().get_versions("shared"), [1, 2])
    equal(client().get_subjects(subject_prefix="linked"), [])
    equal(read("linked", message, V1), {"id": 1})
    refused(409, 40904, lambda: client().delete_subject("shared"))
    client().delete_associations("id-linked")
    equal(id_in(written("linked", V1, {"id": 1})), shared)
    equal(client().get_subjects(subject_prefix="linked"), ["linked-value"])


def a_topic_that_owns_its_subject_takes_it_with_it():
    associated("owner", schema=V1)
    equal(read("owner", written("owner", V1, {"id": 1})), {"id": 1})
    equal(client().get_subjects(subject_prefix=":.lkc:"), [":.lkc:owner-value"])
    refused(409, 40908, lambda: client().delete_associations("id-owner"))
    client().delete_associations("id-owner", cascade_lifecycle=True)
    equal(client().get_subjects(subject_prefix=":.lkc:", deleted=True), [])


run(
    defaults_register_the_schema_and_read_it_back,
    keys_and_values_have_subjects_of_their_own,
    an_evolved_reader_reads_old_messages_and_an_old_one_new_messages,
    an_incompatible_serializer_is_stopped_at_the_registry,
    without_automatic_registration_an_unknown_schema_is_refused_and_a_known_one_is_used,
    use_latest_version_writes_with_the_newest_schema,
    normalized_spellings_share_a_version,
    references_are_resolved_by_both_sides,
    the_guid_in_a_header_finds_the_schema,
    soft_deleted_schemas_still_read_old_messages,
    every_avro_type_survives_the_round_trip,
    an_association_sends_producers_and_consumers_to_its_subject,
    a_topic_that_owns_its_subject_takes_it_with_it,
)
