// AvroSerializer and AvroDeserializer of @confluentinc/schemaregistry, as an application configures them: what one writes,
// another reads. The serializer takes the schema from the registry, or makes one of the message.

import assert from "node:assert/strict";
import { AvroDeserializer, AvroSerializer, DualSchemaIdDeserializer, HeaderSchemaIdSerializer } from "@confluentinc/schemaregistry";
import { VALUE, client, idIn, refused, run } from "./checks.js";

const ID = { name: "id", type: "int" };
const NOTE = { name: "note", type: "string", default: "none" };

function record(...fields) {
  return named("Order", ...fields);
}

function named(name, ...fields) {
  return { schemaType: "AVRO", schema: JSON.stringify({ type: "record", name, namespace: "shop", fields }) };
}

function written(topic, value, conf = {}, headers = undefined) {
  return new AvroSerializer(client(), VALUE, conf).serialize(topic, value, headers);
}

// Values come as instances of a class that is made of the schema.
async function read(topic, message, conf = {}, headers = undefined) {
  return { ...await new AvroDeserializer(client(), VALUE, conf).deserialize(topic, message, headers) };
}

async function defaultsFindTheSchemaThatWasRegisteredAndReadItBack() {
  await refused(404, 40401, () => written("defaults", { id: 7 }));
  const registered = await written("defaults", { id: 7 }, { autoRegisterSchemas: true });
  const message = await written("defaults", { id: 8 });
  assert.equal(idIn(message), idIn(registered));
  assert.deepEqual(await read("defaults", message), { id: 8 });
  assert.deepEqual(await client().getAllVersions("defaults-value"), [1]);
  await refused(404, 40403, () => written("defaults", { other: "x" }));
}

async function useLatestVersionWritesAndReadsWithTheNewestSchema() {
  const latest = { useLatestVersion: true };
  await client().register("latest-value", record(ID), false);
  const old = await written("latest", { id: 1 }, latest);
  const newest = await client().register("latest-value", record(ID, NOTE), false);
  const message = await written("latest", { id: 2, note: "n" }, latest);
  assert.equal(idIn(message), newest);
  assert.deepEqual(await read("latest", message, latest), { id: 2, note: "n" });
  assert.deepEqual(await read("latest", old, latest), { id: 1, note: "none" });
  assert.deepEqual(await read("latest", old), { id: 1 });
}

async function anIncompatibleSerializerIsStoppedAtTheRegistry() {
  await written("stop", { id: 1 }, { autoRegisterSchemas: true });
  await refused(409, 40901, () => written("stop", { id: "one" }, { autoRegisterSchemas: true }));
}

async function referencesAreResolvedByBothSides() {
  await client().register("money", named("Money", { name: "cents", type: "long" }), false);
  const money = { name: "shop.Money", subject: "money", version: 1 };
  const bill = { ...named("Bill", { name: "total", type: "shop.Money" }), references: [money] };
  const id = await client().register("bills-value", bill, false);
  const message = await written("bills", { total: { cents: 700 } }, { useLatestVersion: true });
  assert.equal(idIn(message), id);
  const value = await read("bills", message);
  assert.deepEqual({ ...value.total }, { cents: 700 });
  await refused(422, 42206, () => client().deleteSubjectVersion("money", 1, false));
}

async function normalizedSpellingsShareAVersion() {
  const spelt = { schemaType: "AVRO", schema: '{"fields":[{"type":"int","name":"id"}],"namespace":"shop","name":"Order","type":"record"}' };
  const first = await client().register("normal-value", record(ID), true);
  assert.equal(await client().register("normal-value", spelt, true), first);
  assert.equal(await client().getId("normal-value", spelt, true), first);
}

async function theGuidInAHeaderFindsTheSchema() {
  const headers = {};
  const conf = { autoRegisterSchemas: true, schemaIdSerializer: HeaderSchemaIdSerializer };
  const message = await written("headers", { id: 3 }, conf, headers);
  assert.equal(Object.keys(headers).length, 1);
  assert.deepEqual(await read("headers", message, { schemaIdDeserializer: DualSchemaIdDeserializer }, headers), { id: 3 });
}

async function anAssociationSendsProducersAndConsumersToItsSubject() {
  const shared = await client().register("shared", record(ID), false);
  await client().createAssociation({
    resourceName: "linked",
    resourceNamespace: "lkc",
    resourceId: "id-linked",
    resourceType: "topic",
    associations: [{ subject: "shared", associationType: "value" }],
  });
  const message = await written("linked", { id: 1 }, { useLatestVersion: true });
  assert.equal(idIn(message), shared);
  assert.deepEqual(await read("linked", message), { id: 1 });
  assert.deepEqual((await client().getAllSubjects()).filter((name) => name.startsWith("linked")), []);
}

async function everyAvroTypeSurvivesTheRoundTrip() {
  const fields = [
    { name: "flag", type: "boolean" },
    { name: "long", type: "long" },
    { name: "double", type: "double" },
    { name: "bytes", type: "bytes" },
    { name: "string", type: "string" },
    { name: "enum", type: { type: "enum", name: "E", symbols: ["A", "B"] } },
    { name: "array", type: { type: "array", items: "int" } },
    { name: "map", type: { type: "map", values: "string" } },
    { name: "fixed", type: { type: "fixed", name: "F", size: 3 } },
    { name: "union", type: ["null", "string"], default: null },
  ];
  await client().register("all-value", named("All", ...fields), false);
  const value = {
    flag: true, long: 2 ** 40, double: 0.5, bytes: Buffer.from([0, 255]), string: "Grüße, 世界", enum: "B", array: [1, 2],
    map: { a: "c" }, fixed: Buffer.from("abc"), union: "u",
  };
  const got = await read("all", await written("all", value, { useLatestVersion: true }));
  assert.deepEqual({ ...got, map: { ...got.map } }, value);
}

async function theClientAdministersSubjectsAndConfig() {
  const registry = client();
  await registry.register("admin", record(ID), false);
  assert.equal(await registry.getDefaultCompatibility(), "BACKWARD");
  assert.equal(await registry.updateCompatibility("admin", "FULL"), "FULL");
  assert.equal((await registry.getConfig("admin")).compatibilityLevel, "FULL");
  assert.equal(await registry.testSubjectCompatibility("admin", record(ID, NOTE)), true);
  assert.equal(await registry.testSubjectCompatibility("admin", record({ name: "id", type: "string" })), false);
  const full = await registry.registerFullResponse("admin", record(ID, NOTE), false);
  assert.deepEqual([full.version, (await registry.getByGuid(full.guid)).schema], [2, record(ID, NOTE).schema]);
  assert.equal((await registry.getSchemaMetadata("admin", 1)).id, await registry.getId("admin", record(ID)));
  assert.deepEqual(await registry.deleteSubject("admin", false), [1, 2]);
  assert.deepEqual(await registry.deleteSubject("admin", true), [1, 2]);
  await refused(404, 40401, () => client().getLatestSchemaMetadata("admin"));
}

await run(
  defaultsFindTheSchemaThatWasRegisteredAndReadItBack,
  useLatestVersionWritesAndReadsWithTheNewestSchema,
  anIncompatibleSerializerIsStoppedAtTheRegistry,
  referencesAreResolvedByBothSides,
  normalizedSpellingsShareAVersion,
  theGuidInAHeaderFindsTheSchema,
  anAssociationSendsProducersAndConsumersToItsSubject,
  everyAvroTypeSurvivesTheRoundTrip,
  theClientAdministersSubjectsAndConfig,
);
