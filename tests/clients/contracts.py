"""Data contracts of confluent-kafka, as a producer and a consumer run them: the registry keeps the rules, the clients act on them.

A condition in CEL keeps bad data out, a CEL_FIELD transform changes what carries a tag, and a JSONata rule brings data of an old
major version to a new one, and back.
"""

import json

from checks import client, equal, run
from confluent_kafka.schema_registry import (
    Metadata,
    MetadataProperties,
    Rule,
    RuleKind,
    RuleMode,
    RuleSet,
    Schema,
    ServerConfig,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.rules.cel.cel_executor import CelExecutor
from confluent_kafka.schema_registry.rules.cel.cel_field_executor import CelFieldExecutor
from confluent_kafka.schema_registry.rules.jsonata.jsonata_executor import JsonataExecutor
from confluent_kafka.schema_registry.serde import RuleConditionError
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

for executor in (CelExecutor, CelFieldExecutor, JsonataExecutor):
    executor.register()


def text(*fields):
    return json.dumps({"type": "record", "name": "Person", "namespace": "shop", "fields": list(fields)})


def value_of(topic):
    return SerializationContext(topic, MessageField.VALUE)


def written(topic, value, **conf):
    """What a producer writes that takes the schema from the registry, with its rules."""
    settings = {"auto.register.schemas": False, "use.latest.version": True, **conf}
    return AvroSerializer(client(), None, conf=settings)(value, value_of(topic))


def read(topic, message, **conf):
    return AvroDeserializer(client(), None, conf=conf or None)(message, value_of(topic))


def registered(subject, schema, rules, **parts):
    return client().register_schema_full_response(subject, Schema(schema, "AVRO", [], rule_set=rules, **parts))


def kept_out(expr, call):
    """The call must fail because this condition does not hold."""
    try:
        got = call()
    except SerializationError as error:
        assert isinstance(error.__cause__, RuleConditionError) and expr in str(error.__cause__), error.__cause__
        return
    raise AssertionError(f"got {got!r}, expected that {expr} keeps it out")


def rule(name, kind, mode, rule_type, expr, tags=None):
    return Rule(
        name=name, doc=None, kind=kind, mode=mode, type=rule_type, tags=tags, params=None, expr=expr,
        on_success=None, on_failure=None, disabled=False,
    )


def condition(name, expr):
    return rule(name, RuleKind.CONDITION, RuleMode.WRITE, "CEL", expr)


def migration(name, mode, expr):
    return rule(name, RuleKind.TRANSFORM, mode, "JSONATA", expr)


def rule_set(domain=None, migration=None):
    return RuleSet(domain_rules=domain, migration_rules=migration)


NAME, AGE = {"name": "name", "type": "string"}, {"name": "age", "type": "int"}


def a_condition_keeps_bad_data_out():
    registered("people-value", text(NAME, AGE), rule_set([condition("adult", "message.age >= 18")]))
    rules = client().get_latest_version("people-value").schema.rule_set.domain_rules
    equal([(kept.name, kept.expr) for kept in rules], [("adult", "message.age >= 18")])
    message = written("people", {"name": "Ada", "age": 36})
    equal(read("people", message), {"name": "Ada", "age": 36})
    kept_out("message.age >= 18", lambda: written("people", {"name": "Kim", "age": 7}))


def a_transform_changes_the_fields_that_carry_a_tag():
    tagged = {**NAME, "confluent:tags": ["PII"]}
    note = {"name": "note", "type": "string"}
    masks = "typeName == 'STRING' ; value + '-masked'"
    mask = rule("mask", RuleKind.TRANSFORM, RuleMode.WRITE, "CEL_FIELD", masks, tags=["PII"])
    registered("masked-value", text(tagged, note), rule_set([mask]))
    message = written("masked", {"name": "Ada", "note": "plain"})
    equal(read("masked", message), {"name": "Ada-masked", "note": "plain"})


def migration_rules_lead_from_one_major_version_to_the_next_and_back():
    client().set_config("moved-value", ServerConfig(compatibility_group="major"))

    def major(number):
        return Metadata(tags=None, properties=MetadataProperties(properties={"major": str(number)}), sensitive=None)

    full = {"name": "full", "type": "string"}
    up = "$merge([$sift($, function($v, $k) {$k != 'name'}), {'full': $.'name'}])"
    down = "$merge([$sift($, function($v, $k) {$k != 'full'}), {'name': $.'full'}])"
    rules = rule_set(None, [migration("up", RuleMode.UPGRADE, up), migration("down", RuleMode.DOWNGRADE, down)])
    equal(registered("moved-value", text(NAME, AGE), None, metadata=major(1)).version, 1)
    equal(registered("moved-value", text(full, AGE), rules, metadata=major(2)).version, 2)

    def of(number):
        return {"use.latest.with.metadata": {"major": str(number)}}

    def by(number, value):
        return written("moved", value, **{"use.latest.version": False, **of(number)})

    old, new = by(1, {"name": "Ada", "age": 36}), by(2, {"full": "Bob", "age": 40})
    equal(read("moved", old, **of(2)), {"full": "Ada", "age": 36})
    equal(read("moved", new, **of(1)), {"name": "Bob", "age": 40})
    equal(read("moved", new, **of(2)), {"full": "Bob", "age": 40})


def rules_of_a_config_reach_the_producer():
    named = rule_set([condition("named", "message.name != ''")])
    client().set_config("ruled-value", ServerConfig(default_rule_set=named))
    registered("ruled-value", text(NAME, AGE), None)
    equal(read("ruled", written("ruled", {"name": "Ada", "age": 36})), {"name": "Ada", "age": 36})
    kept_out("message.name != ''", lambda: written("ruled", {"name": "", "age": 36}))


if __name__ == "__main__":
    run(
        a_condition_keeps_bad_data_out,
        a_transform_changes_the_fields_that_carry_a_tag,
        migration_rules_lead_from_one_major_version_to_the_next_and_back,
        rules_of_a_config_reach_the_producer,
    )
