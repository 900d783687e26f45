// @ts-check
/**
 * One gzip member of a known size (RFC 1951, RFC 1952), for browsers that have no stream for it or one that is not exact: this
 * one takes exactly one member, checks its sums, and never writes more than it was told to expect.
 */

import { Finding, byHand } from '../forms.js';

byHand.add(import.meta.url);

const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const [HEADER_SUM, EXTRA, NAME, COMMENT, RESERVED] = [2, 4, 8, 16, 0xe0];

/**
 * Lengths or distances: how many extra bits each symbol has, and from where it counts.
 * @param {number} first
 * @param {number[]} bits
 */
const ranges = (first, bits) => bits.map((extra, at) => ({
  extra,
  base: bits.slice(0, at).reduce((sum, one) => sum + 2 ** one, first),
}));
const grow = (/** @type {number} */ count, /** @type {number} */ each) => Array.from({ length: count }, (_, at) => Math.max(0, Math.floor(at / each) - 1));
const LENGTHS = [...ranges(3, grow(28, 4)), { extra: 0, base: 258 }];
const DISTANCES = ranges(1, grow(30, 2));

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit += 1) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  return sum;
});

/** @param {Uint8Array} data */
const crc32 = (data) => ~data.reduce((sum, byte) => CRC[(sum ^ byte) & 255] ^ (sum >>> 8), ~0) >>> 0;

/**
 * A canonical Huffman code: how many codes of each length, and the symbols in order.
 * @param {number[]} lengths
 * @param {() => never} fail
 * @param {boolean} [single] whether one code of one bit is enough
 */
function huffman(lengths, fail, single) {
  const counts = new Array(16).fill(0);
  lengths.forEach((length) => { counts[length] += 1; });
  counts[0] = 0;
  let left = 1;
  for (let length = 1; length < 16; length += 1) {
    left = 2 * left - counts[length];
    if (left < 0) fail();
  }
  const used = counts.reduce((sum, count) => sum + count, 0);
  if (left > 0 && !(single && (used === 0 || (used === 1 && counts[1] === 1)))) fail();
  const symbols = lengths.map((_, symbol) => symbol).filter((symbol) => lengths[symbol]);
  symbols.sort((a, b) => lengths[a] - lengths[b] || a - b);
  return { counts, symbols };
}

/**
 * @param {Uint8Array} data
 * @param {number} size how many bytes must come out
 * @param {string} form the finding where it is no such member
 * @param {string} tooLarge the finding where more comes out
 * @returns {Uint8Array}
 */
export function gunzipByHand(data, size, form, tooLarge) {
  const output = new Uint8Array(size);
  let [at, bit, written] = [0, 0, 0];
  const fail = () => { throw new Finding(form); };

  function byte() {
    if (at >= data.length) fail();
    at += 1;
    return data[at - 1];
  }

  /** @param {number} count bits, least significant first */
  function bits(count) {
    let value = 0;
    for (let done = 0; done < count; done += 1) {
      if (at >= data.length) fail();
      value |= ((data[at] >> bit) & 1) << done;
      bit = (bit + 1) & 7;
      if (bit === 0) at += 1;
    }
    return value;
  }

  /** @param {{counts: number[], symbols: number[]}} tree */
  function symbol({ counts, symbols }) {
    for (let length = 1, value = 0, first = 0, index = 0; length < 16; length += 1) {
      value |= bits(1);
      if (value - counts[length] < first) return symbols[index + value - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      value <<= 1;
    }
    return fail();
  }

  /** @param {number} value */
  function put(value) {
    if (written >= size) throw new Finding(tooLarge);
    output[written] = value;
    written += 1;
  }

  function align() {
    if (bit) [at, bit] = [at + 1, 0];
  }

  function word() {
    return byte() + byte() * 2 ** 8 + byte() * 2 ** 16 + byte() * 2 ** 24;
  }

  function header() {
    const magic = [byte(), byte(), byte()];
    const flags = byte();
    if (magic[0] !== 31 || magic[1] !== 139 || magic[2] !== 8 || flags & RESERVED) fail();
    at += 6;
    if (flags & EXTRA) {
      const length = byte() + 256 * byte();
      at += length;
    }
    for (const flag of [NAME, COMMENT]) if (flags & flag) while (byte());
    if (flags & HEADER_SUM) {
      const sum = crc32(data.subarray(0, at)) & 0xffff;
      if (byte() + 256 * byte() !== sum) fail();
    }
  }

  function stored() {
    align();
    const length = byte() + 256 * byte();
    if ((byte() + 256 * byte()) !== (length ^ 0xffff)) fail();
    for (let left = length; left > 0; left -= 1) put(byte());
  }

  /** @returns {{counts: number[], symbols: number[]}[]} */
  function dynamicTrees() {
    const [literals, distances, codes] = [257 + bits(5), 1 + bits(5), 4 + bits(4)];
    if (literals > 286 || distances > 30) fail();
    const meta = new Array(19).fill(0);
    for (let which = 0; which < codes; which += 1) meta[ORDER[which]] = bits(3);
    const tree = huffman(meta, fail);
    /** @type {number[]} */
    const lengths = [];
    while (lengths.length < literals + distances) {
      const one = symbol(tree);
      if (one < 16) {
        lengths.push(one);
      } else {
        if (one === 16 && lengths.length === 0) fail();
        const value = one === 16 ? lengths[lengths.length - 1] : 0;
        const count = one === 16 ? 3 + bits(2) : one === 17 ? 3 + bits(3) : 11 + bits(7);
        for (let left = count; left > 0; left -= 1) lengths.push(value);
      }
    }
    if (lengths.length !== literals + distances || lengths[256] === 0) fail();
    return [huffman(lengths.slice(0, literals), fail, true), huffman(lengths.slice(literals), fail, true)];
  }

  function fixedTrees() {
    const literals = Array.from({ length: 288 }, (_, one) => (one < 144 ? 8 : one < 256 ? 9 : one < 280 ? 7 : 8));
    return [huffman(literals, fail), huffman(new Array(32).fill(5), fail)];
  }

  /** @param {{counts: number[], symbols: number[]}[]} trees */
  function compressed([literals, distances]) {
    for (let one = symbol(literals); one !== 256; one = symbol(literals)) {
      if (one < 256) {
        put(one);
      } else {
        const range = LENGTHS[one - 257] || fail();
        const length = range.base + bits(range.extra);
        const far = DISTANCES[symbol(distances)] || fail();
        const distance = far.base + bits(far.extra);
        if (distance > written) fail();
        for (let left = length; left > 0; left -= 1) put(output[written - distance]);
      }
    }
  }

  header();
  let last = 0;
  while (!last) {
    last = bits(1);
    const type = bits(2);
    if (type === 3) fail();
    if (type === 0) stored();
    else compressed(type === 1 ? fixedTrees() : dynamicTrees());
  }
  align();
  const sums = [crc32(output), size];
  if (written !== size || word() !== sums[0] || word() !== sums[1] || at !== data.length) fail();
  return output;
}
