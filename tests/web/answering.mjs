// @ts-check
/** What the tests ask of the modules: one question, one answer, both JSON. In Node and in a browser alike. */

import { readTemplate } from '../../verifier/web/core/catalogue.js';
import { checkKey, verifyByHand, verifySignature } from '../../verifier/web/core/ed25519.js';
import { Finding } from '../../verifier/web/core/finding.js';
import { gunzip } from '../../verifier/web/core/gzip.js';
import { canonicalize, parseRestricted } from '../../verifier/web/core/json.js';
import { parseTime } from '../../verifier/web/core/time.js';
import { establishTrust, parsePin } from '../../verifier/web/core/trust.js';
import { verify } from '../../verifier/web/core/verify.js';

/** @typedef {(path: string) => Promise<Uint8Array>} Read the bytes of a file, by its path below the project */

const KINDS = [['annual', 'v1'], ['completion', 'v1']];
const LIST_BYTES = 16384;

/** @param {string} text @returns {Uint8Array} */
const utf8 = (text) => new TextEncoder().encode(text);

/** @param {string} text @returns {Uint8Array} */
const fromBase64 = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** @param {Uint8Array} data @returns {string} */
const toBase64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''));

/** @param {string|{base64: string}|undefined} value bytes as tests/vectors writes them */
const bytes = (value) => (typeof value === 'object' ? fromBase64(value.base64) : value === undefined ? undefined : utf8(value));

/** @type {Map<string, Promise<import('../../verifier/web/core/catalogue.js').CertificateTemplate[]>>} */
const installedFor = new Map();

/**
 * The templates that the project installs, as a registry at `host` publishes them.
 * @param {Read} read
 * @param {string} host
 */
function installed(read, host) {
  const published = async (/** @type {string} */ path) => utf8(new TextDecoder().decode(await read(path)).split('{host}').join(host));
  const known = installedFor.get(host) || Promise.all(KINDS.map(async ([kind, version]) => readTemplate({
    record: await read(`templates/${kind}/${version}/record.json`),
    schema: await published(`templates/${kind}/${version}/schema.json`),
    context: await published('templates/ns/certificate/v1.json'),
  })));
  installedFor.set(host, known);
  return known;
}

/**
 * A case of tests/vectors (README there), with its shared documents as base64 by their names.
 * @param {{document: any, pool: Object<string, string>}} question
 * @param {Read} read
 */
async function judge({ document, pool }, read) {
  const { evidence, trust, policy } = document;
  const pooled = (/** @type {string} */ name) => fromBase64(pool[name]);
  const status = new Map(Object.entries(evidence.status).map(([address, name]) => [address, pooled(String(name))]));
  const established = await establishTrust(
    trust.chain.map(pooled),
    await parsePin(pooled(trust.pin)),
    await installed(read, trust.templates.host),
    { pinned: trust.pinned, seenVersion: trust.seenVersion },
  );
  const presented = { ...evidence, record: bytes(evidence.record), logProof: bytes(evidence.logProof), status };
  return verify(presented, established, { ...policy, at: parseTime(policy.at) });
}

/** @type {Object<string, (question: any, read: Read) => any>} */
const TASKS = {
  judge,
  async ed25519({ key, signature, message }) {
    const [k, s, m] = [key, signature, message].map(fromBase64);
    return [await verifySignature(k, s, m), await verifySignature(k, s, m, verifyByHand)];
  },
  key: ({ key }) => checkKey(fromBase64(key)),
  json: ({ data }) => toBase64(canonicalize(parseRestricted(fromBase64(data), 65536))),
  gunzip: ({ data }) => toBase64(gunzip(fromBase64(data), LIST_BYTES, 'status_list_form', 'status_list_too_large')),
};

/**
 * @param {any} question with the name of its `task`
 * @param {Read} read
 * @returns {Promise<any>} `{answer}`, or `{code}` of a finding
 */
export async function answer(question, read) {
  try {
    return { answer: await TASKS[question.task](question, read) };
  } catch (error) {
    if (error instanceof Finding) return { code: error.code };
    throw error;
  }
}
