// @ts-check
/**
 * How quickly Digital Bazaar's W3C libraries sign and verify one certificate of ours with eddsa-jcs-2022: rates a second as JSON.
 *
 * Arguments: the folder of a publication, a record's file, seconds for each of the two. Documents are loaded once.
 */

import { readFile } from 'node:fs/promises';
import { contexts as credentials } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import { createSignCryptosuite, createVerifyCryptosuite } from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { contexts as multikey } from '@digitalbazaar/multikey-context';
import { issue, verifyCredential } from '@digitalbazaar/vc';
import { contexts as dids } from 'did-context';

const [site, file, seconds] = process.argv.slice(2);
const record = JSON.parse(await readFile(file, 'utf8'));
const known = new Map([...credentials, ...multikey, ...dids]);

async function documentLoader(/** @type {string} */ url) {
  if (!known.has(url)) {
    const [did, fragment] = url.split('#');
    const path = did.startsWith('did:web:') ? `${did.split(':').slice(3).join('/')}/did.json` : new URL(did).pathname.slice(1);
    const document = JSON.parse(await readFile(`${site}/${path}`, 'utf8'));
    const method = document.verificationMethod?.find((/** @type {any} */ one) => one.id === url);
    known.set(url, fragment ? { '@context': 'https://w3id.org/security/multikey/v1', ...method } : document);
  }
  return { contextUrl: null, documentUrl: url, document: known.get(url) };
}

async function rate(/** @type {() => Promise<any>} */ work) {
  for (let warm = 0; warm < 50; warm++) await work();
  const began = performance.now();
  let count = 0;
  for (; performance.now() - began < Number(seconds) * 1000; count++) await work();
  return count / ((performance.now() - began) / 1000);
}

const key = await Ed25519Multikey.generate({ controller: record.issuer.id, id: record.proof.verificationMethod });
const { proof, ...unsigned } = record;
const signing = () => issue({
  credential: structuredClone(unsigned),
  suite: new DataIntegrityProof({ signer: key.signer(), cryptosuite: createSignCryptosuite() }),
  documentLoader,
});
const verifying = async () => {
  const suite = new DataIntegrityProof({ cryptosuite: createVerifyCryptosuite() });
  const unchecked = async () => ({ verified: true });
  const told = await verifyCredential({ credential: record, suite, documentLoader, checkStatus: unchecked, now: proof.created });
  if (!told.verified) throw told.error;
};
process.stdout.write(`${JSON.stringify({ issue: await rate(signing), verify: await rate(verifying) })}\n`);
