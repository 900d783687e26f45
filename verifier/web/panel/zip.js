// @ts-check
/**
 * ZIP within bounds, for spreadsheets: reading the members that are asked for, and writing stored ones.
 *
 * A spreadsheet is a stranger's file. Its directory is bounded before it is walked, and a member is never unpacked further
 * than its bound, whatever it claims to hold.
 */

import { crc32 } from './crc.js';

const MAX_MEMBERS = 2000;
const [END, ENTRY, LOCAL] = [0x06054b50, 0x02014b50, 0x04034b50];

export class FileProblem extends Error {
  /** @param {string} code of the panel's words */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {boolean} holds @param {string} [code] */
export function need(holds, code = 'sheetDamaged') {
  if (!holds) throw new FileProblem(code);
}

/** @param {Uint8Array} data @returns {Map<string, {method: number, packed: Uint8Array, size: number}>} members by name */
export function membersOf(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let end = data.length - 22;
  while (end >= Math.max(0, data.length - 65557) && view.getUint32(end, true) !== END) end -= 1;
  need(end >= 0 && view.getUint32(end, true) === END);
  const count = view.getUint16(end + 10, true);
  need(count <= MAX_MEMBERS, 'sheetTooLarge');
  const found = new Map();
  let at = view.getUint32(end + 16, true);
  for (let member = 0; member < count; member += 1) {
    need(at + 46 <= data.length && view.getUint32(at, true) === ENTRY);
    need(!(view.getUint16(at + 8, true) & 1), 'sheetEncrypted');
    const [method, packed, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [name, extra, comment, local] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
    const called = new TextDecoder().decode(data.subarray(at + 46, at + 46 + name));
    need(local + 30 <= data.length && view.getUint32(local, true) === LOCAL && !found.has(called));
    const from = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    need(from + packed <= data.length);
    found.set(called, { method, packed: data.subarray(from, from + packed), size });
    at += 46 + name + extra + comment;
  }
  return found;
}

/**
 * @param {{method: number, packed: Uint8Array}} member
 * @param {number} most bytes
 * @returns {Promise<Uint8Array>}
 */
export async function unpacked({ method, packed }, most) {
  if (method === 0) {
    need(packed.length <= most, 'sheetTooLarge');
    return packed;
  }
  need(method === 8);
  const stream = new Blob([/** @type {any} */ (packed)]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  const reader = stream.getReader();
  const parts = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      need(size <= most, 'sheetTooLarge');
      parts.push(value);
    }
  } catch (error) {
    reader.cancel().catch(() => {});
    throw error instanceof FileProblem ? error : new FileProblem('sheetDamaged');
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** @param {[string, Uint8Array][]} members @returns {Blob} a ZIP that stores them */
export function zipOf(members) {
  /** @type {any[]} */
  const bodies = [];
  /** @type {any[]} */
  const directory = [];
  let at = 0;
  for (const [name, data] of members) {
    const called = new TextEncoder().encode(name);
    const head = new DataView(new ArrayBuffer(26));
    [20, 0x800, 0, 0, 0x5a21].forEach((value, place) => head.setUint16(2 * place, value, true));
    [crc32(data), data.length, data.length].forEach((value, place) => head.setUint32(10 + 4 * place, value, true));
    head.setUint16(22, called.length, true);
    bodies.push(words(LOCAL), head.buffer, called, data);
    const tail = new DataView(new ArrayBuffer(14));
    tail.setUint32(10, at, true);
    directory.push(words(ENTRY), new Uint8Array([20, 0]), head.buffer, tail.buffer, called);
    at += 30 + called.length + data.length;
  }
  const size = members.reduce((sum, [name]) => sum + 46 + new TextEncoder().encode(name).length, 0);
  const end = new DataView(new ArrayBuffer(18));
  [members.length, members.length].forEach((value, place) => end.setUint16(4 + 2 * place, value, true));
  [size, at].forEach((value, place) => end.setUint32(8 + 4 * place, value, true));
  return new Blob([...bodies, ...directory, words(END), end.buffer], { type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet' });
}

/** @param {number} value */
function words(value) {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return view.buffer;
}
