// @ts-check
/**
 * From a pinned root to the list in force (SPEC 4.2), and what a verifier trusts (7.3).
 *
 * @typedef {{registry: string, root: import('./trustlist.js').Root, fingerprint: string}} Pin
 * @typedef {{log: import('./note.js').Verifier[], witnesses: import('./note.js').Verifier[]}} LogKeys the log's own first
 * @typedef {{list?: import('./trustlist.js').TrustList, logKeys?: LogKeys, error?: string, pin: Pin, pinned: boolean,
 *   templates: import('./catalogue.js').CertificateTemplate[]}} Trust `pinned`: whether the reader chose the root
 */

import { hex, sha256 } from './bytes.js';
import { Finding, require, within } from './finding.js';
import { isHost } from './host.js';
import { canonicalize, isObject, parseRestricted } from './json.js';
import { COSIGNATURE, NOTE, readVkey } from './note.js';
import { proofHolds, readProof } from './proof.js';
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
 * @param {import('./trustlist.js').TrustList} list
 * @returns {import('./proof.js').Proof[]}
 */
function proofsOf({ document }) {
  return within('trust_list_unsigned', () => {
    const proofs = Array.isArray(document.proof) ? document.proof : [document.proof];
    require(proofs.length >= 1 && proofs.length <= MAX_PROOFS, 'proof_count');
    return proofs.map((proof) => readProof(proof, document));
  });
}

/**
 * @param {import('./trustlist.js').TrustList} list
 * @param {import('./trustlist.js').Root} root
 */
async function checkSigned(list, root) {
  const signers = new Set();
  for (const proof of proofsOf(list)) {
    const key = root.keys.find((one) => one.id === proof.method);
    if (key && !signers.has(key.id) && await proofHolds(proof, list.document, key.key)) signers.add(key.id);
  }
  require(signers.size > 0, 'trust_list_unsigned');
  require(signers.size >= root.threshold, 'trust_list_threshold');
}

/**
 * Whether this root signed the list in `data`; to find where the way from a pinned root begins.
 * @param {Uint8Array} data
 * @param {import('./trustlist.js').Root} root
 * @returns {Promise<boolean>}
 */
export async function isSignedBy(data, root) {
  try {
    await checkSigned(parseTrustList(data), root);
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
export async function walkChain(chain, pin, seenVersion = 0) {
  let root = pin.root;
  /** @type {import('./trustlist.js').TrustList|undefined} */
  let last;
  require(chain.length <= MAX_CHAIN, 'trust_list_count');
  for (const data of chain) {
    const list = parseTrustList(data);
    require(list.registry === pin.registry, 'trust_list_registry');
    require(!last || list.version > last.version, 'trust_list_version');
    await checkSigned(list, root);
    await checkSigned(list, list.root);
    root = list.root;
    last = list;
  }
  require(last, 'trust_list_count');
  require(last.version >= seenVersion, 'trust_list_rollback');
  return last;
}

/**
 * The keys in a list's vkeys. One key under two names would count twice: such a list is refused.
 * @param {import('./trustlist.js').TrustList} list
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
 * @param {import('./catalogue.js').CertificateTemplate[]} templates
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
