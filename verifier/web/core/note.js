// @ts-check
/**
 * C2SP signed notes, checkpoints and cosignatures (SPEC 6.3, 6.5).
 *
 * @typedef {{name: string, id: string, bytes: Uint8Array}} NoteSignature
 * @typedef {{text: string, signatures: NoteSignature[]}} Note
 * @typedef {{name: string, id: string, algorithm: number, key: Uint8Array}} Verifier
 */

import { fromUtf8, hex, join, sha256, utf8 } from './bytes.js';
import { checkKey, verifySignature } from './ed25519.js';
import { bytesToInteger, fromBase64 } from './encodings.js';
import { require, within } from './finding.js';

const MAX_NOTE = 8192;
const MAX_SIGNATURES = 64;
const NAME = /^[^\s+]+$/u;
export const NOTE = 1;
export const COSIGNATURE = 4;

/** @param {string} line @returns {NoteSignature} */
function readSignature(line) {
  const match = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line);
  require(match && NAME.test(match[1]), 'note_form');
  const data = fromBase64(match[2], 'note_form');
  require(data.length >= 5, 'note_form');
  return { name: match[1], id: hex(data.subarray(0, 4)), bytes: data.slice(4) };
}

/** @param {Uint8Array} data @returns {Note} */
export function readNote(data) {
  require(data.length <= MAX_NOTE, 'note_form');
  const all = fromUtf8(data, 'note_form');
  require(!/[\u0000-\u0009\u000b-\u001f]/.test(all), 'note_form');
  const blank = all.lastIndexOf('\n\n');
  require(blank >= 0 && all.endsWith('\n') && blank + 2 < all.length, 'note_form');
  const lines = all.slice(blank + 2, -1).split('\n');
  require(lines.length <= MAX_SIGNATURES, 'note_form');
  return { text: all.slice(0, blank + 1), signatures: lines.map(readSignature) };
}

/**
 * @param {string} vkey
 * @param {string} code the finding where it is none
 * @returns {Promise<Verifier>}
 */
export async function readVkey(vkey, code) {
  const match = /^([^\s+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
  require(match, code);
  const data = fromBase64(match[3], code);
  require(data.length === 33 && [NOTE, COSIGNATURE].includes(data[0]), code);
  const id = hex((await sha256(join(utf8(match[1] + '\n'), data))).subarray(0, 4));
  require(id === match[2], code);
  within(code, () => checkKey(data.subarray(1)));
  return { name: match[1], id, algorithm: data[0], key: data.slice(1) };
}

/** @param {Note} note @param {Verifier} verifier */
const signaturesOf = (note, verifier) => note.signatures.filter((one) => one.name === verifier.name && one.id === verifier.id);

/**
 * @param {Note} note
 * @param {Verifier[]} keys the log's, present and former: what any of them signed counts, what none signed does not
 */
export async function checkSigned(note, keys) {
  const found = keys.flatMap((one) => signaturesOf(note, one).map(({ bytes }) => ({ key: one.key, bytes })));
  require(found.length > 0, 'note_unsigned');
  for (const { key, bytes } of found) require(await verifySignature(key, bytes, utf8(note.text)), 'note_signature');
}

/**
 * How many of these witnesses cosigned not later than `latest`.
 * @param {Note} note
 * @param {Verifier[]} witnesses
 * @param {number} latest Unix seconds
 * @returns {Promise<number>}
 */
export async function countWitnesses(note, witnesses, latest) {
  let count = 0;
  for (const witness of witnesses) {
    const found = await Promise.all(signaturesOf(note, witness).map((one) => cosigned(note, witness, one.bytes, latest)));
    if (found.includes(true)) count += 1;
  }
  return count;
}

/** @param {Note} note @param {Verifier} witness @param {Uint8Array} bytes @param {number} latest */
async function cosigned(note, witness, bytes, latest) {
  if (bytes.length !== 72) return false;
  const time = bytesToInteger(bytes.subarray(0, 8));
  if (time > BigInt(latest)) return false;
  return verifySignature(witness.key, bytes.subarray(8), utf8(`cosignature/v1\ntime ${time}\n${note.text}`));
}

/**
 * The three lines of a checkpoint.
 * @param {Note} note
 * @returns {{origin: string, size: bigint, root: Uint8Array}}
 */
export function readCheckpoint(note) {
  const lines = note.text.split('\n');
  require(lines.length === 4 && lines[0] !== '' && /^(?:0|[1-9][0-9]{0,18})$/.test(lines[1]), 'checkpoint_form');
  const root = fromBase64(lines[2], 'checkpoint_form');
  require(root.length === 32, 'checkpoint_form');
  return { origin: lines[0], size: BigInt(lines[1]), root };
}
