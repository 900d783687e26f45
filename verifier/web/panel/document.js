// @ts-check
/**
 * The signed record of a review in its one form, and in a QR (SPEC 8.5). Nothing that this returns is verified.
 *
 * @typedef {{document: Object<string, any>, proof: Proof, host: string, created: number,
 *   subject: Object<string, any>, sequence: number}} Review
 */

import { Finding, formatTime, fromUtf8, hex, integerToBytes, parseTime, registryDid, require, same, toMultibase, trim, utf8, within } from '../core/forms.js';
import { canonicalize, isObject, parseCanonical, readProof } from '../core/signed.js';
import { readArray } from '../core/record.js';

export const MAX_REPORT = 65536;
const MAX_NAME = 60;
const MAX_YEARS = 20;
const MAX_DIGITS = 1300;
const BASE_YEAR = 2000;
const [FORMAT, SIGNATURE, FORM] = [2, 64, 'report_form'];
const GRADES = ['', 'senior', 'intermediate', 'junior'];
export const COUNTS = ['people', 'rows', 'certificates', 'passed', 'failed', 'undecided', 'missing', 'met', 'short', 'differing', 'attention'];
const MEMBERS = ['sitting', 'years', 'grade', 'ruleSet', 'statusMaxAge', 'trustListVersion', 'logSize', 'logRoot', ...COUNTS, 'tableRoot'];
const TEXT = /^https:\/\/([^/?#\s]{1,253})\/r#([0-9]+)$/iu;
const UNPRINTABLE = /[\0-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\uf8ff\ufeff]/u;

/** @param {unknown} value @returns {value is number} */
const isCount = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

/** @param {Object<string, any>} subject */
function checkSubject(subject) {
  const { sitting, years, grade, ruleSet, logSize, logRoot, tableRoot } = subject;
  const counts = ['statusMaxAge', 'trustListVersion', 'logSize', ...COUNTS];
  require([sitting, grade, ruleSet, logRoot, tableRoot].every((text) => typeof text === 'string'), FORM);
  require(sitting && [...sitting].length <= MAX_NAME && sitting === trim(sitting) && !UNPRINTABLE.test(sitting), FORM);
  require(Array.isArray(years) && years.length <= MAX_YEARS, FORM);
  require(years.every((year, at) => isCount(year) && year >= BASE_YEAR && year < BASE_YEAR + 256 && (at === 0 || years[at - 1] < year)), FORM);
  require(GRADES.includes(grade) && /^[a-z0-9-]{0,40}$/.test(ruleSet), FORM);
  require(/^[0-9a-f]{64}$/.test(tableRoot) && /^([0-9a-f]{64})?$/.test(logRoot), FORM);
  require(counts.every((name) => isCount(subject[name])) && (logSize > 0) === (logRoot !== ''), FORM);
}

/** @param {Object<string, any>} subject @param {number} created @param {string} host */
function documentOf(subject, created, host) {
  return {
    '@context': ['https://www.w3.org/ns/credentials/v2', `https://${host}/ns/report/v1`],
    type: ['VerifiableCredential', 'CertificateReviewReport'],
    issuer: registryDid(host),
    validFrom: formatTime(created),
    credentialSubject: Object.fromEntries(MEMBERS.map((name) => [name, subject[name]])),
  };
}

/** @param {Uint8Array} data @returns {Review} */
export function parseReview(data) {
  return within(FORM, () => {
    const document = parseCanonical(data, MAX_REPORT);
    const proof = readProof(document.proof, document);
    const { credentialSubject: subject, issuer, validFrom } = document;
    require(isObject(subject) && typeof issuer === 'string' && '@context' in document.proof, FORM);
    checkSubject(subject);
    const created = parseTime(validFrom);
    require(created !== undefined && proof.created === created, FORM);
    const host = issuer.replace(/^did:web:/, '').replace('%3A', ':');
    require(same(canonicalize({ ...documentOf(subject, created, host), proof: document.proof }), data), FORM);
    const fragment = /^[^#]*#report-([1-9][0-9]{0,3})$/.exec(proof.method);
    require(fragment, FORM);
    return { document, proof, host, created, subject, sequence: Number(fragment[1]) };
  });
}

/** @param {string} text */
export const isReportText = (text) => text.length <= 2048 && TEXT.test(trim(text));

/** @param {string} digits @returns {Uint8Array} as a certificate's (SPEC 3.2) */
function payloadOf(digits) {
  const digitsOf = (/** @type {number} */ size) => Math.floor(8 * size * Math.log10(2)) + 1;
  const about = Math.floor(digits.length / 2.4082);
  const size = [about - 1, about, about + 1, about + 2].find((one) => one > 0 && digitsOf(one) === digits.length);
  require(digits.length <= MAX_DIGITS && size, 'qr_digits');
  require(BigInt(digits) < 1n << BigInt(8 * size), 'qr_digits');
  return integerToBytes(BigInt(digits), size);
}

/**
 * The report of `registry` that a QR's text carries; its `host` is the QR's.
 * @param {string} text
 * @param {string} registry
 * @returns {Review}
 */
export function parseReportText(text, registry) {
  const match = text.length <= 2048 && TEXT.exec(trim(text));
  require(match, 'qr_text');
  const data = payloadOf(match[2]);
  require(data[0] === FORMAT && data.length > 1 + SIGNATURE, 'qr_format');
  const items = readArray(data.subarray(1, -SIGNATURE));
  return within('qr_values', () => {
    const { subject, created, sequence } = unpacked(items);
    checkSubject(subject);
    const document = documentOf(subject, created, registry);
    const method = `${document.issuer}#report-${sequence}`;
    const options = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', created: document.validFrom,
      verificationMethod: method, proofPurpose: 'assertionMethod', '@context': document['@context'] };
    const proof = { ...options, proofValue: toMultibase(data.slice(-SIGNATURE)) };
    return { ...parseReview(canonicalize({ ...document, proof })), host: match[1].toLowerCase() };
  });
}

/** @param {Item[]} items */
function unpacked(items) {
  require(items.length === 11 + COUNTS.length, 'qr_values');
  const number = (/** @type {any} */ item) => {
    require(typeof item === 'bigint' && item <= BigInt(Number.MAX_SAFE_INTEGER), 'qr_values');
    return Number(item);
  };
  const bytes = (/** @type {any} */ item) => {
    require(item instanceof Uint8Array, 'qr_values');
    return item;
  };
  const [created, sequence, name, years, grade, ruleSet, ...sizes] = items;
  require(typeof ruleSet === 'string' && number(grade) < GRADES.length, 'qr_values');
  const [statusMaxAge, trustListVersion, logSize] = sizes.slice(0, 3).map(number);
  const counts = items.slice(10, -1).map(number);
  const subject = {
    sitting: textOf(name),
    years: [...bytes(years)].map((byte) => BASE_YEAR + byte),
    grade: GRADES[number(grade)],
    ruleSet,
    statusMaxAge,
    trustListVersion,
    logSize,
    logRoot: hex(bytes(items[9])),
    ...Object.fromEntries(COUNTS.map((one, at) => [one, counts[at]])),
    tableRoot: hex(bytes(items[items.length - 1])),
  };
  return { subject, created: number(created), sequence: number(sequence) };
}

/** @param {any} item the shorter of UTF-8 and UTF-16, as in a certificate's code */
function textOf(item) {
  if (typeof item === 'string') {
    require(!(2 * item.length < utf8(item).length), 'qr_values');
    return item;
  }
  require(item instanceof Uint8Array && item.length % 2 === 0, 'qr_values');
  const text = String.fromCharCode(...Array.from({ length: item.length / 2 }, (_, at) => 256 * item[2 * at] + item[2 * at + 1]));
  require(item.length < utf8(text).length && fromUtf8(utf8(text), 'qr_values') === text, 'qr_values');
  return text;
}

/** @param {Object<string, any>} subject @returns {string} what people call a report */
export const markOf = ({ tableRoot }) => (tableRoot.slice(0, 16).match(/.{4}/g) || []).join(' ').toUpperCase();

export { Finding };
