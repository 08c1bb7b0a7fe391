"""Records of a `_schemas` topic on a broker: topic.py BOOTSTRAP FILE write|read

`write` makes the topic, puts the records of the file there, with their times, and reads them back; `read` only reads.
"""

import json
import sys

from checks import equal, run
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

TOPIC = "_schemas"
SECONDS = 30
BROKER = {"bootstrap.servers": sys.argv[1]}


def expected():
    with open(sys.argv[2], encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def the_records_are_written_to_a_new_topic():
    topic = NewTopic(TOPIC, num_partitions=1, replication_factor=1, config={"cleanup.policy": "compact"})
    # What is not held is closed at once, and takes the request with it.
    admin = AdminClient(BROKER)
    admin.create_topics([topic])[TOPIC].result(SECONDS)
    failed = []
    producer = Producer({**BROKER, "acks": "all", "enable.idempotence": True})
    for record in expected():
        producer.produce(
            TOPIC,
            key=record["key"],
            value=record["value"],
            timestamp=record["timestamp"],
            partition=0,
            on_delivery=lambda error, _: error and failed.append(error),
        )
    equal((producer.flush(SECONDS), failed), (0, []))


def the_records_are_read_as_they_were_written():
    consumer = Consumer({**BROKER, "group.id": "reader", "enable.partition.eof": True, "enable.auto.commit": False})
    consumer.assign([TopicPartition(TOPIC, 0, OFFSET_BEGINNING)])
    found = []
    while True:
        message = consumer.poll(SECONDS)
        if message is None:
            raise AssertionError(f"only {len(found)} records came")
        if message.error():
            if message.error().code() == KafkaError._PARTITION_EOF:
                break
            raise AssertionError(message.error())
        value = message.value()
        found.append({
            "offset": message.offset(),
            "timestamp": message.timestamp()[1],
            "key": message.key().decode(),
            "value": value if value is None else value.decode(),
        })
    consumer.close()
    equal(found, expected())


if sys.argv[3] == "write":
    run(the_records_are_written_to_a_new_topic, the_records_are_read_as_they_were_written)
else:
    run(the_records_are_read_as_they_were_written)
