// @ts-check
/**
 * What the W3C libraries of Digital Bazaar say of documents of ours: a JSON line for a JSON line.
 *
 * Nothing of ours verifies here. What these libraries ask for comes from the folder of a publication and nowhere else:
 * did:web resolves to the files that a web server would serve, contexts of ours likewise; W3C's own are the libraries'.
 */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { contexts as credentials } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import { createVerifyCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { contexts as multikey } from '@digitalbazaar/multikey-context';
import { verifyCredential } from '@digitalbazaar/vc';
import { checkStatus } from '@digitalbazaar/vc-bitstring-status-list';
import { contexts as dids } from 'did-context';
import jsonld from 'jsonld';

const PUBLISHED_BY_W3C = new Map([...credentials, ...multikey, ...dids]);

/** did:web's resolution: the path below the host, by the method's specification. */
const didPath = (/** @type {string} */ did) => {
  const [, , host, ...path] = did.split(':');
  return [decodeURIComponent(host), path.length ? `${path.join('/')}/did.json` : '.well-known/did.json'];
};

/** The part of a DID document that a key's address names, in the DID document's own context. */
function dereference(/** @type {any} */ document, /** @type {string} */ address) {
  const method = document.verificationMethod.find((/** @type {any} */ one) => one.id === address);
  if (!method) throw new Error(`${address} is not in the DID document`);
  return { '@context': 'https://w3id.org/security/multikey/v1', ...method };
}

/** @param {{site: string, host: string}} publication what the libraries may load */
const loader = ({ site, host }) => async (/** @type {string} */ url) => {
  const loaded = (/** @type {any} */ document) => ({ contextUrl: null, documentUrl: url, document });
  if (PUBLISHED_BY_W3C.has(url)) return loaded(PUBLISHED_BY_W3C.get(url));
  const [did, fragment] = url.split('#');
  const [named, path] = did.startsWith('did:web:') ? didPath(did) : [new URL(did).host, new URL(did).pathname.slice(1)];
  if (named !== host) throw new Error(`${url} is not of ${host}`);
  const document = JSON.parse(await readFile(`${site}/${path}`, 'utf8'));
  return loaded(fragment ? dereference(document, url) : document);
};

/** The clock of the libraries, which ask no other for the age of a status list. */
function turnClock(/** @type {string} */ moment) {
  const { Date: Real } = globalThis;
  globalThis.Date = /** @type {any} */ (class extends Real {
    constructor(/** @type {any[]} */ ...given) { super(...(given.length ? given : [moment])); }
    static now() { return Real.parse(moment); }
  });
  return () => { globalThis.Date = Real; };
}

const words = (/** @type {any} */ error) => (error ? [error, ...(error.errors || [])].map((one) => one.message).join('; ') : '');

/** @param {any} question @returns {any} what its libraries are given */
const given = (question) => ({
  credential: question.document,
  suite: new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() }),
  documentLoader: loader(question),
});

/** Lists are the registry's and certificates its authorities': that issuers may differ is an option of the library. */
const status = (/** @type {any} */ options) => checkStatus({ ...options, verifyMatchingIssuers: false });

/** @type {Object<string, (question: any) => Promise<any>>} */
const TASKS = {
  async credential(question) {
    const told = await verifyCredential({ ...given(question), checkStatus: status, now: question.at });
    return { verified: told.verified, error: words(told.error) };
  },
  async status(question) {
    const told = await status(given(question));
    const results = (told.results || []).map((/** @type {any} */ one) => [one.credentialStatus.statusPurpose, one.status]);
    return { verified: told.verified, status: Object.fromEntries(results), error: words(told.error) };
  },
  /** Safe mode refuses a document of which JSON-LD would drop a term. */
  async expand(question) {
    const expanded = await jsonld.expand(question.document, { documentLoader: loader(question), safe: true });
    return { expanded };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  const turnBack = turnClock(question.at);
  const told = await TASKS[question.task](question).catch((error) => ({ verified: false, error: words(error) }));
  turnBack();
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
