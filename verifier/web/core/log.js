// @ts-check
/**
 * The issue in the transparency log: entry, offline proof, witnesses (SPEC 6.2, 6.4, 6.5).
 *
 * @typedef {{index: number, size: number, time: number, witnesses: number}} LoggedIssue
 */

import { fromUtf8, hex, sha256 } from './bytes.js';
import { fromBase64 } from './encodings.js';
import { Finding, Undecided, require, within } from './finding.js';
import { hasExactly, parseCanonical } from './json.js';
import { checkInclusion } from './merkle.js';
import { checkSigned, countWitnesses, readCheckpoint, readNote } from './note.js';
import { parseTime } from './time.js';

export const MAX_LOG_PROOF = 16384;
const MAX_ENTRY = 1024;
const MAX_HASHES = 63;
const HEADER = 'c2sp.org/tlog-proof@v1';
const ACTIONS = ['issue', 'suspend', 'reinstate', 'revoke', 'void', 'trust-list', 'audit-trail'];

/** @param {Uint8Array} data @returns {{entry: Uint8Array, index: bigint, path: Uint8Array[], checkpoint: Uint8Array}} */
export function readLogProof(data) {
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
export function readEntry(data) {
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

/**
 * What the log says of this number. Every finding in here is one about the proof, not about the certificate.
 * @param {Uint8Array} data the `.tlog-proof`
 * @param {import('./number.js').CertificateNumber} number
 * @param {string} origin of the log
 * @param {import('./trust.js').LogKeys} keys
 */
export async function readIncluded(data, number, origin, keys) {
  const proof = readLogProof(data);
  const entry = readEntry(proof.entry);
  const note = readNote(proof.checkpoint);
  const checkpoint = readCheckpoint(note);
  require(checkpoint.origin === origin, 'checkpoint_origin');
  await checkSigned(note, keys.log);
  await checkInclusion(proof.entry, proof.index, proof.path, checkpoint);
  require(['issue', 'void'].includes(entry.action) && entry.number === number.digits, 'log_entry_other');
  return { entry, note, index: Number(proof.index), size: Number(checkpoint.size) };
}

/**
 * A proof that does not hold proves nothing, and nothing against the certificate. Only what the log itself says of this
 * number, and says otherwise, is a finding.
 * @param {Uint8Array} data the `.tlog-proof`
 * @param {Uint8Array} record
 * @param {import('./number.js').CertificateNumber} number
 * @param {import('./trustlist.js').TrustList} list
 * @param {import('./trust.js').LogKeys} keys
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
