// @ts-check
/**
 * Data Integrity proofs with `eddsa-jcs-2022` (SPEC 2.3).
 *
 * @typedef {{options: Object<string, any>, method: string, created: number, signature: Uint8Array}} Proof
 */

import { join, sha256 } from './bytes.js';
import { verifySignature } from './ed25519.js';
import { fromMultibase } from './encodings.js';
import { require } from './finding.js';
import { canonicalize, equal, hasExactly, without } from './json.js';
import { parseTime } from './time.js';

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
