// JsonSerializer and JsonDeserializer of @confluentinc/schemaregistry, as an application configures them: what one writes,
// another reads. The serializer takes the schema from the registry, or makes one of the message.

import assert from "node:assert/strict";
import { JsonDeserializer, JsonSerializer } from "@confluentinc/schemaregistry";
import { VALUE, client, idIn, refused, run } from "./checks.js";

const DRAFT_7 = "http://json-schema.org/draft-07/schema#";
const DRAFT_2020 = "https://json-schema.org/draft/2020-12/schema";
const ID = { id: { type: "integer" } };
const NOTE = { note: { type: "string" } };

function object(title, properties, $schema = DRAFT_7) {
  const schema = { $schema, title, type: "object", properties, required: [Object.keys(properties)[0]], additionalProperties: false };
  return { schemaType: "JSON", schema: JSON.stringify(schema) };
}

function written(topic, value, conf = {}) {
  return new JsonSerializer(client(), VALUE, conf).serialize(topic, value);
}

function read(topic, message, conf = {}) {
  return new JsonDeserializer(client(), VALUE, conf).deserialize(topic, message);
}

const VALID = { validate: true };
const LATEST = { useLatestVersion: true, validate: true };

async function defaultsFindTheSchemaThatWasRegisteredAndReadItBack() {
  await refused(404, 40401, () => written("j-defaults", { id: 7 }));
  const registered = await written("j-defaults", { id: 7 }, { autoRegisterSchemas: true });
  const message = await written("j-defaults", { id: 8 });
  assert.equal(idIn(message), idIn(registered));
  assert.deepEqual(await read("j-defaults", message, VALID), { id: 8 });
  assert.equal((await client().getLatestSchemaMetadata("j-defaults-value")).schemaType, "JSON");
}

async function aDocumentThatDoesNotFitIsNeverWritten() {
  await client().register("j-invalid-value", object("Order", ID), false);
  await assert.rejects(written("j-invalid", { id: "seven" }, LATEST), /Invalid message/);
}

async function useLatestVersionWritesAndReadsWithTheNewestSchema() {
  await client().register("j-latest-value", object("Order", ID), false);
  const old = await written("j-latest", { id: 1 }, LATEST);
  const newest = await client().register("j-latest-value", object("Order", { ...ID, ...NOTE }), false);
  const message = await written("j-latest", { id: 2, note: "n" }, LATEST);
  assert.equal(idIn(message), newest);
  assert.deepEqual(await read("j-latest", message, LATEST), { id: 2, note: "n" });
  assert.deepEqual(await read("j-latest", old, LATEST), { id: 1 });
}

async function anIncompatibleSerializerIsStoppedAtTheRegistry() {
  await client().register("j-stop-value", object("Order", { id: { type: "string" } }), false);
  await refused(409, 40901, () => written("j-stop", { id: 1 }, { autoRegisterSchemas: true }));
}

async function referencesAreResolvedByBothSides() {
  for (const [suffix, draft] of [["old", DRAFT_7], ["new", DRAFT_2020]]) {
    await client().register(`j-money-${suffix}`, object("Money", { cents: { type: "integer" } }, draft), false);
    const money = { name: "money.json", subject: `j-money-${suffix}`, version: 1 };
    const credit = { ...object("Customer", { credit: { $ref: "money.json" } }, draft), references: [money] };
    await client().register(`j-customer-${suffix}`, credit, false);
    const customer = { name: "customer.json", subject: `j-customer-${suffix}`, version: 1 };
    const bill = object("Bill", { customer: { $ref: "customer.json" }, total: { $ref: "money.json" } }, draft);
    const topic = `j-bills-${suffix}`;
    await client().register(`${topic}-value`, { ...bill, references: [customer, money] }, false);
    const value = { customer: { credit: { cents: 5 } }, total: { cents: 700 } };
    assert.deepEqual(await read(topic, await written(topic, value, LATEST), VALID), value);
    await assert.rejects(written(topic, { customer: { credit: { cents: "5" } } }, LATEST), /Invalid message/);
    await refused(422, 42206, () => client().deleteSubjectVersion(`j-money-${suffix}`, 1, false));
  }
}

await run(
  defaultsFindTheSchemaThatWasRegisteredAndReadItBack,
  aDocumentThatDoesNotFitIsNeverWritten,
  useLatestVersionWritesAndReadsWithTheNewestSchema,
  anIncompatibleSerializerIsStoppedAtTheRegistry,
  referencesAreResolvedByBothSides,
);
