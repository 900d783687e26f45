// @ts-check
/**
 * The text in a QR, down to its values and signature (SPEC 3.1, 3.2).
 *
 * @typedef {{host: string, code: bigint, values: import('./cbor.js').Item[], signature: Uint8Array}} QrText
 */

import { readArray } from './cbor.js';
import { integerToBytes } from './encodings.js';
import { require } from './finding.js';
import { trim } from './number.js';

// Scheme and host mean the same in either case; a path does not.
const TEXT = /^[hH][tT][tT][pP][sS]:\/\/([^/?#\s]{1,253})\/v#([0-9]+)$/u;
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
  const match = TEXT.exec(trim(text));
  require(match, 'qr_text');
  const data = payload(match[2]);
  require(data[0] === FORMAT && data.length > 1 + SIGNATURE, 'qr_format');
  const [code, ...values] = readArray(data.subarray(1, -SIGNATURE));
  require(typeof code === 'bigint', 'qr_format');
  return { host: match[1].toLowerCase(), code, values, signature: data.slice(-SIGNATURE) };
}
