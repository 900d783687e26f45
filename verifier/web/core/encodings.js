// @ts-check
/** base58-btc, base64 and base64url, each exact: encoding what was decoded gives the same text. */

import { Finding, require } from './finding.js';

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';

/**
 * @param {bigint} value
 * @param {number} length bytes
 * @returns {Uint8Array} big-endian; `value` must fit
 */
export function integerToBytes(value, length) {
  const digits = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from({ length }, (_, at) => parseInt(digits.substr(2 * at, 2), 16));
}

/** @param {Uint8Array} data @returns {bigint} big-endian */
export const bytesToInteger = (data) => data.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);

/**
 * @param {string} text
 * @param {number} length how many bytes it must give
 * @param {string} code the finding otherwise
 * @returns {Uint8Array}
 */
export function fromMultibase(text, length, code) {
  // No text of this length in base58 is longer than 1.37 characters a byte.
  require(text[0] === 'z' && text.length <= 2 + Math.ceil(1.37 * length), code);
  let value = 0n;
  let zeros = 0;
  for (const character of text.slice(1)) {
    const digit = BASE58.indexOf(character);
    require(digit >= 0, code);
    if (value === 0n && digit === 0) zeros += 1;
    value = value * 58n + BigInt(digit);
  }
  const bytes = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
  require(zeros + bytes === length, code);
  return integerToBytes(value, length);
}

/** @param {Uint8Array} data @returns {string} multibase of base58-btc */
export function toMultibase(data) {
  let text = '';
  for (let value = bytesToInteger(data); value > 0n; value /= 58n) text = BASE58[Number(value % 58n)] + text;
  const zeros = data.findIndex((byte) => byte !== 0);
  return 'z' + '1'.repeat(zeros < 0 ? data.length : zeros) + text;
}

/**
 * @param {string} text RFC 4648 section 4, padded
 * @param {string} code the finding where it is not exact
 * @returns {Uint8Array}
 */
export function fromBase64(text, code) {
  let binary;
  try {
    binary = atob(text);
  } catch (_) {
    throw new Finding(code);
  }
  require(btoa(binary) === text, code);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * @param {string} text RFC 4648 section 5, not padded
 * @param {string} code the finding where it is not exact
 * @returns {Uint8Array}
 */
export function fromBase64url(text, code) {
  require(/^[A-Za-z0-9_-]*$/.test(text), code);
  const plain = text.replace(/-/g, '+').replace(/_/g, '/');
  return fromBase64(plain + '='.repeat((4 - (plain.length % 4)) % 4), code);
}
