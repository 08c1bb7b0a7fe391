// Field-level encryption of @confluentinc/schemaregistry with a local key management system: what a producer encrypts, a consumer
// with the secret decrypts, or one that the registry unwraps keys for; nobody else.
//
// The registry must have been started with the secret below for every key of local-kms, see the test.

import assert from "node:assert/strict";
import {
  AvroDeserializer,
  AvroSerializer,
  Clock,
  DekFormat,
  DekRegistryClient,
  EncryptionExecutor,
  FieldEncryptionExecutor,
  JsonDeserializer,
  JsonSerializer,
  LocalKmsDriver,
  RuleRegistry,
  SerializationError,
  clearKmsClients,
} from "@confluentinc/schemaregistry";
import { CONF, VALUE, client, refused, run } from "./checks.js";

LocalKmsDriver.register();

const KNOWN = { secret: "the secret of the tests" };
const NOTHING = {};
const DAY = 24 * 60 * 60 * 1000;

const AVRO = {
  schemaType: "AVRO",
  schema: JSON.stringify({
    type: "record",
    name: "Order",
    fields: [{ name: "name", type: "string", "confluent:tags": ["PII"] }, { name: "note", type: "string" }],
  }),
};
const JSON_SCHEMA = {
  schemaType: "JSON",
  schema: JSON.stringify({
    type: "object",
    properties: { name: { type: "string", "confluent:tags": ["PII"] }, note: { type: "string" } },
  }),
};
const ORDER = { name: "Ada Lovelace", note: "in the clear" };
const SERDES = { AVRO: [AvroSerializer, AvroDeserializer], JSON: [JsonSerializer, JsonDeserializer] };

/** A client of its own cache. */
function keys() {
  return DekRegistryClient.newClient(CONF);
}

/** A clock that is ahead of the registry's. */
class Later extends Clock {
  now() {
    return super.now() + 2 * DAY;
  }
}

function rule(type, kek, more) {
  const params = { "encrypt.kek.name": kek, "encrypt.kms.type": "local-kms", "encrypt.kms.key.id": "key-1", ...more };
  return { name: "encrypt", kind: "TRANSFORM", mode: "WRITEREAD", type, params };
}

/** Fields with the tag are encrypted. */
function ofFields(kek, more = {}) {
  return { domainRules: [{ ...rule("ENCRYPT", kek, more), tags: ["PII"] }] };
}

/** The message is encrypted as a whole. */
function ofPayload(kek) {
  return { encodingRules: [rule("ENCRYPT_PAYLOAD", kek, {})] };
}

/** Executors of a new process: they keep keys, and the library keeps the clients of key management systems. */
function executors(clock) {
  clearKmsClients();
  const registry = new RuleRegistry();
  registry.registerExecutor(new FieldEncryptionExecutor(clock));
  registry.registerExecutor(new EncryptionExecutor(clock));
  return registry;
}

async function produced(topic, ruleSet, ruleConfig, { schema = AVRO, clock = new Clock() } = {}) {
  await client().register(`${topic}-value`, { ...schema, ruleSet }, false);
  const [Serializer] = SERDES[schema.schemaType];
  const serializer = new Serializer(client(), VALUE, { useLatestVersion: true, ruleConfig }, executors(clock));
  return serializer.serialize(topic, { ...ORDER });
}

async function consumed(topic, ruleConfig, message, schema = AVRO) {
  const [, Deserializer] = SERDES[schema.schemaType];
  return { ...await new Deserializer(client(), VALUE, { ruleConfig }, executors(new Clock())).deserialize(topic, message) };
}

async function cannotDecrypt(topic, ruleConfig, message) {
  await assert.rejects(consumed(topic, ruleConfig, message), SerializationError);
}

async function roundTrip(topic, ruleSet, producer, consumer, more = {}) {
  const message = await produced(topic, ruleSet, producer, more);
  assert.ok(!message.includes("Ada") && message.includes("in the clear") === (ruleSet.domainRules !== undefined), `${message}`);
  assert.deepEqual(await consumed(topic, consumer, message, more.schema), ORDER);
  return message;
}

async function aConsumerWithTheSecretDecryptsAndNobodyElse() {
  for (const algorithm of Object.values(DekFormat)) {
    const topic = `own-${algorithm}`;
    const message = await roundTrip(topic, ofFields("own", { "encrypt.dek.algorithm": algorithm }), KNOWN, KNOWN);
    await cannotDecrypt(topic, NOTHING, message);
    await cannotDecrypt(topic, { secret: "another" }, message);
  }
  assert.equal((await keys().getKek("own")).shared, false);
  assert.equal((await keys().getDek("own", "own-AES256_GCM-value", DekFormat.AES256_GCM)).keyMaterial, undefined);
}

async function whoeverTheRegistryUnwrapsKeysForNeedsNoSecret() {
  assert.equal((await keys().registerKek("shared", "local-kms", "key-1", true)).shared, true);
  for (const algorithm of Object.values(DekFormat)) {
    await roundTrip(`shared-${algorithm}`, ofFields("shared", { "encrypt.dek.algorithm": algorithm }), NOTHING, NOTHING);
  }
}

async function theRegistryAndTheClientWrapAlike() {
  const algorithm = DekFormat.AES256_GCM;
  // Made by the registry, unwrapped by a client that has the secret and is told nothing of the key itself.
  const shared = await keys().registerDek("shared", "alike", algorithm);
  await keys().registerKek("not-shared", "local-kms", "key-1", false);
  await keys().registerDek("not-shared", "alike-value", algorithm, 1, shared.encryptedKeyMaterial);
  const message = await produced("alike", ofFields("not-shared"), KNOWN);
  assert.deepEqual(await consumed("alike", KNOWN, message), ORDER);
  assert.equal((await keys().getDek("not-shared", "alike-value", algorithm)).encryptedKeyMaterial, shared.encryptedKeyMaterial);
  // Made by a client, unwrapped by the registry.
  const own = await keys().getDek("own", "own-AES256_GCM-value", algorithm);
  const taken = await keys().registerDek("shared", "taken", algorithm, 1, own.encryptedKeyMaterial);
  assert.equal(taken.encryptedKeyMaterial, own.encryptedKeyMaterial);
  assert.ok(taken.keyMaterial, "the registry does not unwrap what a client has wrapped");
}

async function aKeyThatExpiredIsReplacedByItsNextVersionAndStillDecrypts() {
  const ruleSet = ofFields("own", { "encrypt.dek.expiry.days": "1" });
  const first = await roundTrip("expires", ruleSet, KNOWN, KNOWN);
  const latest = async () => (await keys().getDek("own", "expires-value", DekFormat.AES256_GCM, -1)).version;
  assert.equal(await latest(), 1);
  await roundTrip("expires", ruleSet, KNOWN, KNOWN, { clock: new Later() });
  assert.equal(await latest(), 2);
  assert.deepEqual(await consumed("expires", KNOWN, first), ORDER);
}

async function fieldsOfJsonDocumentsAreEncryptedAsWell() {
  await roundTrip("json", ofFields("own"), KNOWN, KNOWN, { schema: JSON_SCHEMA });
}

async function aWholeMessageIsEncryptedByARuleOfItsEncoding() {
  const message = await roundTrip("whole", ofPayload("own"), KNOWN, KNOWN);
  await cannotDecrypt("whole", NOTHING, message);
}

async function whatIsThereIsNotMadeAgain() {
  const algorithm = DekFormat.AES256_GCM;
  await refused(409, 40971, () => keys().registerKek("own", "aws-kms", "arn:aws:kms:eu:1:key/a", false));
  await refused(409, 40971, () => keys().registerDek("own", "own-AES256_GCM-value", algorithm, 1, "AAAA"));
  await refused(404, 40470, () => keys().getKek("none"));
  await refused(404, 40470, () => keys().getDek("own", "none", algorithm));
  await refused(422, 42271, () => keys().registerDek("own", "none", algorithm));
}

await run(
  aConsumerWithTheSecretDecryptsAndNobodyElse,
  whoeverTheRegistryUnwrapsKeysForNeedsNoSecret,
  theRegistryAndTheClientWrapAlike,
  aKeyThatExpiredIsReplacedByItsNextVersionAndStillDecrypts,
  fieldsOfJsonDocumentsAreEncryptedAsWell,
  aWholeMessageIsEncryptedByARuleOfItsEncoding,
  whatIsThereIsNotMadeAgain,
);
