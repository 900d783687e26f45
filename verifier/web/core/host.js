// @ts-check
/** A registry's host name and identifiers (SPEC, notation). */

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const HOST = new RegExp(`^(?:localhost|${LABEL}(?:\\.${LABEL})+)(?::[1-9][0-9]{0,4})?$`);

/** @param {unknown} text */
export function isHost(text) {
  return typeof text === 'string' && text.length <= 253 && HOST.test(text);
}

/** @param {string} host @returns {string} the registry's identifier */
export const registryDid = (host) => 'did:web:' + host.replace(':', '%3A');

/** @param {string} host @param {string} code @returns {string} an authority's identifier */
export const authorityDid = (host, code) => `${registryDid(host)}:a:${code}`;
