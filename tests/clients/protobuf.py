"""ProtobufSerializer and ProtobufDeserializer of confluent-kafka, as an application configures them: what one writes, another
reads. The messages are made here rather than by protoc, which says the same in a descriptor.
"""

import base64
import struct

from checks import client, equal, refused, run
from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2

FIELD = descriptor_pb2.FieldDescriptorProto
TEXT, INT, MESSAGE = FIELD.TYPE_STRING, FIELD.TYPE_INT32, FIELD.TYPE_MESSAGE


def field(message, name, number, kind, type_name=None, label=FIELD.LABEL_OPTIONAL):
    message.field.add(name=name, number=number, type=kind, type_name=type_name, label=label)


def file(name, package, *imports):
    return descriptor_pb2.FileDescriptorProto(name=name, package=package, syntax="proto3", dependency=imports)


def classes(*files):
    """The message classes of the last file, by name."""
    pool = descriptor_pool.DescriptorPool()
    for known in (timestamp_pb2, any_pb2):
        pool.AddSerializedFile(known.DESCRIPTOR.serialized_pb)
    for each in files:
        pool.Add(each)
    made = message_factory.GetMessageClassesForFiles([each.name for each in files], pool)
    return {name.rsplit(".", 1)[-1]: made[name] for name in made}


def orders(extra=False):
    """Two files: an order with a nested message, a well-known type, and parts from the other file."""
    parts = file("shop/parts.proto", "shop.parts")
    field(parts.message_type.add(name="Part"), "sku", 1, TEXT)
    order = file("shop/order.proto", "shop", "shop/parts.proto", "google/protobuf/timestamp.proto")
    note = order.message_type.add(name="Note")
    field(note, "text", 1, TEXT)
    message = order.message_type.add(name="Order")
    field(message, "id", 1, INT)
    field(message, "part", 2, MESSAGE, ".shop.parts.Part", FIELD.LABEL_REPEATED)
    field(message, "at", 3, MESSAGE, ".google.protobuf.Timestamp")
    field(message, "line", 4, MESSAGE, ".shop.Order.Line")
    if extra:
        field(message, "remark", 5, TEXT)
    field(message.nested_type.add(name="Line"), "count", 1, INT)
    return parts, order


def value_of(topic):
    return SerializationContext(topic, MessageField.VALUE)


def written(topic, message, **conf):
    conf = {name.replace("_", "."): setting for name, setting in conf.items()}
    conf.setdefault("use.deprecated.format", False)
    return ProtobufSerializer(type(message), client(), conf=conf)(message, value_of(topic))


def read(topic, message, kind):
    return ProtobufDeserializer(kind, {"use.deprecated.format": False}, client())(message, value_of(topic))


def order(made, **members):
    got = made["Order"](id=7, **members)
    got.part.add(sku="a")
    got.at.seconds = 5
    got.line.count = 3
    return got


def defaults_register_the_file_and_its_imports_and_read_back():
    made = classes(*orders())
    message = written("orders", order(made))
    equal(read("orders", message, made["Order"]), order(made))
    latest = client().get_latest_version("orders-value")
    equal([(ref.name, ref.subject, ref.version) for ref in latest.schema.references], [("shop/parts.proto", "shop/parts.proto", 1)])
    equal(struct.unpack(">bI", message[:5]), (0, latest.schema_id))
    # Its place among the messages at the top of the file: the second.
    equal(message[5:7], b"\x02\x02")


def a_registered_file_is_shown_as_text_and_as_a_descriptor():
    made = classes(*orders())
    written("shown", order(made))
    text = client().get_latest_version("shown-value").schema.schema_str
    if 'syntax = "proto3";\npackage shop;\n' not in text or "message Order {" not in text:
        raise AssertionError(text)
    compiled = client().get_latest_version("shown-value", fmt="serialized").schema.schema_str
    back = descriptor_pb2.FileDescriptorProto.FromString(base64.b64decode(compiled))
    equal([message.name for message in back.message_type], ["Note", "Order"])


def a_nested_message_is_found_by_its_indexes():
    made = classes(*orders())
    line = made["Order"].DESCRIPTOR.nested_types_by_name["Line"]
    kind = message_factory.GetMessageClass(line)
    message = written("nested", kind(count=9))
    equal(message[5:8], b"\x04\x02\x00")
    equal(read("nested", message, kind), kind(count=9))


def an_evolved_reader_reads_old_messages_and_an_old_one_new_messages():
    old, new = classes(*orders()), classes(*orders(extra=True))
    first, second = written("evolve", order(old)), written("evolve", order(new, remark="x"))
    equal(client().get_versions("evolve-value"), [1, 2])
    equal(read("evolve", first, new["Order"]).remark, "")
    equal(read("evolve", second, old["Order"]).id, 7)


def without_auto_registration_what_is_registered_is_found():
    made = classes(*orders())
    written("found", order(made))
    again = written("found", order(made), auto_register_schemas=False)
    equal(read("found", again, made["Order"]).id, 7)
    stranger = classes(*orders(extra=True))
    refused(404, 40403, lambda: written("found", order(stranger), auto_register_schemas=False))


def with_the_latest_version_the_writer_need_not_be_registered():
    old, new = classes(*orders()), classes(*orders(extra=True))
    written("latest", order(new))
    message = written("latest", order(old), auto_register_schemas=False, use_latest_version=True)
    equal(read("latest", message, old["Order"]).id, 7)
    equal(client().get_versions("latest-value"), [1])


def a_text_that_was_registered_is_found_from_its_descriptor():
    text = 'syntax = "proto3";\npackage pets;\n\nmessage Pet {\n  string name = 1;\n  // what it eats\n  repeated string likes = 2;\n}\n'
    registered = client().register_schema("pets-value", Schema(text, "PROTOBUF"))
    pets = file("pets.proto", "pets")
    pet = pets.message_type.add(name="Pet")
    field(pet, "name", 1, TEXT)
    field(pet, "likes", 2, TEXT, label=FIELD.LABEL_REPEATED)
    made = classes(pets)
    message = written("pets", made["Pet"](name="a", likes=["b"]), auto_register_schemas=False)
    equal(struct.unpack(">bI", message[:5]), (0, registered))


def an_incompatible_change_is_refused():
    written("broken", order(classes(*orders())))
    parts, changed = orders()
    changed.message_type[1].field[0].type = TEXT
    made = classes(parts, changed)
    refused(409, 40901, lambda: written("broken", made["Order"](id="x")))


def references_are_needed_for_files_of_ones_own():
    text = 'syntax = "proto3";\nimport "own.proto";\nmessage M {\n  own.O o = 1;\n}\n'
    refused(422, 42201, lambda: client().register_schema("refs-value", Schema(text, "PROTOBUF")))
    client().register_schema("own", Schema('syntax = "proto3";\npackage own;\nmessage O {}\n', "PROTOBUF"))
    schema = Schema(text, "PROTOBUF", [SchemaReference("own.proto", "own", 1)])
    client().register_schema("refs-value", schema)
    equal(client().lookup_schema("refs-value", schema).version, 1)


run(
    defaults_register_the_file_and_its_imports_and_read_back,
    a_registered_file_is_shown_as_text_and_as_a_descriptor,
    a_nested_message_is_found_by_its_indexes,
    an_evolved_reader_reads_old_messages_and_an_old_one_new_messages,
    without_auto_registration_what_is_registered_is_found,
    with_the_latest_version_the_writer_need_not_be_registered,
    a_text_that_was_registered_is_found_from_its_descriptor,
    an_incompatible_change_is_refused,
    references_are_needed_for_files_of_ones_own,
)
