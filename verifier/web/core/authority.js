// @ts-check
/** What speaks against a signature at a moment (SPEC 4.3 to 4.5, 7.4 step 4). */

/** @typedef {import('./trustlist.js').ListedKey} ListedKey */

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
 * @param {import('./trustlist.js').Authority} authority
 * @param {ListedKey} key
 * @param {import('./number.js').CertificateNumber} number
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
