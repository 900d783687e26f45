// @ts-check
/**
 * What the registry publishes, read within bounds (SPEC 8.3), and kept on this device; and the service worker, which keeps the pages.
 *
 * Told apart: the bytes; certainly not there; could not be told, which is a trouble, never a finding. What is kept was verified, and
 * is verified again at each use: it can be old, never false.
 */

import { byHand, hex, parseNumber, sha256 } from '../core/forms.js';
import { readStatusLists } from '../core/status.js';
import { isListed } from '../core/template.js';
import { read } from './view.js';

const CACHE = 'certreg.published';
const MOST = 600;
const MAX_FILE = 4 * 1024 * 1024;

/** @type {Promise<Cache>|undefined} */
let storage;

/** @returns {Promise<Cache>} opened once; rejects where there is no such storage, or it is not allowed */
function opened() {
  storage = storage || caches.open(CACHE);
  return storage;
}

/** @param {string} path @returns {Promise<Uint8Array|undefined>} */
export async function kept(path) {
  try {
    const found = await (await opened()).match(`/${path}`);
    return found && new Uint8Array(await found.arrayBuffer());
  } catch (_) {
    return undefined; // no such storage here, or not allowed
  }
}

/** @param {Map<string, Uint8Array>} files by path */
export async function keep(files) {
  try {
    const cache = await opened();
    for (const [path, data] of files) {
      if (data.length <= MAX_FILE) await cache.put(`/${path}`, new Response(data));
    }
    const all = await cache.keys();
    for (const old of all.slice(0, Math.max(0, all.length - MOST))) await cache.delete(old);
  } catch (_) {
    // no such storage here, not allowed, or full: the next visit needs a network
  }
}

/** Keep what this judgement accepted. @param {Source} source @param {Trust} trust @param {VerificationReport} report */
export async function keepVerified(source, trust, report) {
  const { list, templates } = trust;
  if (!list) return;
  const given = [...source.given];
  const isKept = new Set(['trust.json', 'root.json', ...given.map(([path]) => path).filter((path) => /^trust\/\d+\.json$/.test(path))]);
  for (const template of templates.filter((one) => isListed(one, list.templates))) {
    const { kind, version } = template.record;
    for (const path of [`templates/${kind}/${version}/record.json`, `schemas/${kind}/${version}.json`, 'ns/certificate/v1']) isKept.add(path);
  }
  if (report.number) {
    const before = `https://${list.registry}/`;
    const documents = new Map(given.map(([path, data]) => [before + path, data]));
    const lists = await readStatusLists(parseNumber(report.number), documents, list);
    for (const [purpose, one] of Object.entries(lists)) {
      if (typeof one !== 'string') given.filter(([path]) => path.startsWith('status/') && path.includes(`/${purpose}/`)).forEach(([path]) => isKept.add(path));
    }
    // The details were accepted where the report could quote them.
    if (report.steps[8].details.since !== undefined) given.filter(([path]) => path.includes('/details/')).forEach(([path]) => isKept.add(path));
  }
  await keep(new Map(given.filter(([path]) => isKept.has(path))));
}

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

/** What was asked for before these modules were here. */
const { asked: early } = window.certregEarly || { asked: {} };

/** @param {string} path below the registry's root */
function ask(path) {
  const before = early[path];
  delete early[path];
  if (before) return before;
  const stop = new AbortController();
  return { answer: fetch(`/${path}`, { redirect: 'error', cache: 'no-cache', signal: stop.signal }), stop };
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
    /** Everything that was asked for, and what was made of it, once. @type {Map<string, Promise<any>>} */
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
    return this.once(path, () => this.fetch(path, bound));
  }

  /** @template T @param {string} name @param {() => Promise<T>} make @returns {Promise<T>} */
  once(name, make) {
    const known = this.asked.get(name) || make();
    this.asked.set(name, known);
    return known;
  }

  /**
   * A file that never changes: a kept one of this digest will do.
   * @param {string} path @param {number} bound @param {string} digest SHA-256 in hex
   */
  async readListed(path, bound, digest) {
    // Without a worker it is a first visit: to find that nothing is kept takes as long as to ask the network.
    const isServed = navigator.serviceWorker && navigator.serviceWorker.controller;
    const known = this.asked.has(path) || !isServed ? undefined : await kept(path);
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
    const { answer, stop } = ask(path);
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

const WORKER = '/worker.js';

/** @type {any} */
let address;

/** @returns {any} the worker's address in the form that the page's policy asks for; a policy is made once */
function workerAddress() {
  const types = /** @type {any} */ (window).trustedTypes;
  if (!address) address = types ? types.createPolicy('certreg', { createScriptURL: () => WORKER }).createScriptURL(WORKER) : WORKER;
  return address;
}

/** @type {Promise<ServiceWorkerRegistration>|undefined} */
let registered;

/**
 * Keep this page, the words that it has read, and the folders of `modules`; where that cannot be, it goes on without.
 * @param {string[]} modules beside those that every page has
 * @param {string} scope of the worker
 */
export async function keepPage(modules = [], scope = '/v') {
  if (!navigator.serviceWorker) return;
  try {
    // Who is served by a worker has registered it; to do so again would revive one that its host has just ended.
    if (!navigator.serviceWorker.controller) {
      registered = registered || navigator.serviceWorker.register(workerAddress(), { scope, updateViaCache: 'none' });
      await registered;
    }
    const { active } = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { document.documentElement.dataset.kept = 'yes'; };
    /** @type {ServiceWorker} */ (active).postMessage([location.pathname, ...modules, ...byHand, ...read], [channel.port2]);
  } catch (_) {
    registered = undefined;
  }
}
