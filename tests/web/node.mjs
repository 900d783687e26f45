// @ts-check
/** Answer questions, a JSON line for a JSON line. Argument: the project's folder. */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { answer } from './answering.mjs';

const read = async (/** @type {string} */ path) => new Uint8Array(await readFile(`${process.argv[2]}/${path}`));

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line), read))}\n`);
}
