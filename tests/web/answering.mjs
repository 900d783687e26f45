// @ts-check
/** What the tests ask of the modules: one question, one answer, both JSON. In Node and in a browser alike. */

import { verifyByHand } from '../../verifier/web/core/byhand/arithmetic.js';
import { gunzipByHand } from '../../verifier/web/core/byhand/gzip.js';
import { Finding, hashNow, parseTime } from '../../verifier/web/core/forms.js';
import { canonicalize, checkKey, parseRestricted, verifySignature } from '../../verifier/web/core/signed.js';
import { gunzip } from '../../verifier/web/core/status.js';
import { readTemplate } from '../../verifier/web/core/template.js';
import { establishTrust, parsePin } from '../../verifier/web/core/trust.js';
import { verify } from '../../verifier/web/core/verify.js';
import { rowsOf } from '../../verifier/web/panel/rows.js';
import { verifyReview } from '../../verifier/web/panel/verify.js';

const RECORD_TEMPLATE = /^templates\/([a-z]+)\/(v[0-9]+)\/record\.json$/;
const CONTEXT = 'ns/certificate/v1';
const LIST_BYTES = 16384;

/** @param {string} text @returns {Uint8Array} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {Uint8Array} data @returns {string} */
const toBase64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''));

/** @param {string|undefined} text */
const bytes = (text) => (text === undefined ? undefined : fromBase64(text));

/** @type {Map<string, Promise<CertificateTemplate[]>>} */
const known = new Map();

/**
 * Templates from published files, each set read once.
 * @param {Object<string, string>} files base64 by path
 */
function templatesOf(files) {
  const key = JSON.stringify(files);
  const read = known.get(key) || Promise.all(Object.keys(files).flatMap((path) => {
    const [, kind, version] = path.match(RECORD_TEMPLATE) || [];
    return kind ? [readTemplate({
      record: fromBase64(files[path]),
      schema: fromBase64(files[`schemas/${kind}/${version}.json`]),
      context: fromBase64(files[CONTEXT]),
    })] : [];
  }));
  known.set(key, read);
  return read;
}

/**
 * A question of the protocol of tests/vectors (README there).
 * @param {{evidence: any, trust: any, policy: any}} question
 */
async function judge({ evidence, trust, policy }) {
  const status = new Map(Object.entries(evidence.status).map(([address, data]) => [address, fromBase64(String(data))]));
  const established = await establishTrust(
    trust.chain.map(fromBase64),
    await parsePin(fromBase64(trust.pin)),
    await templatesOf(trust.templates),
    { pinned: trust.pinned, seenVersion: trust.seenVersion },
  );
  const presented = { ...evidence, record: bytes(evidence.record), logProof: bytes(evidence.logProof), status };
  return verify(presented, established, { ...policy, at: parseTime(policy.at) });
}

/** A review report. @param {{evidence: any, trust: any, at: string}} question */
async function review({ evidence, trust, at }) {
  const established = await establishTrust(trust.chain.map(fromBase64), await parsePin(fromBase64(trust.pin)), [], { pinned: trust.pinned });
  const presented = { document: bytes(evidence.document), qrText: evidence.qrText, table: bytes(evidence.table) };
  return verifyReview(presented, established, /** @type {number} */ (parseTime(at)));
}

/** @type {Object<string, (question: any) => any>} */
const TASKS = {
  review,
  rows: ({ sitting, judged, ruleSets }) => rowsOf(sitting, judged, ruleSets),
  judge,
  async ed25519({ key, signature, message }) {
    const [k, s, m] = [key, signature, message].map(fromBase64);
    return [await verifySignature(k, s, m), await verifySignature(k, s, m, verifyByHand)];
  },
  key: ({ key }) => checkKey(fromBase64(key)),
  sha256: ({ data, prefix }) => toBase64(hashNow(fromBase64(data), prefix)),
  json: ({ data }) => toBase64(canonicalize(parseRestricted(fromBase64(data), 65536))),
  async gunzip({ data, byHand }) {
    return toBase64(await (byHand ? gunzipByHand : gunzip)(fromBase64(data), LIST_BYTES, 'status_list_form', 'status_list_too_large'));
  },
};

/**
 * @param {any} question with the name of its `task`
 * @returns {Promise<any>} `{answer}`, or `{code}` of a finding
 */
export async function answer(question) {
  try {
    return { answer: await TASKS[question.task](question) };
  } catch (error) {
    if (error instanceof Finding) return { code: error.code };
    throw error;
  }
}
