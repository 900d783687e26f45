// @ts-check
/**
 * What the registry published, kept on this device for when there is no network. Only what a verification has just accepted
 * is put here (`keepVerified`), and all of it is verified again whenever it is used: a kept file can be old, never false.
 */

import { isListed } from '../core/catalogue.js';
import { parseNumber } from '../core/number.js';
import { readStatusLists } from '../core/status.js';

const CACHE = 'certreg.published';
const MOST = 600;
const MAX_FILE = 4 * 1024 * 1024;

/** @param {string} path @returns {Promise<Uint8Array|undefined>} */
export async function kept(path) {
  try {
    const found = await (await caches.open(CACHE)).match(`/${path}`);
    return found && new Uint8Array(await found.arrayBuffer());
  } catch (_) {
    return undefined; // no such storage here, or not allowed
  }
}

/** @param {Map<string, Uint8Array>} files by path */
export async function keep(files) {
  try {
    const cache = await caches.open(CACHE);
    for (const [path, data] of files) {
      if (data.length <= MAX_FILE) await cache.put(`/${path}`, new Response(data));
    }
    const all = await cache.keys();
    for (const old of all.slice(0, Math.max(0, all.length - MOST))) await cache.delete(old);
  } catch (_) {
    // no such storage here, not allowed, or full: the next visit needs a network
  }
}

/**
 * Keep what the network gave for this judgement and what the judgement accepted.
 * @param {import('./source.js').Source} source
 * @param {import('../core/trust.js').Trust} trust
 * @param {import('../core/verify.js').Report} report
 */
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
