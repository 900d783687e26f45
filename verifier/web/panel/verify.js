// @ts-check
/**
 * Whether a report is the registry's, step by step, with one of three verdicts (SPEC 8.6).
 *
 * @typedef {{name: string, outcome: string, code: string}} Step
 * @typedef {{document?: Uint8Array, qrText?: string, table?: Uint8Array}} Evidence
 * @typedef {{reviewVersion: 1, verdict: string, reason: string, at: string|undefined, steps: Step[],
 *   report: Object<string, any>|null}} Verdict
 */

import { Finding, formatTime, hex, join, sha256 } from '../core/forms.js';
import { proofHolds } from '../core/signed.js';
import { MAX_REPORT, parseReportText, parseReview } from './document.js';

const SKEW = 300;
const MAX_TABLE = 16 * 1024 * 1024;
const PASSED = 'PASSED';
const FAILED = 'FAILED';
const UNDECIDED = 'INDETERMINATE';
const SKIPPED = 'SKIPPED';

/**
 * @param {Evidence} evidence
 * @param {Trust} trust
 * @param {number} at Unix seconds
 * @returns {Promise<Verdict>}
 */
export async function verifyReview(evidence, trust, at) {
  const { list } = trust;
  const [review, form] = read(evidence, trust);
  const key = review && list ? list.reportKeys.find(({ id }) => id === review.proof.method) : undefined;
  const needing = async (/** @type {(one: import('./document.js').Review, listed: TrustList) => any} */ step) => {
    if (!review) return [SKIPPED, 'no_report'];
    return list ? step(review, list) : [SKIPPED, 'no_trust_list'];
  };
  const ends = /** @type {Object<string, string[]>} */ ({
    form,
    'trust-list': inForce(trust, at),
    key: await needing((one, listed) => keyEnd(one, listed, key, at)),
    proof: await needing((one) => proofEnd(one, key)),
    table: await needing((one) => tableEnd(one, evidence.table)),
    host: await needing((one, listed) => hostEnd(one, listed, evidence)),
  });
  const steps = Object.entries(ends).map(([name, [outcome, code]]) => ({ name, outcome, code }));
  const deciding = steps.find(({ outcome }) => outcome === FAILED) || steps.find(({ outcome }) => outcome === UNDECIDED);
  const authentic = ends.proof[0] === PASSED && ends.key[0] !== FAILED;
  return {
    reviewVersion: 1,
    verdict: deciding ? deciding.outcome : PASSED,
    reason: deciding ? deciding.code : 'report_valid',
    at: formatTime(at),
    steps,
    report: review && authentic ? review.document : null,
  };
}

/** @param {Evidence} evidence @param {Trust} trust @returns {[import('./document.js').Review|undefined, string[]]} */
function read({ document, qrText, table }, { pin }) {
  if (document && (document.length > MAX_REPORT || (table && table.length > MAX_TABLE))) return [undefined, [FAILED, 'report_too_large']];
  try {
    const review = document ? parseReview(document) : parseReportText(qrText || '', pin.registry);
    return [review, [PASSED, 'report_read']];
  } catch (error) {
    if (!(error instanceof Finding)) throw error;
    return [undefined, [FAILED, error.code]];
  }
}

/** @param {Trust} trust @param {number} at */
function inForce({ list, pinned, error }, at) {
  if (!list) return [UNDECIDED, error || 'trust_list_count'];
  if (!pinned) return [UNDECIDED, 'root_not_pinned'];
  return list.validFrom - SKEW <= at && at <= list.validUntil ? [PASSED, 'trust_list_in_force'] : [UNDECIDED, 'trust_list_stale'];
}

/** @param {import('./document.js').Review} review @param {TrustList} list @param {ListedKey|undefined} key @param {number} at */
function keyEnd({ created }, list, key, at) {
  if (created > at + SKEW) return [UNDECIDED, 'report_in_future'];
  if (!key) return [created <= list.validFrom ? FAILED : UNDECIDED, 'report_key_not_listed'];
  if (created < key.notBefore || created > key.notAfter) return [FAILED, 'report_key_out_of_window'];
  const { revoked } = key;
  if (revoked && revoked.compromisedFrom !== undefined) {
    return [created >= revoked.compromisedFrom ? FAILED : UNDECIDED, 'report_key_compromised'];
  }
  return revoked && created >= revoked.at ? [FAILED, 'report_key_superseded'] : [PASSED, 'report_key_listed'];
}

/** @param {import('./document.js').Review} review @param {ListedKey|undefined} key */
async function proofEnd({ proof, document }, key) {
  if (!key) return [SKIPPED, 'no_key'];
  return await proofHolds(proof, document, key.key) ? [PASSED, 'proof_valid'] : [FAILED, 'report_proof_invalid'];
}

/** @param {import('./document.js').Review} review @param {Uint8Array|undefined} table */
async function tableEnd({ subject }, table) {
  if (!table) return [SKIPPED, 'report_table_absent'];
  return await rootOf(table) === subject.tableRoot ? [PASSED, 'report_table_matches'] : [FAILED, 'report_table_differs'];
}

/** @param {import('./document.js').Review} review @param {TrustList} list @param {Evidence} evidence */
function hostEnd({ host }, { registry }, { document }) {
  if (host !== registry) return [FAILED, 'foreign_host'];
  return document ? [SKIPPED, 'no_qr'] : [PASSED, 'registry_host'];
}

/** @param {Uint8Array} table @returns {Promise<string>} the root over its lines; only a line feed ends a line */
async function rootOf(table) {
  const lines = [];
  for (let from = 0, at = 0; from < table.length; from = at) {
    const end = table.indexOf(10, from);
    at = end < 0 ? table.length : end + 1;
    lines.push(table.subarray(from, at));
  }
  if (!lines.length) return hex(await sha256(new Uint8Array()));
  let level = await Promise.all(lines.map((line) => sha256(join(Uint8Array.of(0), line))));
  while (level.length > 1) {
    const whole = level;
    level = await Promise.all(whole.filter((_, at) => at % 2 === 0)
      .map((left, at) => (2 * at + 1 < whole.length ? sha256(join(Uint8Array.of(1), left, whole[2 * at + 1])) : left)));
  }
  return hex(level[0]);
}
