//# allFunctionsCalledOnLoad
// @ts-check
/**
 * Status lists and their details (SPEC 5), and whether a number is in force (step 8). A list is unpacked by the browser's own stream
 * where that is exact, else by hand (README, decision 28).
 */

import { Finding, Undecided, fromBase64, fromBase64url, join, parseTime, require, within } from './forms.js';
import { equal, isObject, parseCanonical, proofHolds, readProof } from './signed.js';
import { keyObjection } from './trust.js';

/** The member of no bytes. */
const EMPTY = fromBase64('H4sIAAAAAAACAwMAAAAAAAAAAAA=', '');
/** Where a bit makes it false: a flag that has no meaning, the sum, the size. */
const FALSE_AT = [3, 12, 16];

/**
 * @param {Uint8Array} data
 * @param {number} size the most that may come out
 * @returns {Promise<Uint8Array|undefined>} what came out; nothing where that was more. Rejects what is no such member
 */
async function streamed(data, size) {
  const output = new Uint8Array(size);
  const { readable, writable } = new DecompressionStream('gzip');
  const writer = writable.getWriter();
  for (const given of [writer.write(data), writer.close()]) given.catch(() => undefined); // the reader is told
  const reader = readable.getReader();
  for (let written = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return output.subarray(0, written);
    if (written + value.length > size) {
      reader.cancel().catch(() => undefined);
      return undefined;
    }
    output.set(value, written);
    written += value.length;
  }
}

/** @param {Uint8Array} data @returns {Promise<boolean>} whether the browser takes it */
const isTaken = (data) => streamed(data, 0).then(() => true, () => false);

/** @returns {Promise<boolean>} whether this browser takes one whole member and nothing else */
async function isExact() {
  const bad = FALSE_AT.map((place) => EMPTY.map((byte, at) => (at === place ? byte ^ 32 : byte)));
  bad.push(EMPTY.subarray(0, -1), join(EMPTY, new Uint8Array(1)), join(EMPTY, EMPTY));
  return await isTaken(EMPTY) && !(await Promise.all(bad.map(isTaken))).includes(true);
}

const exact = isExact();

/**
 * @param {Uint8Array} data
 * @param {number} size how many bytes must come out
 * @param {string} form the finding where it is no such member
 * @param {string} tooLarge the finding where more comes out
 * @returns {Promise<Uint8Array>}
 */
export async function gunzip(data, size, form, tooLarge) {
  if (!await exact) return (await import('./byhand/gzip.js')).gunzipByHand(data, size, form, tooLarge);
  const output = await streamed(data, size).catch(() => { throw new Finding(form); });
  require(output, tooLarge);
  require(output.length === size, form);
  return output;
}

export const BITS = 131072;
const MAX_LIST = 65536;
const MAX_VALIDITY = 7 * 86400;
/** @type {[string, string][]} */
const PURPOSES = [['revocation', 'revoked'], ['suspension', 'suspended']];

/** @param {Series} number @param {string} purpose `revocation`, `suspension` or `details` @returns {string} where its list lies (SPEC 5.1) */
export function statusPath({ authority, year, kind, serial }, purpose) {
  return `status/${authority}/${year}/${kind}/${purpose}/${Math.floor(serial / BITS)}`;
}

/** @param {string} host @param {CertificateNumber} number @param {string} purpose */
export const statusAddress = (host, number, purpose) => `https://${host}/${statusPath(number, purpose)}`;

/**
 * A signed document of the registry's about status.
 * @param {Uint8Array} data
 * @param {string} address
 * @param {TrustList} list
 * @param {{type: string, bound: number, form: string}} expected
 * @returns {Promise<{document: any, validFrom: number, validUntil: number, subject: any}>}
 */
export async function readSigned(data, address, list, { type, bound, form }) {
  require(data.length <= bound, 'status_list_too_large');
  const { document, proof, validFrom, validUntil } = within(form, () => {
    const read = parseCanonical(data, bound);
    const [from, until] = [parseTime(read.validFrom), parseTime(read.validUntil)];
    require(from !== undefined && until !== undefined, form);
    return { document: read, proof: readProof(read.proof, read), validFrom: from, validUntil: until };
  });
  require(document.id === address && document.type && equal(document.type, ['VerifiableCredential', type]), 'status_list_other');
  require(proof.created === validFrom && validUntil - validFrom <= MAX_VALIDITY, 'status_list_validity');
  const key = list.statusKeys.find((one) => one.id === proof.method);
  // A compromised key has no past here: whoever holds it writes any date, and a list is only ever needed fresh.
  const compromised = key && key.revoked && key.revoked.compromisedFrom !== undefined;
  require(key && !compromised && !keyObjection(key, validFrom), 'status_list_key');
  require(await proofHolds(proof, document, key.key), 'status_list_signature');
  require(isObject(document.credentialSubject), form);
  return { document, validFrom, validUntil, subject: document.credentialSubject };
}

/**
 * @param {Uint8Array} data
 * @param {string} address
 * @param {string} purpose
 * @param {number} index
 * @param {TrustList} list
 * @returns {Promise<StatusList>}
 */
async function readList(data, address, purpose, index, list) {
  const form = 'status_list_form';
  const expected = { type: 'BitstringStatusListCredential', bound: MAX_LIST, form };
  const { document, validFrom, validUntil, subject } = await readSigned(data, address, list, expected);
  const { trustListVersion } = document;
  const { type, statusPurpose, encodedList } = subject;
  require(typeof encodedList === 'string' && encodedList[0] === 'u', form);
  const bits = await gunzip(fromBase64url(encodedList.slice(1), form), BITS / 8, form, 'status_list_too_large');
  require(type === 'BitstringStatusList' && statusPurpose === purpose, form);
  require(typeof trustListVersion === 'number' && trustListVersion >= 1, form);
  return { validFrom, validUntil, trustListVersion, set: ((bits[index >> 3] >> (7 - (index & 7))) & 1) === 1 };
}

/** @type {typeof import('./seldom/details.js').readDetails} */
async function readDetails(...asked) {
  const { readDetails: read } = await import('./seldom/details.js').catch(() => ({ readDetails: () => ({}) }));
  return read(...asked);
}

/** @param {{validFrom: number, validUntil: number}} bounds @param {StatusPolicy} policy */
function isFresh({ validFrom, validUntil }, { at, clockSkew, statusMaxAge }) {
  const young = statusMaxAge === null || statusMaxAge === undefined || at - validFrom <= statusMaxAge;
  return validFrom - clockSkew <= at && at <= validUntil && young;
}

/**
 * The status lists that cover the number.
 * @param {CertificateNumber} number
 * @param {Map<string, Uint8Array>} documents by the address they were obtained from
 * @param {TrustList} list
 * @returns {Promise<StatusLists>}
 */
export async function readStatusLists(number, documents, list) {
  /** @type {StatusLists} */
  const found = {};
  await Promise.all(PURPOSES.map(async ([purpose]) => {
    const address = statusAddress(list.registry, number, purpose);
    const data = documents.get(address);
    try {
      found[purpose] = data ? await readList(data, address, purpose, number.serial % BITS, list) : 'status_missing';
    } catch (error) {
      if (!(error instanceof Finding)) throw error;
      found[purpose] = error.code;
    }
  }));
  return found;
}

/**
 * What usable lists say about the trust list (SPEC 7.3).
 * @param {StatusLists} lists
 * @param {TrustList} list
 * @param {number} latest nothing signed later counts
 * @returns {{newestVersion: number, newestUntil: number}}
 */
export function knownOfTrustList(lists, { version, validFrom }, latest) {
  const usable = Object.values(lists).flatMap((one) => (typeof one === 'string' ? [] : [one]));
  const naming = usable.filter((one) => one.trustListVersion === version && one.validFrom <= latest);
  return {
    newestVersion: Math.max(0, ...usable.map((one) => one.trustListVersion)),
    newestUntil: Math.max(validFrom, ...naming.map((one) => one.validFrom)),
  };
}

/**
 * Step 8.
 * @param {CertificateNumber} number
 * @param {StatusLists} lists
 * @param {Map<string, Uint8Array>} documents
 * @param {TrustList} list
 * @param {StatusPolicy} policy
 * @returns {Promise<Object<string, number>>} `asOf`
 */
export async function checkInForce(number, lists, documents, list, policy) {
  /** @type {Undecided[]} */
  const doubts = [];
  const ages = [];
  for (const [purpose, status] of PURPOSES) {
    const read = lists[purpose];
    if (typeof read === 'string') {
      doubts.push(new Undecided(read, 'status'));
      continue;
    }
    const fresh = isFresh(read, policy);
    if (read.set && (fresh || purpose === 'revocation')) {
      const address = statusAddress(list.registry, number, 'details');
      const details = await readDetails(documents.get(address), address, number.serial % BITS, status, list);
      throw new Finding(details.reason === 'superseded' ? 'superseded' : status, /** @type {any} */ (details));
    }
    if (!fresh) doubts.push(new Undecided('status_stale', 'status', { validUntil: read.validUntil }));
    ages.push(read.validFrom);
  }
  if (doubts.length) throw doubts[0];
  return { asOf: Math.min(...ages) };
}
