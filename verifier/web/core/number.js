// @ts-check
/**
 * The certificate number (SPEC 1).
 *
 * @typedef {{digits: string, authority: string, year: number, kind: number, serial: number}} CertificateNumber
 */

import { require } from './finding.js';

const FORM = /^[1-9][0-9]{5}[12][0-9]{3}[1-9][0-9]{9}$/;
const MAX_TYPED = 64;

/** @param {string} stem 18 digits @returns {string} the check by ISO 7064 MOD 97-10 */
export function check(stem) {
  return String(98n - ((BigInt(stem) * 100n) % 97n)).padStart(2, '0');
}

/** @param {string} text 20 digits and nothing else @returns {CertificateNumber} */
export function parseNumber(text) {
  require(FORM.test(text) && text.slice(11, 18) !== '0000000', 'number_form');
  require(check(text.slice(0, 18)) === text.slice(18), 'number_check');
  return {
    digits: text,
    authority: text.slice(0, 6),
    year: Number(text.slice(6, 10)),
    kind: Number(text[10]),
    serial: Number(text.slice(11, 18)),
  };
}

/** @param {string} text @returns {string} without white space around it, as the SPEC's notation has it */
export const trim = (text) => text.replace(/^[ \t\n\r\u00a0\u3000]+|[ \t\n\r\u00a0\u3000]+$/g, '');

/** @param {string} text as a person typed it @returns {CertificateNumber} */
export function parseTypedNumber(text) {
  require(Array.from(text).length <= MAX_TYPED, 'number_form');
  const plain = text
    .replace(/[\uff10-\uff19]/g, (digit) => String(digit.charCodeAt(0) - 0xff10))
    .replace(/[ \t\n\r\u00a0\u3000-]/g, '');
  return parseNumber(plain);
}
