// @ts-check
/** Answer questions, a JSON line for a JSON line: the browser's verifier as tests/vectors/README.md describes a program under test. */

import { createInterface } from 'node:readline';
import { answer } from './answering.mjs';

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
