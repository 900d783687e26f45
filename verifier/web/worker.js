// @ts-check
/**
 * The service worker: keeps the pages for when there is no network, whole sets of them or nothing (README, decisions 12 and 13).
 * No address is ever sent or kept with what stands after its `#`.
 */

const worker = /** @type {any} */ (self);
const LIST = '/verifier/files.json';
const PREFIX = 'certreg.pages.';
const OWN = /^\/(?:v|verify|panel|r|verifier)(?:\/|$)/;
/** Everything that pages load lies in a folder of its digest, another one in each edition. */
const SET = /^\/verifier\/[\w-]{22}\//;
/** Folders that every page needs. */
const BASE = ['/v/', '/verifier/', '/verifier/core/', '/verifier/page/'];
/** Of this folder only what was used is kept. */
const WORDS = '/words/';
/** Milliseconds that a page waits for the list while an older set is at hand. */
const PATIENCE = 2500;

/** @typedef {{name: string, cache: Cache, text: string}} Kept */

/** @param {string} url @returns {string} the path by which the list knows it */
function addressOf(url) {
  const { pathname } = new URL(url);
  return pathname.replace(/^\/(v|verify|panel|r)$/, '/$1/').replace(/\/index\.html$/, '/');
}

/** @param {string} path @returns {string} the same in every edition */
const plain = (path) => path.replace(SET, '/verifier/');

/** @param {string} path */
const folderOf = (path) => plain(path.slice(0, path.lastIndexOf('/') + 1));

/** @returns {Promise<Kept|undefined>} the newest whole set: its list was put there last */
async function current() {
  let found;
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX)) continue;
    const cache = await caches.open(name);
    const list = await cache.match(LIST);
    if (list) found = { name, cache, text: await list.text() };
  }
  return found;
}

/** The last page's set, for what it loads. @type {Promise<Kept|undefined>|undefined} */
let serving;

/** @param {string} [but] */
async function forget(but) {
  serving = undefined;
  for (const name of await caches.keys()) if (name.startsWith(PREFIX) && name !== but) await caches.delete(name);
}

/** @returns {Promise<string|undefined>} the list; empty where the host certainly has none; nothing where it cannot be told */
async function askForList() {
  try {
    const response = await fetch(LIST, { cache: 'no-cache', redirect: 'error' });
    if (response.status === 404 || response.status === 410) return '';
    if (!response.ok) return undefined;
    const text = await response.text();
    return Object.keys(JSON.parse(text).files).length ? text : undefined;
  } catch (_) {
    return undefined;
  }
}

/** @param {ArrayBuffer} data */
async function digestOf(data) {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return btoa(String.fromCharCode(...hash)).replace(/\+/g, '-').replace(/\//g, '_').slice(0, 12);
}

/** @param {Response} response @param {string} digest @returns {Promise<Response|undefined>} the same, if it is what the list says */
async function sound(response, digest) {
  const data = await response.arrayBuffer();
  if (!response.ok || await digestOf(data) !== digest) return undefined;
  const headers = new Headers(response.headers);
  headers.delete('Content-Encoding');
  headers.delete('Content-Length');
  return new Response(data, { headers });
}

/** @param {string} path @param {string} digest @returns {Promise<Response|undefined>} raises where the network does */
async function obtained(path, digest) {
  const address = path.replace(/(.)\/$/, '$1'); // a page as a code names it, which the browser has just been given
  for (const cache of /** @type {RequestCache[]} */ (['default', 'reload'])) {
    const found = await sound(await fetch(address, { cache }), digest);
    if (found) return found;
  }
  return undefined;
}

/**
 * Keep the set of this list: the folders of everything in `used`, whole.
 * @param {string} text
 * @param {string[]} used
 * @returns {Promise<boolean>} false where a file is not what the list says; then nothing is kept
 */
async function renew(text, used) {
  const files = JSON.parse(text).files;
  const before = await current();
  const known = new Map((before ? await before.cache.keys() : []).map((request) => [plain(addressOf(request.url)), request]));
  const all = new Set([...known.keys(), ...used.map(plain)]);
  const folders = new Set([...BASE, ...[...all].map(folderOf)]);
  /** @type {Map<string, Response>} */
  const set = new Map();
  for (const path of Object.keys(files)) {
    const wanted = path.includes(WORDS) ? all.has(plain(path)) : folders.has(folderOf(path));
    if (!wanted) continue;
    const request = known.get(plain(path));
    const held = before && request && await before.cache.match(request);
    const file = (held && await sound(held, files[path])) || await obtained(path, files[path]);
    if (!file) {
      await forget();
      return false;
    }
    set.set(path, file);
  }
  const name = PREFIX + await digestOf(new TextEncoder().encode(text).buffer);
  const cache = await caches.open(name);
  for (const [path, file] of set) await cache.put(path, file);
  // If we stop here the set has no list, so it is not whole and nobody uses it.
  await cache.put(LIST, new Response(text));
  await forget(name);
  return true;
}

/** One renewal at a time. @type {Promise<any>} */
let turn = Promise.resolve();
/** @template T @param {() => Promise<T>} work @returns {Promise<T>} */
function inTurn(work) {
  turn = turn.then(work, work);
  return turn;
}

/** @param {any} event @returns {Promise<Response>} a page: of the newest set that can be had */
async function page(event) {
  const path = addressOf(event.request.url);
  const asking = askForList();
  const before = await current();
  const waited = new Promise((resolve) => { setTimeout(resolve, before ? PATIENCE : 0); });
  const text = /** @type {string|undefined} */ (await Promise.race([asking, waited]));
  if (text === '') {
    await forget();
    await worker.registration.unregister();
  } else if (text && before && text !== before.text) {
    await inTurn(() => renew(text, [path])).catch(() => false); // half-way without network: the old set is whole
  } else if (text === undefined && before) {
    event.waitUntil(asking.then((late) => (late && late !== before.text ? inTurn(() => renew(late, [path])) : false)).catch(() => false));
  }
  serving = before && text === before.text ? Promise.resolve(before) : current();
  const kept = await serving;
  return (kept && await kept.cache.match(path)) || fetch(event.request);
}

/** @param {Request} request @returns {Promise<Response>} */
async function file(request) {
  serving = serving || current();
  const kept = await serving;
  return (kept && await kept.cache.match(addressOf(request.url))) || fetch(request);
}

worker.addEventListener('install', (/** @type {any} */ event) => event.waitUntil(inTurn(async () => {
  const text = await askForList();
  if (!text || !await renew(text, [])) throw new Error('the pages cannot be kept');
  await worker.skipWaiting();
})));

worker.addEventListener('activate', (/** @type {any} */ event) => event.waitUntil(worker.clients.claim()));

/** A page tells which files it used. */
worker.addEventListener('message', (/** @type {any} */ event) => event.waitUntil(inTurn(async () => {
  const kept = await current();
  const text = kept ? kept.text : await askForList();
  const used = event.data.map((/** @type {string} */ url) => addressOf(new URL(url, worker.location.href).href));
  if (text) await renew(text, used);
  if (event.ports[0]) event.ports[0].postMessage('kept');
})));

worker.addEventListener('fetch', (/** @type {any} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== worker.location.origin || pathname === LIST || !OWN.test(pathname)) return;
  event.respondWith(request.mode === 'navigate' ? page(event) : file(request));
});
