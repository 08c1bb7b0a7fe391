// ProtobufSerializer and ProtobufDeserializer of @confluentinc/schemaregistry, as an application configures them: what one
// writes, another reads. The messages are made here rather than by protoc, which says the same in a descriptor.

import assert from "node:assert/strict";
import { create, createFileRegistry, createMutableRegistry, toJson } from "@bufbuild/protobuf";
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorProtoSchema,
  file_google_protobuf_any as anyFile,
  file_google_protobuf_timestamp as timestampFile,
} from "@bufbuild/protobuf/wkt";
import { ProtobufDeserializer, ProtobufSerializer } from "@confluentinc/schemaregistry";
import { VALUE, client, idIn, refused, run } from "./checks.js";

function field(name, number, type, more = {}) {
  return { name, number, label: Label.OPTIONAL, ...(typeof type === "string" ? { type: Type.MESSAGE, typeName: type } : { type }), ...more };
}

function file(name, pkg, dependency, messageType) {
  return create(FileDescriptorProtoSchema, { name, package: pkg, syntax: "proto3", dependency, messageType });
}

/** Three files: an order with a nested message, a map, a well-known type, and parts from another file. */
function orders({ extra = false, id = Type.INT32 } = {}) {
  const parts = file("shop/parts.proto", "shop.parts", [], [{ name: "Part", field: [field("sku", 1, Type.STRING)] }]);
  const entry = { name: "CountsEntry", options: { mapEntry: true }, field: [field("key", 1, Type.STRING), field("value", 2, Type.INT64)] };
  const order = file("shop/order.proto", "shop", ["shop/parts.proto", "google/protobuf/timestamp.proto", "google/protobuf/any.proto"], [
    { name: "Note", field: [field("text", 1, Type.STRING)] },
    {
      name: "Order",
      field: [
        field("id", 1, id),
        field("part", 2, ".shop.parts.Part", { label: Label.REPEATED }),
        field("at", 3, ".google.protobuf.Timestamp"),
        field("line", 4, ".shop.Order.Line"),
        field("counts", 5, ".shop.Order.CountsEntry", { label: Label.REPEATED }),
        field("detail", 6, ".google.protobuf.Any"),
        ...(extra ? [field("remark", 7, Type.STRING)] : []),
      ],
      nestedType: [{ name: "Line", field: [field("count", 1, Type.INT32)] }, entry],
    },
  ]);
  return types(order, parts);
}

/** The types of a file by name, and a registry of them for a serializer. */
function types(own, ...imports) {
  const known = [...imports, timestampFile, anyFile];
  const found = (name) => known.find((file) => name === (file.proto ?? file).name);
  const registry = createFileRegistry(own, found);
  const messages = createMutableRegistry(...[...registry].filter((type) => type.kind === "message"));
  return { messages, type: (name) => registry.getMessage(name) };
}

const ORDER = {
  id: 7,
  part: [{ sku: "a" }, { sku: "b" }],
  at: { seconds: 5n },
  line: { count: 3 },
  counts: { x: 2n },
};

function order(made, more = {}) {
  return create(made.type("shop.Order"), { ...ORDER, ...more });
}

const REGISTER = { autoRegisterSchemas: true };

function written(topic, made, message, conf = {}) {
  return new ProtobufSerializer(client(), VALUE, { registry: made.messages, ...conf }).serialize(topic, message);
}

function read(topic, message, conf = {}) {
  return new ProtobufDeserializer(client(), VALUE, conf).deserialize(topic, message);
}

/** A message as JSON, whichever description of its type it was read with. */
function json(made, message) {
  return toJson(made.type(message.$typeName), message);
}

async function autoRegistrationRegistersTheFileAndItsImportsAndReadsBack() {
  const made = orders();
  const message = await written("p-orders", made, order(made), REGISTER);
  const got = await read("p-orders", message);
  assert.deepEqual(json(made, got), json(made, order(made)));
  const latest = await client().getLatestSchemaMetadata("p-orders-value");
  assert.deepEqual(latest.references, [{ name: "shop/parts.proto", subject: "shop/parts.proto", version: 1 }]);
  assert.equal(latest.id, idIn(message));
  assert.match(latest.schema, /^syntax = "proto3";\npackage shop;\n/);
  // Its place among the messages at the top of the file: the second.
  assert.deepEqual([...message.subarray(5, 7)], [2, 2]);
}

async function defaultsFindWhatWasRegistered() {
  const made = orders();
  // What an import is registered as is asked first.
  await client().register("shop/parts.proto", { schemaType: "PROTOBUF", schema: 'syntax = "proto3"; package shop.parts; message Part { string sku = 1; }' }, false);
  await refused(404, 40401, () => written("p-found", made, order(made)));
  const registered = await written("p-found", made, order(made), REGISTER);
  const again = await written("p-found", made, order(made));
  assert.equal(idIn(again), idIn(registered));
  assert.equal((await read("p-found", again)).id, 7);
  const other = orders({ extra: true });
  await refused(404, 40403, () => written("p-found", other, order(other)));
}

async function aNestedMessageIsFoundByItsIndexes() {
  const made = orders();
  const line = create(made.type("shop.Order.Line"), { count: 9 });
  const message = await written("p-nested", made, line, REGISTER);
  assert.deepEqual([...message.subarray(5, 8)], [4, 2, 0]);
  const got = await read("p-nested", message);
  assert.deepEqual([got.$typeName, got.count], ["shop.Order.Line", 9]);
}

async function anEvolvedFileIsAVersionAndOldMessagesAreRead() {
  const [old, evolved] = [orders(), orders({ extra: true })];
  const first = await written("p-evolve", old, order(old), REGISTER);
  const second = await written("p-evolve", evolved, order(evolved, { remark: "x" }), REGISTER);
  assert.deepEqual(await client().getAllVersions("p-evolve-value"), [1, 2]);
  assert.equal((await read("p-evolve", first)).id, 7);
  assert.equal((await read("p-evolve", second)).remark, "x");
}

async function withTheLatestVersionTheWriterNeedNotBeRegistered() {
  const [old, evolved] = [orders(), orders({ extra: true })];
  const registered = await written("p-latest", evolved, order(evolved), REGISTER);
  const message = await written("p-latest", old, order(old), { useLatestVersion: true });
  assert.equal(idIn(message), idIn(registered));
  assert.equal((await read("p-latest", message, { useLatestVersion: true })).id, 7);
  assert.deepEqual(await client().getAllVersions("p-latest-value"), [1]);
}

async function anIncompatibleChangeIsRefused() {
  const [made, changed] = [orders(), orders({ id: Type.STRING })];
  await written("p-broken", made, order(made), REGISTER);
  await refused(409, 40901, () => written("p-broken", changed, order(changed, { id: "7" }), REGISTER));
}

async function aTextThatWasRegisteredIsFoundFromItsDescriptorAndReadsWhatWasWritten() {
  const schema = 'syntax = "proto3";\npackage pets;\n\nmessage Pet {\n  string name = 1;\n  // what it eats\n  repeated string likes = 2;\n}\n';
  const registered = await client().register("p-pets-value", { schemaType: "PROTOBUF", schema }, false);
  const pet = { name: "Pet", field: [field("name", 1, Type.STRING), field("likes", 2, Type.STRING, { label: Label.REPEATED })] };
  const made = types(file("pets.proto", "pets", [], [pet]));
  const message = await written("p-pets", made, create(made.type("pets.Pet"), { name: "a", likes: ["b"] }));
  assert.equal(idIn(message), registered);
  const got = await read("p-pets", message);
  assert.deepEqual([got.name, got.likes], ["a", ["b"]]);
}

await run(
  autoRegistrationRegistersTheFileAndItsImportsAndReadsBack,
  defaultsFindWhatWasRegistered,
  aNestedMessageIsFoundByItsIndexes,
  anEvolvedFileIsAVersionAndOldMessagesAreRead,
  withTheLatestVersionTheWriterNeedNotBeRegistered,
  anIncompatibleChangeIsRefused,
  aTextThatWasRegisteredIsFoundFromItsDescriptorAndReadsWhatWasWritten,
);
