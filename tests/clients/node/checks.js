// What the client scripts share: clients of the registry named on the command line, and checks that print a line each.
//
// A client has its default configuration, except that a failed request is not tried again: a 5xx or a dropped connection is a
// failure here, and waiting would only hide it.

import assert from "node:assert/strict";
import { SchemaRegistryClient, SerdeType } from "@confluentinc/schemaregistry";

export const VALUE = SerdeType.VALUE;

export const CONF = { baseURLs: [process.argv[2]], maxRetries: 0 };

/** A client of its own cache, so that what it answers came from the server. */
export function client() {
  return new SchemaRegistryClient(CONF);
}

/** The call must fail with this HTTP status and error code. */
export async function refused(status, code, call) {
  const outcome = await call().then((got) => ({ got }), (error) => ({ error }));
  if (outcome.error?.errorCode === undefined) {
    throw new Error(`expected a refusal with ${code}`, { cause: outcome.error ?? outcome.got });
  }
  assert.deepEqual([outcome.error.status, outcome.error.errorCode], [status, code]);
}

/** The id in front of a message. */
export function idIn(message) {
  assert.equal(message[0], 0);
  return message.readInt32BE(1);
}

/** Runs every check, prints a line for each, and exits with the number of those that failed. */
export async function run(...checks) {
  let failed = 0;
  for (const check of checks) {
    const name = check.name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
    try {
      await check();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}`, error);
    }
  }
  process.exit(Math.min(failed, 100));
}
