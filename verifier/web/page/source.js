// @ts-check
/**
 * What the registry publishes, read from the page's own server within bounds (SPEC 8.3).
 *
 * Three things are told apart: the bytes; certainly not there; could not be told. The last is a trouble, never a finding; where
 * this device has kept the file from another time, that is given instead, and remembered as old.
 */

import { hex, sha256 } from '../core/bytes.js';
import { asked } from './early.js';
import { kept } from './keep.js';

/** Milliseconds after which a network that says nothing is none. */
const PATIENCE = 8000;

/** @typedef {{path: string, code: string}} Trouble */

export class SourceError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @param {Response} response @param {number} bound @returns {Promise<Uint8Array>} */
async function bounded(response, bound) {
  if (!response.body) return new Uint8Array(await response.arrayBuffer());
  const reader = response.body.getReader();
  const parts = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > bound) {
      reader.cancel();
      throw new SourceError('source_too_large');
    }
    parts.push(value);
  }
  const data = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data;
}

export class Source {
  constructor() {
    /** @type {Map<string, Promise<Uint8Array|undefined>>} */
    this.asked = new Map();
    /** What the network gave, by path. @type {Map<string, Uint8Array>} */
    this.given = new Map();
    /** Paths for which the network gave nothing and this device did. @type {Set<string>} */
    this.old = new Set();
  }

  /** Whether the registry is out of reach, so that everything is as old as what this device kept. */
  get isOffline() {
    return this.old.has('trust.json');
  }

  /**
   * @param {string} path below the registry's root
   * @param {number} bound bytes
   * @returns {Promise<Uint8Array|undefined>} nothing where there is certainly no such file
   */
  read(path, bound) {
    const known = this.asked.get(path) || this.fetch(path, bound);
    this.asked.set(path, known);
    return known;
  }

  /**
   * A file that never changes: what this device has kept of it will do, wherever it has the digest that the trust list names.
   * @param {string} path @param {number} bound @param {string} digest SHA-256 in hex
   */
  async readListed(path, bound, digest) {
    const known = this.asked.has(path) ? undefined : await kept(path);
    if (!known || hex(await sha256(known)) !== digest) return this.read(path, bound);
    this.given.set(path, known); // kept on
    return known;
  }

  /** @param {string} path @param {number} bound */
  async fetch(path, bound) {
    try {
      const data = await this.network(path, bound);
      if (data) this.given.set(path, data);
      return data;
    } catch (error) {
      const data = await kept(path);
      if (!data || data.length > bound) throw error;
      this.old.add(path);
      return data;
    }
  }

  /** @param {string} path @param {number} bound */
  async network(path, bound) {
    const { answer, stop } = asked(path);
    const timer = setTimeout(() => stop.abort(), PATIENCE);
    try {
      const response = await answer;
      if (response.status === 404) return undefined;
      if (!response.ok) throw new SourceError('source_refused');
      return await bounded(response, bound);
    } catch (error) {
      if (error instanceof SourceError) throw error;
      throw new SourceError('source_unreachable');
    } finally {
      clearTimeout(timer);
    }
  }
}
