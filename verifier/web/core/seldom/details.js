// @ts-check
/**
 * Details of status (SPEC 5): since when, why, and what follows. They explain and never decide, so they are read only where a bit is
 * set; without a network, and without this module, a status is told without them.
 */

import { Finding, byHand, parseNumber, parseTime, require, within } from '../forms.js';
import { isObject } from '../signed.js';
import { BITS, readSigned } from '../status.js';

const MAX_DETAILS = 24 * 1024 * 1024;
byHand.add(import.meta.url);

/**
 * What the details say about one index; nothing where they cannot be used: they explain and never decide.
 * @param {Uint8Array|undefined} data
 * @param {string} address
 * @param {number} index
 * @param {string} status
 * @param {TrustList} list
 * @returns {Promise<{since?: number, reason?: string, successor?: string}>}
 */
export async function readDetails(data, address, index, status, list) {
  const form = 'status_details_form';
  try {
    require(data, form);
    const { subject } = await readSigned(data, address, list, { type: 'StatusDetails', bound: MAX_DETAILS, form });
    require(isObject(subject.entries), form);
    for (const [place, entry] of Object.entries(subject.entries)) checkEntry(place, entry);
    const entry = subject.entries[String(index)];
    if (!entry || entry.status !== status) return {};
    const told = { since: parseTime(entry.since), reason: entry.reason };
    return entry.successor === undefined ? told : Object.assign(told, { successor: entry.successor });
  } catch (error) {
    if (error instanceof Finding) return {};
    throw error;
  }
}

/** @param {string} place @param {any} entry */
function checkEntry(place, entry) {
  const form = 'status_details_form';
  require(/^(?:0|[1-9][0-9]{0,5})$/.test(place) && Number(place) < BITS, form);
  require(isObject(entry) && ['revoked', 'suspended'].includes(entry.status) && parseTime(entry.since) !== undefined, form);
  require(typeof entry.reason === 'string' && /^[a-z][a-z-]{0,31}$/.test(entry.reason), form);
  if (entry.successor !== undefined) {
    require(typeof entry.successor === 'string', form);
    within(form, () => parseNumber(entry.successor));
  }
}
