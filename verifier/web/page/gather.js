//# allFunctionsCalledOnLoad
// @ts-check
/**
 * Gathers trust and evidence from the publication and judges nothing (SPEC 4.2, 7.1, 8.3); of the log it builds a number's offline
 * proof (6.6), which is verified before it is presented: a server that is wrong leaves a certificate undecided, never false.
 */

import { Finding, fromUtf8, require, utf8 } from '../core/forms.js';
import { isObject, parseRestricted } from '../core/signed.js';
import { nodeHash, readCheckpoint, readIncluded, readNote, subtreeHash } from '../core/log.js';
import { parseQrText } from '../core/record.js';
import { statusAddress, statusPath } from '../core/status.js';
import { readTemplate } from '../core/template.js';
import { establishTrust, isSignedBy, parsePin, peekTrustList } from '../core/trust.js';
import { MAX_TRUST_LIST, parseTrustList } from '../core/trustlist.js';
import { peek, verify } from '../core/verify.js';
import { SourceError } from './source.js';

/** @typedef {import('./source.js').Source} Source */

const WIDTH = 256;
const MAX_CHECKPOINT = 8192;
const MAX_RUNS = 8 * 1024 * 1024;
const MAX_TILE = WIDTH * 32;
const MAX_BUNDLE = WIDTH * 1026;

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
   * A tile or bundle; where the partial one is gone, the full one will do.
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
    return subtreeHash(tile.subarray(from, from + 32 * count));
  }

  /** @param {number} from @param {number} to @returns {Promise<Uint8Array>} the hash of these leaves (RFC 9162 section 2.1.1) */
  async range(from, to) {
    const split = splitOf(to - from);
    if (2 * split === to - from || to - from === 1) return this.node(Math.log2(to - from), from / (to - from));
    const [left, right] = await Promise.all([this.range(from, from + split), this.range(from + split, to)]);
    return nodeHash(left, right);
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
 * @param {Series} number
 * @returns {Promise<Uint8Array>} the `.tlog-proof`, of which nothing is verified
 */
async function collectProof(source, { authority, year, kind, serial }) {
  const runs = source.read(`log/runs/${authority}/${year}/${kind}.json`, MAX_RUNS);
  runs.catch(() => undefined); // told below
  const note = await source.read('log/checkpoint', MAX_CHECKPOINT);
  require(note, 'log_absent');
  const size = Number(readCheckpoint(readNote(note)).size);
  const leaf = leafOf(await runs, serial);
  require(leaf < size, 'log_behind');
  const tree = new Tree(source, size);
  const [entry, path] = await Promise.all([tree.entry(leaf), tree.path(leaf, 0, size)]);
  const lines = ['c2sp.org/tlog-proof@v1', `extra ${toBase64(entry)}`, `index ${leaf}`, ...path.map(toBase64)];
  return utf8(`${lines.join('\n')}\n\n${fromUtf8(note, 'note_form')}`);
}

/** @param {Source} source @param {Series} number */
function proofOf(source, number) {
  const { authority, year, kind, serial } = number;
  return source.once(`proof ${authority}/${year}/${kind}/${serial}`, () => collectProof(source, number));
}

/** Ask for what this number, which is not certain, will need. @param {Source} source @param {Series} number */
export function anticipate(source, number) {
  for (const purpose of ['revocation', 'suspension']) source.read(statusPath(number, purpose), MAX_LIST).catch(() => undefined);
  proofOf(source, number).catch(() => undefined); // who needs it is told
}

/**
 * @param {Source} source
 * @param {Trust} trust with a list
 * @param {CertificateNumber} number
 * @returns {Promise<Uint8Array>} the `.tlog-proof`
 */
async function proveIssue(source, { list, logKeys }, number) {
  require(list && logKeys, 'trust_list_count');
  const proof = await proofOf(source, number);
  await readIncluded(proof, number, list.log.origin, logKeys);
  return proof;
}

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
 * @param {Pin} pin
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

const ANY = () => true;

/** Of which template a code is, as it says itself. @param {Partial<Evidence>} presented @returns {IsWanted} */
function templateOf({ record, qrText }) {
  try {
    if (record) return ANY;
    const { code } = parseQrText(String(qrText));
    return (file) => JSON.parse(fromUtf8(file, 'not_utf8')).code === Number(code);
  } catch (error) {
    if (error instanceof Finding) return ANY;
    throw error;
  }
}

/**
 * The published templates that the list names; those that cannot be had are left out.
 * @param {Source} source
 * @param {TrustList} list
 * @param {Trouble[]} troubles
 * @param {IsWanted} [isWanted]
 */
export async function readTemplates(source, list, troubles, isWanted = ANY) {
  const read = list.templates.map(({ kind, version, ...digests }) => attempted(troubles, `templates/${kind}/${version}`, async () => {
    const [record, schema, context] = await Promise.all([
      source.readListed(`templates/${kind}/${version}/record.json`, MAX_TEMPLATE, digests.record),
      source.readListed(`schemas/${kind}/${version}.json`, MAX_TEMPLATE, digests.schema),
      source.readListed('ns/certificate/v1', MAX_TEMPLATE, digests.context),
    ]);
    if (!record || !schema || !context) throw new SourceError('source_not_found');
    return isWanted(record) ? readTemplate({ record, schema, context }) : undefined;
  }));
  return (await Promise.all(read)).flatMap((template) => (template ? [template] : []));
}

/**
 * @param {Source} source
 * @param {Trouble[]} troubles
 * @param {Partial<Evidence>} [presented] for whose template alone it shall do; else for all
 * @returns {Promise<Trust|undefined>} nothing where there is not even a root
 */
export async function loadTrust(source, troubles, presented) {
  // What every judgement needs is asked for at once; whoever reads it next says what is wrong with it.
  for (const [path, bound] of ALWAYS) source.read(path, bound).catch(() => undefined);
  // The templates are on their way while it is verified that the list which names them is to be trusted.
  const templates = source.read('trust.json', MAX_TRUST_LIST).then(
    (data) => (data ? readTemplates(source, peekTrustList(data), troubles, presented && templateOf(presented)) : []),
  );
  templates.catch(() => undefined); // whoever reads the list is told
  const root = await attempted(troubles, 'root.json', () => readPin(source));
  if (!root) return undefined;
  const { pin, pinned } = root;
  const chain = await attempted(troubles, 'trust.json', () => readChain(source, pin)) || [];
  const trust = await establishTrust(chain, pin, [], { pinned, seenVersion: remembered(pin) });
  if (!trust.list) return trust;
  remember(pin, trust.list.version);
  return { ...trust, templates: await templates };
}

/** @param {Pin} pin @returns {number} the newest version this browser accepted; 0 for none */
function remembered({ fingerprint }) {
  try {
    return Number(localStorage.getItem(MEMORY + fingerprint)) || 0;
  } catch (_) {
    return 0; // some browsers forbid it
  }
}

/** @param {Pin} pin @param {number} version */
function remember(pin, version) {
  try {
    if (remembered(pin) !== version) localStorage.setItem(MEMORY + pin.fingerprint, String(version));
  } catch (_) {
    // the next visit has less to compare with
  }
}

/**
 * Judge what was presented with what is published about it; again with the details where a status is set.
 * @param {Source} source
 * @param {Trust} trust
 * @param {Evidence} presented
 * @param {number} at Unix seconds
 * @param {Trouble[]} troubles
 * @param {Partial<Policy>} [demands]
 * @returns {Promise<VerificationReport>}
 */
export async function judge(source, trust, presented, at, troubles, demands = {}) {
  const demanding = { ...demands, at, requireLog: true };
  const opened = await peek(presented, trust, demanding);
  const { number, isRecord } = opened;
  if (!number || !trust.list) return verify(presented, trust, demanding, opened);
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
  const [found] = await Promise.all([
    isRecord && await needsProof(presented, trust, demanding, opened) ? attempted(troubles, 'log', () => proveIssue(source, trust, number)) : undefined,
    obtain('revocation', MAX_LIST),
    obtain('suspension', MAX_LIST),
  ]);
  // Where nothing of the registry can be reached the log is not demanded, as with a bundle (SPEC 7.8), and the page says so.
  const isCutOff = source.isOffline && troubles.some(({ path, code }) => path === 'log' && code === 'source_unreachable');
  const policy = { ...demands, at, requireLog: !isCutOff };
  const evidence = { ...presented, logProof: found || presented.logProof, status };
  const report = await verify(evidence, trust, policy, opened);
  if (report.steps[8].outcome !== 'FAILED') return report;
  await obtain('details', MAX_DETAILS);
  return verify(evidence, trust, policy, opened);
}

/**
 * Whether no proof was presented that holds, or that contradicts the record.
 * @param {Evidence} presented
 * @param {Trust} trust
 * @param {Policy} policy
 * @param {Opened} opened
 */
async function needsProof(presented, trust, policy, opened) {
  if (!presented.logProof) return true;
  const { outcome, code } = (await verify(presented, trust, policy, opened)).steps[7];
  return outcome !== 'PASSED' && code !== 'log_entry_differs';
}
