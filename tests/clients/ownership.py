"""Producers and consumers with Basic credentials, on a registry with owners: what each may do, and what the client raises.

Prints a line of JSON for each of them: who, what, the outcome (`ok`, or status and error code of the exception), and the
exception's text. What is right depends on the server's authorization.post_reads, so this script judges nothing: the table
is in tests/src/clients_ownership.rs, which also says who the users are. A user's password is the name.
"""

import json

from checks import client
from confluent_kafka.schema_registry import SchemaRegistryError
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

WHO = {"writer": "wim:wim", "foreign": "stranger:stranger", "nobody": None, "wrong password": "wim:wrong"}

V1 = json.dumps({"type": "record", "name": "Order", "fields": [{"name": "id", "type": "long"}]})
V2 = json.dumps({"type": "record", "name": "Order", "fields": [
    {"name": "id", "type": "long"}, {"name": "note", "type": "string", "default": ""},
]})
ORDER = {"id": 7, "note": ""}


def value_of(topic):
    return SerializationContext(topic, MessageField.VALUE)


def produce(schema, **conf):
    def call(registry, topic, message):
        AvroSerializer(registry, schema, conf=dotted(conf))(ORDER, value_of(topic))
    return call


def consume(**conf):
    def call(registry, topic, message):
        AvroDeserializer(registry, conf=dotted(conf))(message, value_of(topic))
    return call


def dotted(conf):
    return {name.replace("_", "."): setting for name, setting in conf.items()}


WHAT = {
    "produces, registering what is there": produce(V1),
    "produces, registering a new version": produce(V2),
    "produces where nobody owns": produce(V1),
    "produces, looking up what is there": produce(V1, auto_register_schemas=False),
    "produces, looking up what is not there": produce(V2, auto_register_schemas=False),
    "produces with use.latest.version": produce(V1, auto_register_schemas=False, use_latest_version=True),
    "consumes": consume(),
    "consumes with use.latest.version": consume(use_latest_version=True),
}

owner = client("alice:alice")
for who, user_info in WHO.items():
    for number, (what, call) in enumerate(WHAT.items()):
        # A topic for each, so that what one has registered is nothing to the others.
        topic = f"payments.{number}.{who.replace(' ', '-')}"
        message = AvroSerializer(owner, V1)(ORDER, value_of(topic))
        if what == "produces where nobody owns":
            topic = "nobodys"
        outcome, text = "ok", ""
        try:
            call(client(user_info), topic, message)
        except SchemaRegistryError as error:
            outcome, text = f"{error.http_status_code} {error.error_code}", str(error)
        print(json.dumps({"who": who, "what": what, "subject": f"{topic}-value", "outcome": outcome, "message": text}))
