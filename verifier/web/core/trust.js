//# allFunctionsCalledOnLoad
// @ts-check
/**
 * From a pinned root to the list in force (SPEC 4.2), what speaks against a signature at a moment (4.3 to 4.5), and whether hours
 * meet the rule set (7.6).
 */

import { Finding, Skipped, hex, isHost, require, sha256, within } from './forms.js';
import { canonicalize, isObject, parseRestricted, proofHolds, readProof } from './signed.js';
import { COSIGNATURE, NOTE, readVkey } from './log.js';
import { parseTrustList, readRoot } from './trustlist.js';

const MAX_PIN = 65536;
const MAX_PROOFS = 32;
const MAX_CHAIN = 1000;

/** @param {Uint8Array} data `/root.json` @returns {Promise<Pin>} */
export async function parsePin(data) {
  const [{ registry, root }, canonical] = within('pin_form', () => {
    const document = parseRestricted(data, MAX_PIN);
    require(isObject(document) && isHost(document.registry), 'pin_form');
    const { registry: host, threshold } = document;
    const read = { registry: host, root: readRoot(document, host) };
    const keys = document.keys.map((/** @type {any} */ { id, publicKeyMultibase }) => ({ id, publicKeyMultibase }));
    return [read, canonicalize({ registry: host, threshold, keys })];
  });
  return { registry, root, fingerprint: hex(await sha256(canonical)) };
}

/**
 * @param {TrustList} list
 * @returns {Proof[]}
 */
function proofsOf({ document }) {
  return within('trust_list_unsigned', () => {
    const proofs = Array.isArray(document.proof) ? document.proof : [document.proof];
    require(proofs.length >= 1 && proofs.length <= MAX_PROOFS, 'proof_count');
    return proofs.map((proof) => readProof(proof, document));
  });
}

/**
 * The largest thing that is ever hashed here is looked at under several roots.
 * @type {WeakMap<Uint8Array, {list: TrustList, held: Object<string, Promise<boolean>>}>}
 */
const seen = new WeakMap();

/** @param {Uint8Array} data not changed after this */
function read(data) {
  const found = seen.get(data) || { list: parseTrustList(data), held: {} };
  seen.set(data, found);
  return found;
}

/** @param {Uint8Array} data @returns {TrustList} which nobody has verified */
export const peekTrustList = (data) => read(data).list;

/**
 * @param {Uint8Array} data
 * @param {Root} root
 */
async function checkSigned(data, root) {
  const { list, held } = read(data);
  const signers = new Set();
  await Promise.all(proofsOf(list).map(async (proof, at) => {
    const key = root.keys.find((one) => one.id === proof.method);
    if (!key) return;
    const name = `${at} ${hex(key.key)}`;
    held[name] = held[name] || proofHolds(proof, list.document, key.key);
    if (await held[name]) signers.add(key.id);
  }));
  require(signers.size > 0, 'trust_list_unsigned');
  require(signers.size >= root.threshold, 'trust_list_threshold');
}

/**
 * Whether this root signed the list in `data`.
 * @param {Uint8Array} data
 * @param {Root} root
 * @returns {Promise<boolean>}
 */
export async function isSignedBy(data, root) {
  try {
    await checkSigned(data, root);
    return true;
  } catch (error) {
    if (error instanceof Finding) return false;
    throw error;
  }
}

/**
 * The newest list, reached from the pin over lists in ascending versions.
 * @param {Uint8Array[]} chain oldest first
 * @param {Pin} pin
 * @param {number} seenVersion the newest version this reader ever accepted; 0 for none
 */
async function walkChain(chain, pin, seenVersion = 0) {
  let root = pin.root;
  /** @type {TrustList|undefined} */
  let last;
  require(chain.length <= MAX_CHAIN, 'trust_list_count');
  for (const data of chain) {
    const { list } = read(data);
    require(list.registry === pin.registry, 'trust_list_registry');
    require(!last || list.version > last.version, 'trust_list_version');
    await checkSigned(data, root);
    await checkSigned(data, list.root);
    root = list.root;
    last = list;
  }
  require(last, 'trust_list_count');
  require(last.version >= seenVersion, 'trust_list_rollback');
  return last;
}

/**
 * The keys in a list's vkeys. One key under two names would count twice: such a list is refused.
 * @param {TrustList} list
 * @returns {Promise<LogKeys>}
 */
async function readLogKeys({ log, witnesses }) {
  /** @param {string[]} vkeys @param {number} algorithm */
  const read = (vkeys, algorithm) => Promise.all(vkeys.map(async (vkey) => {
    const key = await readVkey(vkey, 'trust_list_form');
    require(key.algorithm === algorithm, 'trust_list_form');
    return key;
  }));
  const keys = { log: await read(log.vkeys, NOTE), witnesses: await read(witnesses.vkeys, COSIGNATURE) };
  for (const group of Object.values(keys)) {
    require(new Set(group.map(({ key }) => hex(key))).size === group.length, 'trust_list_duplicate');
  }
  return keys;
}

/**
 * Trust is established once and used for any number of certificates. A chain that does not hold is told by step 3.
 * @param {Uint8Array[]} chain
 * @param {Pin} pin
 * @param {CertificateTemplate[]} templates
 * @param {{pinned: boolean, seenVersion?: number}} reader
 * @returns {Promise<Trust>}
 */
export async function establishTrust(chain, pin, templates, { pinned, seenVersion }) {
  try {
    const list = await walkChain(chain, pin, seenVersion);
    return { list, logKeys: await readLogKeys(list), pin, pinned, templates };
  } catch (error) {
    if (error instanceof Finding) return { error: error.code, pin, pinned, templates };
    throw error;
  }
}

/** What a report says of it (SPEC 7.5). @param {Trust} trust @returns {Object<string, any>} */
export function summary({ pin, list }) {
  const base = pin.fingerprint ? { rootFingerprint: pin.fingerprint } : {};
  if (!list) return base;
  const { registry, version, validFrom, validUntil, notUnderstood } = list;
  const known = { ...base, registry, version, validFrom, validUntil };
  return notUnderstood.length ? { ...known, notUnderstood: notUnderstood.join(',') } : known;
}

/**
 * @param {ListedKey} key
 * @param {number} moment Unix seconds
 * @returns {string|undefined} why it may not sign then
 */
export function keyObjection({ notBefore, notAfter, revoked }, moment) {
  if (moment < notBefore || moment > notAfter) return 'key_out_of_window';
  if (!revoked) return undefined;
  const { at, compromisedFrom } = revoked;
  if (compromisedFrom !== undefined && moment >= compromisedFrom) return 'key_compromised';
  return moment >= at ? 'key_superseded' : undefined;
}

/**
 * The first reason why this key of this authority may not sign this number at this moment.
 * @param {Authority} authority
 * @param {ListedKey} key
 * @param {CertificateNumber} number
 * @param {number} moment Unix seconds
 * @returns {string|undefined}
 */
export function objection(authority, key, number, moment) {
  const past = authority.states.filter((one) => one.from <= moment);
  const state = past.length ? past[past.length - 1].state : undefined;
  if (state === undefined) return 'authority_not_granted';
  if (state !== 'granted') return `authority_${state}`;
  const { kinds, years } = authority.scope;
  if (!kinds.includes(number.kind) || !years.includes(number.year)) return 'authority_out_of_scope';
  if (key.id.split('#')[1].split('-')[0] !== String(number.year)) return 'key_of_another_year';
  return keyObjection(key, moment);
}

/**
 * Step 10.
 * @param {Object<string, any>} subject of an authentic record
 * @param {any[]} ruleSets of the trust list
 * @returns {Object<string, string>} details
 */
export function judgeHours(subject, ruleSets) {
  if (subject.ruleSet === undefined) throw new Skipped('no_rule');
  const rule = ruleSets.find((one) => one.id === subject.ruleSet);
  const minima = rule && rule.grades[subject.grade];
  if (!minima) throw new Skipped('rule_unknown');
  const { professionalHours, publicHours } = subject;
  const missing = {
    missingTotal: Math.max(0, minima.total - professionalHours - publicHours),
    missingProfessional: Math.max(0, minima.professional - professionalHours),
    missingPublic: Math.max(0, minima.public - publicHours),
  };
  const details = { ruleSet: rule.id, source: rule.source, article: rule.article };
  if (Object.values(missing).some((hours) => hours > 0)) {
    throw new Finding('hours_short', Object.assign({}, details, missing));
  }
  return details;
}
