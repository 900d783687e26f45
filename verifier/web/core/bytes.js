// @ts-check
/** Bytes: joining, comparing, hashing, and strict UTF-8. */

import { Finding } from './finding.js';

const encoder = new TextEncoder();

/** @param {string} text @returns {Uint8Array} UTF-8 */
export const utf8 = (text) => encoder.encode(text);

/**
 * The text of exact UTF-8; a byte order mark stays in it.
 * @param {Uint8Array} data
 * @param {string} code the finding where it is not UTF-8
 * @returns {string}
 */
export function fromUtf8(data, code) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (_) {
    throw new Finding(code);
  }
}

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** @param {Uint8Array} data @returns {string} lower-case hex */
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} 32 bytes */
export const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-256', data));

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} 64 bytes */
export const sha512 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-512', data));
