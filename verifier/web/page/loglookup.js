// @ts-check
/**
 * Finds the issue of a number in the published log and builds its offline proof (SPEC 6.6).
 *
 * All of it comes from whoever serves the log, so the proof is verified before it is presented: a server that is wrong
 * leaves a certificate undecided, never false.
 */

import { fromUtf8, join, sha256, utf8 } from '../core/bytes.js';
import { Finding, require } from '../core/finding.js';
import { isObject, parseRestricted } from '../core/json.js';
import { readIncluded } from '../core/log.js';
import { readCheckpoint, readNote } from '../core/note.js';

/** @typedef {import('./source.js').Source} Source */

const WIDTH = 256;
const MAX_CHECKPOINT = 8192;
const MAX_RUNS = 8 * 1024 * 1024;
const MAX_TILE = WIDTH * 32;
const MAX_BUNDLE = WIDTH * 1026;
const NODE = Uint8Array.of(1);

/** @param {Uint8Array} data */
const toBase64 = (data) => btoa(Array.from(data, (byte) => String.fromCharCode(byte)).join(''));

/** @param {number} index @returns {string} `1234067` as `x001/x234/067` */
function indexPath(index) {
  const digits = String(index).padStart(3 * Math.ceil(String(index).length / 3), '0');
  return (digits.match(/.{3}/g) || []).map((group, at, all) => (at < all.length - 1 ? `x${group}` : group)).join('/');
}

class Tree {
  /** @param {Source} source @param {number} size */
  constructor(source, size) {
    this.source = source;
    this.size = size;
  }

  /**
   * A tile or bundle; once a full one exists the partial one may be gone, and the full one will do.
   * @param {number|string} level
   * @param {number} index
   * @param {number} height the level whose hashes are counted
   * @param {number} bound bytes
   */
  async resource(level, index, height, bound) {
    const full = `log/tile/${level}/${indexPath(index)}`;
    const width = Math.floor(this.size / WIDTH ** height) - index * WIDTH;
    const found = (width < WIDTH && await this.source.read(`${full}.p/${width}`, bound)) || await this.source.read(full, bound);
    require(found, 'log_tile');
    return found;
  }

  /** @param {number} leaf @returns {Promise<Uint8Array>} its entry */
  async entry(leaf) {
    const bundle = await this.resource('entries', Math.floor(leaf / WIDTH), 0, MAX_BUNDLE);
    let at = 0;
    for (let skip = leaf % WIDTH; skip > 0; skip -= 1) at += 2 + ((bundle[at] << 8) | bundle[at + 1]);
    const end = at + 2 + ((bundle[at] << 8) | bundle[at + 1]);
    require(end <= bundle.length, 'log_bundle_form');
    return bundle.slice(at + 2, end);
  }

  /**
   * The hash of the complete subtree of 2^height leaves.
   * @param {number} height
   * @param {number} index
   * @returns {Promise<Uint8Array>}
   */
  async node(height, index) {
    const level = Math.floor(height / 8);
    const count = 2 ** (height % 8);
    const first = index * count;
    const tile = await this.resource(level, Math.floor(first / WIDTH), level, MAX_TILE);
    const from = 32 * (first % WIDTH);
    require(tile.length >= from + 32 * count, 'log_tile');
    let hashes = Array.from({ length: count }, (_, at) => tile.slice(from + 32 * at, from + 32 * at + 32));
    while (hashes.length > 1) {
      const pairs = hashes.filter((_, at) => at % 2 === 0).map((left, at) => join(NODE, left, hashes[2 * at + 1]));
      hashes = await Promise.all(pairs.map(sha256));
    }
    return hashes[0];
  }

  /** @param {number} from @param {number} to @returns {Promise<Uint8Array>} the hash of these leaves (RFC 9162 section 2.1.1) */
  async range(from, to) {
    const split = splitOf(to - from);
    if (2 * split === to - from || to - from === 1) return this.node(Math.log2(to - from), from / (to - from));
    return sha256(join(NODE, ...await Promise.all([this.range(from, from + split), this.range(from + split, to)])));
  }

  /** @param {number} leaf @param {number} from @param {number} to @returns {Promise<Uint8Array[]>} RFC 9162 section 2.1.3.1 */
  async path(leaf, from, to) {
    if (to - from === 1) return [];
    const middle = from + splitOf(to - from);
    const isLeft = leaf < middle;
    const [rest, side] = await Promise.all([
      isLeft ? this.path(leaf, from, middle) : this.path(leaf, middle, to),
      isLeft ? this.range(middle, to) : this.range(from, middle),
    ]); // their tiles are asked for at once
    return [...rest, side];
  }
}

/** @param {number} count @returns {number} the largest power of two below it */
const splitOf = (count) => 2 ** Math.ceil(Math.log2(count) - 1);

/** @param {Uint8Array|undefined} data @param {number} serial @returns {number} the leaf that the hint names */
function leafOf(data, serial) {
  require(data, 'log_not_listed');
  const document = parseRestricted(data, MAX_RUNS);
  require(isObject(document) && Array.isArray(document.runs), 'log_runs_form');
  for (const run of document.runs) {
    require(Array.isArray(run) && run.length === 3 && run.every((part) => typeof part === 'number' && part >= 0), 'log_runs_form');
    const [first, count, leaf] = run;
    if (serial >= first && serial < first + count) return leaf + serial - first;
  }
  throw new Finding('log_not_listed');
}

/**
 * @param {Source} source
 * @param {import('../core/trust.js').Trust} trust with a list
 * @param {import('../core/number.js').CertificateNumber} number
 * @returns {Promise<Uint8Array>} the `.tlog-proof`
 */
export async function proveIssue(source, { list, logKeys }, number) {
  require(list && logKeys, 'trust_list_count');
  const note = await source.read('log/checkpoint', MAX_CHECKPOINT);
  require(note, 'log_absent');
  const size = Number(readCheckpoint(readNote(note)).size);
  const { authority, year, kind, serial } = number;
  const leaf = leafOf(await source.read(`log/runs/${authority}/${year}/${kind}.json`, MAX_RUNS), serial);
  require(leaf < size, 'log_behind');
  const tree = new Tree(source, size);
  const [entry, path] = await Promise.all([tree.entry(leaf), tree.path(leaf, 0, size)]);
  const lines = ['c2sp.org/tlog-proof@v1', `extra ${toBase64(entry)}`, `index ${leaf}`, ...path.map(toBase64)];
  const proof = utf8(`${lines.join('\n')}\n\n${fromUtf8(note, 'note_form')}`);
  await readIncluded(proof, number, list.log.origin, logKeys);
  return proof;
}
