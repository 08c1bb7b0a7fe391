"""Field-level encryption of confluent-kafka with a local key management system: what a producer encrypts, a consumer with the
secret decrypts, or one that the registry unwraps keys for; nobody else.

The registry must have been started with the secret below for every key of local-kms, see the test.
"""

import json
import sys

import tink._kms_clients
from checks import equal, refused, run
from confluent_kafka.schema_registry import (
    Rule,
    RuleKind,
    RuleMode,
    RuleParams,
    RuleSet,
    Schema,
    SchemaRegistryClient,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.encryption.dek_registry.dek_registry_client import (
    DekAlgorithm,
    DekRegistryClient,
)
from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import FieldEncryptionExecutor
from confluent_kafka.schema_registry.rules.encryption.localkms.local_driver import LocalKmsDriver
from confluent_kafka.schema_registry.serde import RuleError
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

LocalKmsDriver.register()

SECRET = "the secret of the tests"
CONF = {"url": sys.argv[1], "max.retries": 0}
KNOWN = {"secret": SECRET}
NOTHING = {}

NAME = {"name": "name", "type": "string", "confluent:tags": ["PII"]}
NOTE = {"name": "note", "type": "string"}
ORDER = json.dumps({"type": "record", "name": "Order", "fields": [NAME, NOTE]})
VALUE = {"name": "Ada Lovelace", "note": "in the clear"}


def keys():
    """A client of its own cache."""
    return DekRegistryClient.new_client(CONF)


def rules(kek, **further):
    params = {"encrypt.kek.name": kek, "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": "key-1"}
    params.update({name.replace("_", "."): value for name, value in further.items()})
    rule = Rule(
        "encrypt", "", RuleKind.TRANSFORM, RuleMode.WRITEREAD, "ENCRYPT", ["PII"], RuleParams(params), *[None] * 3, False
    )
    return RuleSet(None, [rule])


def executors():
    """Executors of a new process: they keep keys, and the library keeps the clients of key management systems."""
    tink._kms_clients.reset_kms_clients()
    registry = RuleRegistry()
    registry.register_executor(FieldEncryptionExecutor())
    return registry


def context(topic):
    return SerializationContext(topic, MessageField.VALUE)


def produced(topic, rule_set, conf):
    client = SchemaRegistryClient(CONF)
    client.register_schema(f"{topic}-value", Schema(ORDER, "AVRO", [], None, rule_set))
    settings = {"auto.register.schemas": False, "use.latest.version": True}
    serializer = AvroSerializer(client, ORDER, conf=settings, rule_conf=conf, rule_registry=executors())
    return serializer(dict(VALUE), context(topic))


def consumed(topic, conf, message):
    deserializer = AvroDeserializer(SchemaRegistryClient(CONF), rule_conf=conf, rule_registry=executors())
    return deserializer(message, context(topic))


def fails(call):
    try:
        got = call()
    except (RuleError, SerializationError):
        return
    raise AssertionError(f"got {got!r}, expected that the client cannot decrypt")


def round_trip(topic, kek, producer, consumer, **further):
    rule_set = rules(kek, **further)
    message = produced(topic, rule_set, producer)
    if b"Ada" in message or b"in the clear" not in message:
        raise AssertionError(f"the field is not encrypted, or others are: {message!r}")
    equal(consumed(topic, consumer, message), VALUE)
    return message


def a_consumer_with_the_secret_decrypts_and_nobody_else():
    for algorithm in DekAlgorithm:
        topic = f"own-{algorithm.name}"
        message = round_trip(topic, "own", KNOWN, KNOWN, encrypt_dek_algorithm=algorithm.name)
        fails(lambda: consumed(topic, NOTHING, message))
        fails(lambda: consumed(topic, {"secret": "another"}, message))
    equal(keys().get_kek("own").shared, False)
    equal(keys().get_dek("own", "own-AES256_GCM-value").key_material, None)


def whoever_the_registry_unwraps_keys_for_needs_no_secret():
    equal(keys().register_kek("shared", "local-kms", "key-1", shared=True).shared, True)
    for algorithm in DekAlgorithm:
        topic = f"shared-{algorithm.name}"
        round_trip(topic, "shared", NOTHING, NOTHING, encrypt_dek_algorithm=algorithm.name)


def the_registry_and_the_client_wrap_alike():
    # Made by the registry, unwrapped by a client that has the secret and is told nothing of the key itself.
    shared = keys().register_dek("shared", "alike", None)
    keys().register_kek("not-shared", "local-kms", "key-1")
    keys().register_dek("not-shared", "alike-value", shared.encrypted_key_material)
    message = produced("alike", rules("not-shared"), KNOWN)
    equal(keys().get_dek("not-shared", "alike-value").encrypted_key_material, shared.encrypted_key_material)
    # Made by a client, unwrapped by the registry.
    own = keys().get_dek("own", "own-AES256_GCM-value")
    taken = keys().register_dek("shared", "taken", own.encrypted_key_material)
    equal(taken.encrypted_key_material, own.encrypted_key_material)
    if not taken.key_material:
        raise AssertionError("the registry does not unwrap what a client has wrapped")
    equal(consumed("alike", KNOWN, message), VALUE)


def keys_that_expire_have_versions():
    round_trip("expires", "own", KNOWN, KNOWN, encrypt_dek_expiry_days="1")
    equal(keys().get_dek("own", "expires-value", version=-1).version, 1)


def what_is_there_is_not_made_again():
    refused(409, 40971, lambda: keys().register_kek("own", "aws-kms", "arn:aws:kms:eu:1:key/a"))
    refused(409, 40971, lambda: keys().register_dek("own", "own-AES256_GCM-value", "AAAA"))
    refused(404, 40470, lambda: keys().get_kek("none"))
    refused(404, 40470, lambda: keys().get_dek("own", "none"))
    refused(422, 42271, lambda: keys().register_dek("own", "none", None))


run(
    a_consumer_with_the_secret_decrypts_and_nobody_else,
    whoever_the_registry_unwraps_keys_for_needs_no_secret,
    the_registry_and_the_client_wrap_alike,
    keys_that_expire_have_versions,
    what_is_there_is_not_made_again,
)
