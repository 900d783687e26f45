//# allFunctionsCalledOnLoad
// @ts-check
/**
 * What is presented, not verified: the text in a QR, down to its values (one CBOR array, RFC 8949 section 4.2.1) and signature (SPEC 3.1,
 * 3.2); the signed record in its one form (2.2 to 2.5).
 */

import { bytesToInteger, formatTime, fromUtf8, integerToBytes, parseNumber, parseTypedNumber, require, trim } from './forms.js';
import { isObject, parseCanonical, readProof } from './signed.js';

const MAX_ITEMS = 32;
const [UNSIGNED, BYTES, TEXT, ARRAY] = [0, 2, 3, 4];

/** @param {Uint8Array} data @returns {Item[]} */
export function readArray(data) {
  let at = 0;

  /** @param {number} size */
  function take(size) {
    require(size <= data.length - at, 'cbor_form');
    at += size;
    return data.subarray(at - size, at);
  }

  /** @returns {[number, bigint]} major type and argument, in the shortest head */
  function head() {
    const [first] = take(1);
    const short = first & 31;
    if (short < 24) return [first >> 5, BigInt(short)];
    require(short < 28, 'cbor_form');
    const size = 1 << (short - 24);
    const argument = bytesToInteger(take(size));
    require(argument >= (size === 1 ? 24n : 1n << BigInt(4 * size)), 'cbor_form');
    return [first >> 5, argument];
  }

  /** @returns {Item} */
  function item() {
    const [major, argument] = head();
    if (major === UNSIGNED) return argument;
    require(major === BYTES || major === TEXT, 'cbor_form');
    const content = take(Number(argument));
    return major === TEXT ? fromUtf8(content, 'cbor_form') : content;
  }

  const [major, count] = head();
  require(major === ARRAY && count <= MAX_ITEMS, 'cbor_form');
  const items = Array.from({ length: Number(count) }, item);
  require(at === data.length, 'cbor_form');
  return items;
}

// Scheme and host mean the same in either case; a path does not.
const CODE = /^[hH][tT][tT][pP][sS]:\/\/([^/?# \t\n\r\u00a0\u3000]{1,253})\/v#([0-9]+)$/u;
const MAX_DIGITS = 1300;
const FORMAT = 1;
const SIGNATURE = 64;

/** @param {number} size bytes @returns {number} how many decimal digits hold them */
const digitsOf = (size) => Math.floor(8 * size * Math.log10(2)) + 1;

/** @param {string} digits @returns {Uint8Array} */
function payload(digits) {
  require(digits.length <= MAX_DIGITS, 'qr_digits');
  const size = Math.floor(digits.length / digitsOf(1000) * 1000);
  const length = [size - 1, size, size + 1].find((n) => n > 0 && digitsOf(n) === digits.length);
  require(length !== undefined, 'qr_digits');
  const value = BigInt(digits);
  require(value < 1n << BigInt(8 * length), 'qr_digits');
  return integerToBytes(value, length);
}

/**
 * White space around the text is a scanner's and is passed over. The host is read and never trusted.
 * @param {string} text within step 0's bounds
 * @returns {QrText}
 */
export function parseQrText(text) {
  const match = CODE.exec(trim(text));
  require(match, 'qr_text');
  const data = payload(match[2]);
  require(data[0] === FORMAT && data.length > 1 + SIGNATURE, 'qr_format');
  const [code, ...values] = readArray(data.subarray(1, -SIGNATURE));
  require(typeof code === 'bigint', 'qr_format');
  return { host: match[1].toLowerCase(), code, values, signature: data.slice(-SIGNATURE) };
}

export const MAX_RECORD = 65536;
const CREDENTIALS = 'https://www.w3.org/ns/credentials/v2';
const CONTEXT = /^https:\/\/[^/]+\/ns\/certificate\/v[1-9][0-9]?$/;
const SCHEMA = /^https:\/\/[^/]+\/schemas\/([a-z]{1,32})\/(v[1-9][0-9]{0,2})\.json$/;
// What a normal form is depends on the version of Unicode; of these characters (SPEC 2.5) it does not.
const OUTSIDE = new RegExp('[^ -~\\xa1-\\xac\\xae-\\u034e\\u0350-\\u0377\\u0391-\\u03a1\\u03a3-\\u052f\\u0620-\\u06dc\\u0f00-\\u0f47\\u0f49-\\u0f6c\\u0f71-\\u0f97'
  + '\\u0f99-\\u0fbc\\u1820-\\u1877\\u1e00-\\u1eff\\u2010-\\u2027\\u2030-\\u205e\\u2100-\\u2188\\u2190-\\u23fe\\u2460-\\u27ff\\u3000-\\u303f'
  + '\\u3041-\\u3096\\u3099-\\u30ff\\u3220-\\u9fff\\ua000-\\ua48c\\uac00-\\ud7a3\\ufa0e-\\ufa29\\uff01-\\uff9f\\uffe0-\\uffe6'
  + '\\u{20000}-\\u{2f7ff}\\u{30000}-\\u{3fffd}]', 'u');

/** @param {string} text the whole record */
function checkText(text) {
  require(!OUTSIDE.test(text), 'text_control_character');
  require(text.normalize('NFC') === text, 'text_not_nfc');
  // In the canonical form a backslash stands before a quote, a backslash or the name of a control character.
  require(!text.replace(/\\["\\]/g, '').includes('\\'), 'text_control_character');
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

const CHINA = 8 * 3600;

/**
 * Step 6: number, issuer, year, kind and date agree with each other, and with what somebody typed.
 * @param {UnverifiedRecord} record @param {number} kindDigit @param {Partial<Evidence>} typed
 */
export function checkNumber(record, kindDigit, typed) {
  const number = parseNumber(record.number);
  const subject = record.document.credentialSubject;
  require(record.issuer.endsWith(`:${number.authority}`) && number.year === subject.year && number.kind === kindDigit,
    'number_disagrees');
  const day = String(formatTime(record.proof.created + CHINA)).slice(0, 10);
  require(record.document.validFrom === `${day}T00:00:00Z`, 'valid_from_differs');
  require(typed.number === undefined || parseTypedNumber(typed.number).digits === number.digits, 'number_differs');
  require(typed.name === undefined || trim(typed.name).normalize('NFC') === subject.name, 'name_differs');
}
