// @ts-check
/**
 * The one CBOR array of a QR (SPEC 3.2; RFC 8949 section 4.2.1): at most 32 items, each an unsigned integer, a text or
 * a byte string, in deterministic encoding.
 *
 * @typedef {bigint|string|Uint8Array} Item
 */

import { fromUtf8 } from './bytes.js';
import { bytesToInteger } from './encodings.js';
import { require } from './finding.js';

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
