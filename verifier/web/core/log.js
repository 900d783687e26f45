//# allFunctionsCalledOnLoad
// @ts-check
/**
 * The issue in the log: C2SP notes, checkpoints and cosignatures (SPEC 6.3, 6.5), inclusion in a Merkle tree (6.1; RFC 9162 section
 * 2.1.3.2), entry and offline proof (6.2, 6.4).
 */

import { Finding, Undecided, bytesToInteger, fromBase64, fromUtf8, hashNow, hex, join, parseTime, require, same, sha256, utf8, within } from './forms.js';
import { checkKey, hasExactly, parseCanonical, verifySignature } from './signed.js';

const MAX_NOTE = 8192;
const MAX_SIGNATURES = 64;
export const NOTE = 1;
export const COSIGNATURE = 4;

/** @param {string} line @returns {NoteSignature} */
function readSignature(line) {
  const match = /^\u2014 ([^\s\x85+]+) ([^ ]+)$/.exec(line);
  require(match, 'note_form');
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
  const match = /^([^\s\x85+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(vkey);
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
 * @param {Verifier[]} keys the log's, present and former
 */
export async function checkSigned(note, keys) {
  const found = keys.flatMap((one) => signaturesOf(note, one).map(({ bytes }) => ({ key: one.key, bytes })));
  require(found.length > 0, 'note_unsigned');
  const held = await Promise.all(found.map(({ key, bytes }) => verifySignature(key, bytes, utf8(note.text))));
  require(!held.includes(false), 'note_signature');
}

/**
 * How many of these witnesses cosigned not later than `latest`.
 * @param {Note} note
 * @param {Verifier[]} witnesses
 * @param {number} latest Unix seconds
 * @returns {Promise<number>}
 */
async function countWitnesses(note, witnesses, latest) {
  const found = await Promise.all(witnesses.map(
    (witness) => Promise.all(signaturesOf(note, witness).map((one) => cosigned(note, witness, one.bytes, latest))),
  ));
  return found.filter((cosignatures) => cosignatures.includes(true)).length;
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

/** RFC 9162 section 2.1.1. */
const LEAF = 0;
const NODE = 1;

/** @param {Uint8Array} left @param {Uint8Array} right @returns {Uint8Array} the hash above them */
export const nodeHash = (left, right) => hashNow(join(left, right), NODE);

/** @param {Uint8Array} hashes a power of two of them, side by side @returns {Uint8Array} the hash above them all */
export function subtreeHash(hashes) {
  if (hashes.length <= 32) return hashes;
  const above = new Uint8Array(hashes.length / 2);
  for (let at = 0; at < above.length; at += 32) above.set(hashNow(hashes.subarray(2 * at, 2 * at + 64), NODE), at);
  return subtreeHash(above);
}

/**
 * @param {Uint8Array} entry
 * @param {bigint} index
 * @param {Uint8Array[]} path from the leaf's sibling upwards
 * @param {{size: bigint, root: Uint8Array}} tree
 */
function checkInclusion(entry, index, path, { size, root }) {
  require(index < size, 'log_index_beyond_tree');
  let hash = hashNow(entry, LEAF);
  let [node, last] = [index, size - 1n];
  for (const sibling of path) {
    require(last > 0n, 'log_inclusion');
    if (node & 1n || node === last) {
      hash = nodeHash(sibling, hash);
      while (node !== 0n && !(node & 1n)) [node, last] = [node >> 1n, last >> 1n];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  require(last === 0n && same(hash, root), 'log_inclusion');
}

export const MAX_LOG_PROOF = 16384;
const MAX_ENTRY = 1024;
const MAX_HASHES = 63;
const HEADER = 'c2sp.org/tlog-proof@v1';
const ACTIONS = ['issue', 'suspend', 'reinstate', 'revoke', 'void', 'trust-list', 'audit-trail'];

/** @param {Uint8Array} data @returns {{entry: Uint8Array, index: bigint, path: Uint8Array[], checkpoint: Uint8Array}} */
function readLogProof(data) {
  const form = 'log_proof_form';
  require(data.length <= MAX_LOG_PROOF, form);
  const end = data.findIndex((byte, at) => byte === 10 && data[at + 1] === 10);
  require(end > 0, form);
  const [header, extra, index, ...hashes] = fromUtf8(data.subarray(0, end), form).split('\n');
  require(header === HEADER && extra !== undefined && extra.startsWith('extra '), form);
  const match = /^index (0|[1-9][0-9]{0,18})$/.exec(index || '');
  require(match && hashes.length <= MAX_HASHES, form);
  const path = hashes.map((line) => fromBase64(line, form));
  require(path.every((hash) => hash.length === 32), form);
  return { entry: fromBase64(extra.slice(6), form), index: BigInt(match[1]), path, checkpoint: data.slice(end + 2) };
}

/** @param {Uint8Array} data @returns {Object<string, any>} */
function readEntry(data) {
  return within('log_entry_form', () => {
    const entry = parseCanonical(data, MAX_ENTRY);
    const form = 'log_entry_form';
    require(hasExactly(entry, ['action', 'number', 'digest', 'authority', 'time'], ['reason', 'successor']), form);
    require(Object.values(entry).every((value) => typeof value === 'string'), form);
    require(entry.reason !== '' && entry.successor !== '' && ACTIONS.includes(entry.action), form);
    require(parseTime(entry.time) !== undefined, form);
    require(/^(?:[0-9a-f]{64})?$/.test(entry.digest), form);
    return entry;
  });
}

/** @type {WeakMap<Uint8Array, {about: any[], included: Promise<Included>}>} */
const seen = new WeakMap();

/**
 * What the log says of this number. Every finding in here is about the proof.
 * @param {Uint8Array} data the `.tlog-proof`
 * @param {CertificateNumber} number
 * @param {string} origin of the log
 * @param {LogKeys} keys
 * @returns {Promise<Included>}
 */
export function readIncluded(data, number, origin, keys) {
  const about = [number.digits, origin, keys];
  const known = seen.get(data);
  if (known && about.every((part, at) => part === known.about[at])) return known.included;
  const included = findIncluded(data, number, origin, keys);
  seen.set(data, { about, included });
  return included;
}

/** @type {typeof readIncluded} */
async function findIncluded(data, number, origin, keys) {
  const proof = readLogProof(data);
  const entry = readEntry(proof.entry);
  const note = readNote(proof.checkpoint);
  const checkpoint = readCheckpoint(note);
  require(checkpoint.origin === origin, 'checkpoint_origin');
  await checkSigned(note, keys.log);
  checkInclusion(proof.entry, proof.index, proof.path, checkpoint);
  require(['issue', 'void'].includes(entry.action) && entry.number === number.digits, 'log_entry_other');
  return { entry, note, index: Number(proof.index), size: Number(checkpoint.size) };
}

/**
 * A proof that does not hold proves nothing; what the log itself says otherwise of this number is a finding.
 * @param {Uint8Array} data the `.tlog-proof`
 * @param {Uint8Array} record
 * @param {CertificateNumber} number
 * @param {TrustList} list
 * @param {LogKeys} keys
 * @param {{at: number, clockSkew: number}} policy
 * @returns {Promise<LoggedIssue>}
 */
export async function checkLogged(data, record, number, list, keys, { at, clockSkew }) {
  const { entry, note, index, size } = await readIncluded(data, number, list.log.origin, keys).catch((error) => {
    throw error instanceof Finding ? new Undecided(error.code, 'log-proof') : error;
  });
  const wanted = { action: 'issue', authority: number.authority, digest: hex(await sha256(record)) };
  for (const [name, value] of Object.entries(wanted)) require(entry[name] === value, 'log_entry_differs');
  const time = /** @type {number} */ (parseTime(entry.time));
  if (time > at + clockSkew) throw new Undecided('log_time_in_future', 'clock');
  const { quorum } = list.witnesses;
  const witnesses = await countWitnesses(note, keys.witnesses, at + clockSkew);
  if (witnesses < quorum) throw new Undecided('witnesses_missing', 'witnesses', { witnesses, quorum });
  return { index, size, time, witnesses };
}
