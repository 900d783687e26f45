// @ts-check
/** Gathers trust and evidence from the registry's publication, and judges nothing (SPEC 4.2, 7.1, 8.3). */

import { readTemplate } from '../core/catalogue.js';
import { Finding } from '../core/finding.js';
import { parseNumber } from '../core/number.js';
import { statusAddress } from '../core/status.js';
import { establishTrust, isSignedBy, parsePin } from '../core/trust.js';
import { MAX_TRUST_LIST, parseTrustList } from '../core/trustlist.js';
import { verify } from '../core/verify.js';
import { proveIssue } from './loglookup.js';
import { SourceError } from './source.js';

/**
 * @typedef {import('./source.js').Source} Source
 * @typedef {import('./source.js').Trouble} Trouble
 */

const MAX_ROOT = 65536;
const MAX_TEMPLATE = 65536;
const MAX_LIST = 65536;
const MAX_DETAILS = 24 * 1024 * 1024;
/** @type {[string, number][]} */
const ALWAYS = [['trust.json', MAX_TRUST_LIST], ['log/checkpoint', 8192]];
const MEMORY = 'certreg.trust-list.';

/**
 * The outcome of `attempt`, or nothing and a trouble.
 * @template T
 * @param {Trouble[]} troubles
 * @param {string} path
 * @param {() => Promise<T>} attempt
 * @returns {Promise<T|undefined>}
 */
async function attempted(troubles, path, attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof SourceError || error instanceof Finding)) throw error;
    if (!troubles.some((one) => one.path === path)) troubles.push({ path, code: error.code });
    return undefined;
  }
}

/**
 * The root that was put beside this page when it was installed, else the publication's own, which nobody chose.
 * @param {Source} source
 */
export async function readPin(source) {
  const chosen = await source.read('verifier/root.json', MAX_ROOT).catch(() => undefined);
  const data = chosen || await source.read('root.json', MAX_ROOT);
  if (!data) throw new SourceError('root_missing');
  return { pin: await parsePin(data), pinned: Boolean(chosen) };
}

/**
 * The current list; before it, where the root has changed, the versions back to one that the pinned root signed.
 * @param {Source} source
 * @param {import('../core/trust.js').Pin} pin
 */
async function readChain(source, pin) {
  const chain = [await source.read('trust.json', MAX_TRUST_LIST)];
  if (!chain[0]) throw new SourceError('trust_list_missing');
  if (chain[0][0] !== 0x7b) throw new SourceError('source_refused'); // a server's page in its place
  for (let data = chain[0]; !await isSignedBy(data, pin.root); data = /** @type {Uint8Array} */ (chain[0])) {
    const version = parseTrustList(data).version - 1;
    const before = version > 0 && version < 1000 ? await source.read(`trust/${version}.json`, MAX_TRUST_LIST) : undefined;
    if (!before) break; // step 3 says what is wrong with a chain that the root did not sign
    chain.unshift(before);
  }
  return /** @type {Uint8Array[]} */ (chain);
}

/**
 * The published templates that the list names; those that cannot be had are left out.
 * @param {Source} source
 * @param {import('../core/trustlist.js').TrustList} list
 * @param {Trouble[]} troubles
 */
async function readTemplates(source, list, troubles) {
  const read = list.templates.map(({ kind, version, ...digests }) => attempted(troubles, `templates/${kind}/${version}`, async () => {
    const [record, schema, context] = await Promise.all([
      source.readListed(`templates/${kind}/${version}/record.json`, MAX_TEMPLATE, digests.record),
      source.readListed(`schemas/${kind}/${version}.json`, MAX_TEMPLATE, digests.schema),
      source.readListed('ns/certificate/v1', MAX_TEMPLATE, digests.context),
    ]);
    if (!record || !schema || !context) throw new SourceError('source_not_found');
    return readTemplate({ record, schema, context });
  }));
  return (await Promise.all(read)).flatMap((template) => (template ? [template] : []));
}

/**
 * @param {Source} source
 * @param {Trouble[]} troubles
 * @returns {Promise<import('../core/trust.js').Trust|undefined>} nothing where there is not even a root
 */
export async function loadTrust(source, troubles) {
  // What every judgement needs is asked for at once; whoever reads it next says what is wrong with it.
  for (const [path, bound] of ALWAYS) source.read(path, bound).catch(() => undefined);
  const root = await attempted(troubles, 'root.json', () => readPin(source));
  if (!root) return undefined;
  const { pin, pinned } = root;
  const chain = await attempted(troubles, 'trust.json', () => readChain(source, pin)) || [];
  const trust = await establishTrust(chain, pin, [], { pinned, seenVersion: remembered(pin) });
  if (!trust.list) return trust;
  remember(pin, trust.list.version);
  return { ...trust, templates: await readTemplates(source, trust.list, troubles) };
}

/** @param {import('../core/trust.js').Pin} pin @returns {number} the newest version this browser accepted; 0 for none */
function remembered({ fingerprint }) {
  try {
    return Number(localStorage.getItem(MEMORY + fingerprint)) || 0;
  } catch (_) {
    return 0; // some browsers forbid it
  }
}

/** @param {import('../core/trust.js').Pin} pin @param {number} version */
function remember({ fingerprint }, version) {
  try {
    localStorage.setItem(MEMORY + fingerprint, String(version));
  } catch (_) {
    // the next visit has less to compare with
  }
}

/**
 * Judge what was presented, with what the publication has about it.
 * @param {Source} source
 * @param {import('../core/trust.js').Trust} trust
 * @param {import('../core/verify.js').Evidence} presented
 * @param {number} at Unix seconds
 * @param {Trouble[]} troubles
 * @param {Partial<import('../core/verify.js').Policy>} [demands] what the reader asks for beyond that
 * @returns {Promise<import('../core/verify.js').Report>}
 */
export async function judge(source, trust, presented, at, troubles, demands = {}) {
  const first = await verify(presented, trust, { ...demands, at, requireLog: true });
  if (!first.number || !trust.list) return first;
  const number = parseNumber(first.number);
  const { registry } = trust.list;
  const status = new Map(presented.status);
  const obtain = async (/** @type {string} */ purpose, /** @type {number} */ bound) => {
    const address = statusAddress(registry, number, purpose);
    const path = address.slice(`https://${registry}/`.length);
    const data = await attempted(troubles, path, async () => {
      const found = await source.read(path, bound);
      if (!found) throw new SourceError('status_absent');
      return found;
    });
    if (data) status.set(address, data);
  };
  const needsProof = first.steps[1].outcome === 'PASSED' && first.steps[7].outcome !== 'PASSED' && first.steps[7].code !== 'log_entry_differs';
  const [found] = await Promise.all([
    needsProof ? attempted(troubles, 'log', () => proveIssue(source, trust, number)) : undefined,
    obtain('revocation', MAX_LIST),
    obtain('suspension', MAX_LIST),
  ]);
  // Where nothing of the registry can be reached the log is not demanded, as with a bundle (SPEC 7.8), and the page says so.
  const isCutOff = source.isOffline && troubles.some(({ path, code }) => path === 'log' && code === 'source_unreachable');
  const policy = { ...demands, at, requireLog: !isCutOff };
  const evidence = { ...presented, logProof: found || presented.logProof, status };
  const second = await verify(evidence, trust, policy);
  if (second.steps[8].outcome !== 'FAILED') return second;
  await obtain('details', MAX_DETAILS);
  return verify(evidence, trust, policy);
}
