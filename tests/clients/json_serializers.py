"""JSONSerializer and JSONDeserializer of confluent-kafka, as an application configures them: what one writes, another reads."""

import json
import struct

from checks import client, equal, refused, run
from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema"


def text(properties, *required, draft=DRAFT_7, title="Order", **more):
    schema = {"$schema": draft, "title": title, "type": "object", "properties": properties, "required": list(required)}
    return json.dumps({**schema, "additionalProperties": False, **more})


def value_of(topic):
    return SerializationContext(topic, MessageField.VALUE)


def as_it_is(value, _context):
    return value


def written(topic, schema, value, **conf):
    conf = {name.replace("_", "."): setting for name, setting in conf.items()}
    return JSONSerializer(schema, client(), as_it_is, conf=conf)(value, value_of(topic))


def read(topic, message, schema=None):
    return JSONDeserializer(schema, as_it_is, client())(message, value_of(topic))


def id_in(message):
    magic, schema_id = struct.unpack(">bI", message[:5])
    equal(magic, 0)
    return schema_id


ID, NOTE = {"id": {"type": "integer"}}, {"note": {"type": "string"}}
V1, V2 = text(ID, "id"), text({**ID, **NOTE}, "id")


def defaults_register_the_schema_and_read_it_back():
    message = written("j-defaults", V1, {"id": 7})
    equal(read("j-defaults", message), {"id": 7})
    equal(read("j-defaults", message, V1), {"id": 7})
    latest = client().get_latest_version("j-defaults-value")
    equal((latest.version, latest.schema_id, latest.schema.schema_type), (1, id_in(message), "JSON"))


def a_document_that_does_not_fit_is_never_written():
    try:
        written("j-invalid", V1, {"id": "seven"})
    except SerializationError:
        return
    raise AssertionError("a document was written that does not fit")


def schemas_of_the_latest_draft_do_as_well():
    schema = text({"items": {"type": "array", "prefixItems": [{"type": "string"}]}}, draft=DRAFT_2020)
    equal(read("j-draft", written("j-draft", schema, {"items": ["a"]})), {"items": ["a"]})


def an_evolved_schema_is_registered_and_old_messages_are_read():
    old, new = written("j-evolve", V1, {"id": 1}), written("j-evolve", V2, {"id": 2, "note": "x"})
    equal(client().get_versions("j-evolve-value"), [1, 2])
    equal((read("j-evolve", old), read("j-evolve", new)), ({"id": 1}, {"id": 2, "note": "x"}))


def an_incompatible_serializer_is_stopped_at_the_registry():
    written("j-stop", V1, {"id": 1})
    refused(409, 40901, lambda: written("j-stop", text({"id": {"type": "string"}}, "id"), {"id": "1"}))


def without_automatic_registration_a_known_schema_is_used():
    refused(404, 40401, lambda: written("j-manual", V1, {"id": 1}, auto_register_schemas=False))
    known = client().register_schema("j-manual-value", Schema(V1, "JSON"))
    equal(id_in(written("j-manual", V1, {"id": 1}, auto_register_schemas=False)), known)


def use_latest_version_writes_with_the_newest_schema():
    for schema in (V1, V2):
        newest = client().register_schema("j-latest-value", Schema(schema, "JSON"))
    settings = {"auto_register_schemas": False, "use_latest_version": True}
    message = written("j-latest", V1, {"id": 1, "note": "n"}, **settings)
    equal(id_in(message), newest)
    equal(read("j-latest", message), {"id": 1, "note": "n"})


def normalized_spellings_share_a_version():
    spelt = json.dumps(dict(reversed(list(json.loads(V1).items()))))
    first = written("j-normal", V1, {"id": 1}, normalize_schemas=True)
    second = written("j-normal", spelt, {"id": 2}, normalize_schemas=True)
    equal(id_in(first), id_in(second))
    equal(client().get_versions("j-normal-value"), [1])


def references_are_resolved_by_both_sides():
    for draft in (DRAFT_7, DRAFT_2020):
        suffix = "old" if draft == DRAFT_7 else "new"
        money = text({"cents": {"type": "integer"}}, "cents", draft=draft, title="Money")
        client().register_schema(f"j-money-{suffix}", Schema(money, "JSON"))
        to_money = SchemaReference("money.json", f"j-money-{suffix}", 1)
        customer = text({"credit": {"$ref": "money.json"}}, draft=draft, title="Customer")
        client().register_schema(f"j-customer-{suffix}", Schema(customer, "JSON", references=[to_money]))
        to_customer = SchemaReference("customer.json", f"j-customer-{suffix}", 1)
        bill = text({"customer": {"$ref": "customer.json"}, "total": {"$ref": "money.json"}}, draft=draft, title="Bill")
        schema = Schema(bill, "JSON", references=[to_customer, to_money])
        value = {"customer": {"credit": {"cents": 5}}, "total": {"cents": 700}}
        topic = f"j-bills-{suffix}"
        message = written(topic, schema, value)
        equal(read(topic, message), value)
        equal(client().get_referenced_by(f"j-customer-{suffix}", 1), [id_in(message)])
        refused(422, 42206, lambda: client().delete_version(f"j-money-{suffix}", 1))
        latest = {"auto_register_schemas": False, "use_latest_version": True}
        equal(read(topic, written(topic, schema, value, **latest)), value)


def a_schema_that_contains_itself_is_registered_and_used():
    tree = text({"label": {"type": "string"}, "parts": {"type": "array", "items": {"$ref": "#"}}})
    value = {"label": "a", "parts": [{"label": "b"}]}
    equal(read("j-tree", written("j-tree", tree, value)), value)


run(
    defaults_register_the_schema_and_read_it_back,
    a_document_that_does_not_fit_is_never_written,
    schemas_of_the_latest_draft_do_as_well,
    an_evolved_schema_is_registered_and_old_messages_are_read,
    an_incompatible_serializer_is_stopped_at_the_registry,
    without_automatic_registration_a_known_schema_is_used,
    use_latest_version_writes_with_the_newest_schema,
    normalized_spellings_share_a_version,
    references_are_resolved_by_both_sides,
    a_schema_that_contains_itself_is_registered_and_used,
)
