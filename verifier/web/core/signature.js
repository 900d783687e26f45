// @ts-check
/**
 * Ed25519 (RFC 8032), the same in every browser; public keys as Multikeys; Data Integrity proofs with `eddsa-jcs-2022` (SPEC 2.3).
 *
 * Browsers differ at the edges, and older ones have no Ed25519 at all. So the form of keys and signatures is checked
 * here (canonical points, S below the group's order, no key of low order), and where the browser does not verify a known
 * signature the arithmetic is ours too (byhand/), fetched for those alone.
 */

import { Finding, bytesToInteger, fromMultibase, join, parseTime, require, sha256 } from './forms.js';
import { canonicalize, equal, hasExactly, without } from './json.js';

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const TOP = 1n << 255n;
const EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const LOW_ORDER = [0n, 1n, P - 1n, EIGHTH, P - EIGHTH];

/** @param {Uint8Array} data @returns {bigint} little-endian */
const integer = (data) => bytesToInteger(data.slice().reverse());

/** @type {typeof import('./byhand/arithmetic.js').verifyByHand} */
async function verifyByHand(key, signature, message) {
  return (await import('./byhand/arithmetic.js')).verifyByHand(key, signature, message);
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 */
async function verifyByBrowser(key, signature, message) {
  try {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message);
  } catch (_) {
    return false; // not a point, or no Ed25519 here
  }
}

/** @type {Promise<boolean>|undefined} */
let browserCan;

/** @returns {Promise<boolean>} whether this browser verifies RFC 8032's first test and refuses it altered */
function canVerify() {
  const bytes = (/** @type {string} */ text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  const key = bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const signature = bytes(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  return Promise.all([
    verifyByBrowser(key, signature, new Uint8Array(0)),
    verifyByBrowser(key, signature, new Uint8Array(1)),
  ]).then(([good, altered]) => good && !altered);
}

/**
 * A public key's 32 bytes, refused where SPEC 2.3 refuses them.
 * @param {Uint8Array} key
 */
export function checkKey(key) {
  const y = integer(key) % TOP;
  require(y < P, 'key_not_canonical');
  require(!LOW_ORDER.includes(y), 'key_low_order');
}

/**
 * @param {Uint8Array} key 32 bytes that `checkKey` accepted
 * @param {Uint8Array} signature 64 bytes
 * @param {Uint8Array} message
 * @param {typeof verifyByHand} [arithmetic] whose it shall be, the browser's or ours; else the browser's if it is sound
 * @returns {Promise<boolean>}
 */
export async function verifySignature(key, signature, message, arithmetic) {
  if (signature.length !== 64) return false;
  if (integer(signature.subarray(32)) >= L || integer(signature.subarray(0, 32)) % TOP >= P) return false;
  browserCan = browserCan || canVerify();
  const verify = arithmetic || ((await browserCan) ? verifyByBrowser : verifyByHand);
  return verify(key, signature, message);
}

/** @param {unknown} text @returns {Uint8Array} 32 bytes */
export function parseMultikey(text) {
  require(typeof text === 'string', 'multikey_form');
  const data = fromMultibase(text, 34, 'multikey_form');
  if (data[0] !== 0xed || data[1] !== 0x01) throw new Finding('multikey_type');
  const key = data.slice(2);
  checkKey(key);
  return key;
}

const MEMBERS = ['type', 'cryptosuite', 'proofPurpose', 'verificationMethod', 'created', 'proofValue'];
const FIXED = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', proofPurpose: 'assertionMethod' };

/**
 * @param {unknown} proof one proof, as parsed
 * @param {Object<string, any>} document the document it stands in; where the proof has an `@context`, it is the document's
 * @returns {Proof}
 */
export function readProof(proof, document) {
  require(hasExactly(proof, MEMBERS, ['@context']), 'proof_members');
  for (const [name, value] of Object.entries(FIXED)) require(proof[name] === value, 'proof_suite');
  if ('@context' in proof) {
    require('@context' in document && equal(proof['@context'], document['@context']), 'proof_context');
  }
  const method = proof.verificationMethod;
  require(typeof method === 'string', 'proof_method');
  const created = parseTime(proof.created);
  require(created !== undefined, 'proof_created');
  require(typeof proof.proofValue === 'string', 'proof_value');
  const signature = fromMultibase(proof.proofValue, 64, 'proof_value');
  return { options: without(proof, 'proofValue'), method, created, signature };
}

/**
 * @param {Proof} proof
 * @param {Object<string, any>} document with or without its `proof`
 * @param {Uint8Array} key
 * @returns {Promise<boolean>}
 */
export async function proofHolds(proof, document, key) {
  const [options, body] = await Promise.all([
    sha256(canonicalize(proof.options)),
    sha256(canonicalize(without(document, 'proof'))),
  ]);
  return verifySignature(key, proof.signature, join(options, body));
}
