// @ts-check
/** Public keys as Multikeys: `mb(0xed01 ‖ 32 bytes)` (SPEC 2.3). */

import { checkKey } from './ed25519.js';
import { fromMultibase } from './encodings.js';
import { Finding, require } from './finding.js';

/** @param {unknown} text @returns {Uint8Array} 32 bytes */
export function parseMultikey(text) {
  require(typeof text === 'string', 'multikey_form');
  const data = fromMultibase(text, 34, 'multikey_form');
  if (data[0] !== 0xed || data[1] !== 0x01) throw new Finding('multikey_type');
  const key = data.slice(2);
  checkKey(key);
  return key;
}
