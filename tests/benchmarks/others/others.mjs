// @ts-check
/**
 * How quickly Digital Bazaar's W3C libraries sign and verify one certificate of ours: a JSON line for a JSON line.
 *
 * Arguments: the folder of a publication, a record's file. Asked: {"suite": "jcs" or "rdfc", "act": "issue" or "verify",
 * "seconds": n}; answered: how many, in how many seconds by the clock and of this process. Documents are loaded once, and
 * status is not looked at.
 */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { contexts as credentials } from '@digitalbazaar/credentials-context';
import { DataIntegrityProof } from '@digitalbazaar/data-integrity';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import * as jcs from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import { cryptosuite as rdfc } from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import { contexts as multikey } from '@digitalbazaar/multikey-context';
import { issue, verifyCredential } from '@digitalbazaar/vc';
import { contexts as dids } from 'did-context';

const [site, file] = process.argv.slice(2);
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

// A key of its own under the name of the certificate's, since the office's is not handed out.
const { proof, ...unsigned } = record;
const key = await Ed25519Multikey.generate({ controller: record.issuer.id, id: proof.verificationMethod });
const suites = {
  jcs: { signing: jcs.createSignCryptosuite(), verifying: jcs.createVerifyCryptosuite() },
  rdfc: { signing: rdfc, verifying: rdfc },
};

const signed = (/** @type {'jcs' | 'rdfc'} */ suite) => issue({
  credential: structuredClone(unsigned),
  suite: new DataIntegrityProof({ signer: key.signer(), cryptosuite: suites[suite].signing, date: proof.created }),
  documentLoader,
  now: proof.created,
});

async function verified(/** @type {any} */ credential, /** @type {'jcs' | 'rdfc'} */ suite) {
  const unchecked = async () => ({ verified: true });
  const checking = new DataIntegrityProof({ cryptosuite: suites[suite].verifying });
  const told = await verifyCredential({ credential, suite: checking, documentLoader, checkStatus: unchecked, now: proof.created });
  if (!told.verified) throw told.error;
}

async function rate(/** @type {() => Promise<any>} */ work, /** @type {number} */ seconds) {
  for (let warm = 0; warm < 30; warm++) await work();
  const began = performance.now(), computed = process.cpuUsage();
  let count = 0;
  for (; performance.now() - began < seconds * 1000; count++) await work();
  const { user, system } = process.cpuUsage(computed);
  return { count, wall: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 };
}

/** The certificate under a proof that its own key verifies: ours with JCS; one of the key's with RDFC, which we do not make. */
async function prepared(/** @type {'jcs' | 'rdfc'} */ suite) {
  if (suite === 'jcs') return record;
  const made = await signed(suite);
  known.set(proof.verificationMethod, await key.export({ publicKey: true, includeContext: true }));
  known.set(record.issuer.id, {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: record.issuer.id,
    assertionMethod: [proof.verificationMethod],
  });
  return made;
}

const kept = new Map(known);
for await (const line of createInterface({ input: process.stdin })) {
  const { suite, act, seconds } = JSON.parse(line);
  known.clear();
  for (const [url, document] of kept) known.set(url, document);
  const credential = await prepared(suite);
  const work = act === 'issue' ? () => signed(suite) : () => verified(credential, suite);
  process.stdout.write(`${JSON.stringify(await rate(work, seconds))}\n`);
}
