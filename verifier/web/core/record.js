// @ts-check
/**
 * The signed record in its one form (SPEC 2.2 to 2.5). What this returns is not verified: nothing of it is a fact yet.
 *
 * @typedef {{data: Uint8Array, document: Object<string, any>, proof: import('./proof.js').Proof, issuer: string,
 *   number: string, kind: string, version: string}} UnverifiedRecord
 */

import { fromUtf8 } from './bytes.js';
import { require } from './finding.js';
import { isObject, parseCanonical } from './json.js';
import { readProof } from './proof.js';

export const MAX_RECORD = 65536;
const CREDENTIALS = 'https://www.w3.org/ns/credentials/v2';
const CONTEXT = /^https:\/\/[^/]+\/ns\/certificate\/v[1-9][0-9]?$/;
const SCHEMA = /^https:\/\/[^/]+\/schemas\/([a-z]{1,32})\/(v[1-9][0-9]{0,2})\.json$/;
// Unicode's categories change, so the table is the SPEC's (2.5).
const INVISIBLE = new RegExp('[\\0-\\x1f\\x7f-\\x9f\\xad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f\\u2028-\\u202e'
  + '\\u2060-\\u206f\\u2800\\u3164\\ud800-\\uf8ff\\ufdd0-\\ufdef\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}'
  + Array.from({ length: 13 }, (_, plane) => `\\u{${(plane + 1).toString(16)}fffe}\\u{${(plane + 1).toString(16)}ffff}`).join('')
  + '\\u{e0000}-\\u{10ffff}]', 'u');

/** @param {string} text the whole record */
function checkText(text) {
  require(text.normalize('NFC') === text, 'text_not_nfc');
  // In the canonical form a backslash stands before a quote, a backslash or the name of a control character.
  require(!INVISIBLE.test(text) && !text.replace(/\\["\\]/g, '').includes('\\'), 'text_control_character');
}

/** @param {any} context */
function checkContext(context) {
  require(Array.isArray(context) && context.length === 2 && context[0] === CREDENTIALS, 'context_not_exact');
  require(typeof context[1] === 'string' && CONTEXT.test(context[1]), 'context_not_exact');
}

/** @param {Uint8Array} data @returns {UnverifiedRecord} */
export function parseRecord(data) {
  const document = parseCanonical(data, MAX_RECORD);
  const text = fromUtf8(data, 'not_utf8');
  const { issuer, credentialSchema: schema, credentialSubject: subject } = document;
  const strings = [isObject(issuer) && issuer.id, isObject(issuer) && issuer.name,
    isObject(schema) && schema.id, isObject(subject) && subject.certificateNumber];
  require(strings.every((value) => typeof value === 'string') && isObject(document.proof), 'record_form');
  checkContext(document['@context']);
  require(text.split('"@context"').length <= 3, 'context_nested');
  const proof = readProof(document.proof, document);
  require('@context' in document.proof, 'context_not_exact');
  require(issuer.id === proof.method.split('#')[0], 'issuer_not_key_owner');
  checkText(text);
  const [, kind, version] = SCHEMA.exec(schema.id) || ['', '', ''];
  return { data, document, proof, issuer: issuer.id, number: subject.certificateNumber, kind, version };
}
