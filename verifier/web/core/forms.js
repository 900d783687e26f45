//# allFunctionsCalledOnLoad
// @ts-check
/**
 * The small forms that everything is written in, each exact: encoding what was decoded gives the same text.
 */

/** FAILED: something is wrong, whatever else may come. */
export class Finding extends Error {
  /**
   * @param {string} code
   * @param {Object<string, string|number|boolean>} [details]
   */
  constructor(code, details) {
    super(code);
    this.code = code;
    this.details = details || {};
  }
}

/** INDETERMINATE: more evidence could decide; `missing` names it. */
export class Undecided extends Error {
  /**
   * @param {string} code
   * @param {string} missing
   * @param {Object<string, string|number|boolean>} [details]
   */
  constructor(code, missing, details) {
    super(code);
    this.code = code;
    this.missing = missing;
    this.details = details || {};
  }
}

/** SKIPPED: what the step needs was not there. */
export class Skipped extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * End with a finding unless `holds`.
 * @param {unknown} holds
 * @param {string} code
 * @returns {asserts holds}
 */
export function require(holds, code) {
  if (!holds) throw new Finding(code);
}

/**
 * The outcome of `read`, every finding told as `code`.
 * @template T
 * @param {string} code
 * @param {() => T} read
 * @returns {T}
 */
export function within(code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Finding) throw new Finding(code);
    throw error;
  }
}

/** Addresses of modules that are fetched where they are needed, to be kept with the others. @type {Set<string>} */
export const byHand = new Set();

const encoder = new TextEncoder();

/** @param {string} text @returns {Uint8Array} UTF-8 */
export const utf8 = (text) => encoder.encode(text);

/**
 * The text of exact UTF-8; a byte order mark stays in it.
 * @param {Uint8Array} data
 * @param {string} code the finding where it is not UTF-8
 * @returns {string}
 */
export function fromUtf8(data, code) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(data);
  } catch (_) {
    throw new Finding(code);
  }
}

/** @param {...Uint8Array} parts @returns {Uint8Array} */
export function join(...parts) {
  const joined = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** @param {Uint8Array} a @param {Uint8Array} b */
export const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);

/** @param {Uint8Array} data @returns {string} lower-case hex */
export const hex = (data) => Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} 64 bytes */
export const sha512 = async (data) => new Uint8Array(await crypto.subtle.digest('SHA-512', data));

const BASE58 = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
/** So many digits are less than 2^53, and large integers are slow. */
const TOGETHER = 9;

/**
 * @param {bigint} value
 * @param {number} length bytes
 * @returns {Uint8Array} big-endian; `value` must fit
 */
export function integerToBytes(value, length) {
  const digits = value.toString(16).padStart(2 * length, '0');
  return Uint8Array.from({ length }, (_, at) => parseInt(digits.substr(2 * at, 2), 16));
}

/** @param {Uint8Array} data @returns {bigint} big-endian */
export const bytesToInteger = (data) => BigInt(`0x0${hex(data)}`);

/**
 * @param {string} text
 * @param {number} length how many bytes it must give
 * @param {string} code the finding otherwise
 * @returns {Uint8Array}
 */
export function fromMultibase(text, length, code) {
  // No text of this length in base58 is longer than 1.37 characters a byte.
  require(text[0] === 'z' && text.length <= 2 + Math.ceil(1.37 * length), code);
  const digits = Array.from(text.slice(1), (character) => BASE58.indexOf(character));
  require(!digits.includes(-1), code);
  const zeros = text.slice(1).search(/[^1]|$/);
  let value = 0n;
  for (let at = 0; at < digits.length; at += TOGETHER) {
    const some = digits.slice(at, at + TOGETHER);
    value = value * 58n ** BigInt(some.length) + BigInt(some.reduce((sum, digit) => sum * 58 + digit, 0));
  }
  const bytes = value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
  require(zeros + bytes === length, code);
  return integerToBytes(value, length);
}

/** @param {Uint8Array} data @returns {string} multibase of base58-btc */
export function toMultibase(data) {
  let text = '';
  for (let value = bytesToInteger(data); value > 0n; value /= 58n) text = BASE58[Number(value % 58n)] + text;
  const zeros = data.findIndex((byte) => byte !== 0);
  return 'z' + '1'.repeat(zeros < 0 ? data.length : zeros) + text;
}

/**
 * @param {string} text RFC 4648 section 4, padded
 * @param {string} code the finding where it is not exact
 * @returns {Uint8Array}
 */
export function fromBase64(text, code) {
  let binary;
  try {
    binary = atob(text);
  } catch (_) {
    throw new Finding(code);
  }
  require(btoa(binary) === text, code);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/**
 * @param {string} text RFC 4648 section 5, not padded
 * @param {string} code the finding where it is not exact
 * @returns {Uint8Array}
 */
export function fromBase64url(text, code) {
  require(/^[A-Za-z0-9_-]*$/.test(text), code);
  const plain = text.replace(/-/g, '+').replace(/_/g, '/');
  return fromBase64(plain + '='.repeat((4 - (plain.length % 4)) % 4), code);
}

/** FIPS 180-4, 5.3.3 and 4.2.2 (README, decision 32). */
const PRIMES = Array.from({ length: 310 }, (_, at) => at + 2).filter((n, _, all) => all.every((one) => one * one > n || n % one));
/** @param {number} root */
const fraction = (root) => root % 1 * 2 ** 32;
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const WORDS = new Int32Array(64);

/** One block. @param {Int32Array} state @param {DataView} view @param {number} block */
function compress(state, view, block) {
  for (let at = 0; at < 16; at += 1) WORDS[at] = view.getInt32(block + 4 * at);
  for (let at = 16; at < 64; at += 1) {
    const x = WORDS[at - 15];
    const y = WORDS[at - 2];
    WORDS[at] = WORDS[at - 16] + WORDS[at - 7] + ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3)
      + ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10);
  }
  let a = state[0];
  let b = state[1];
  let c = state[2];
  let d = state[3];
  let e = state[4];
  let f = state[5];
  let g = state[6];
  let h = state[7];
  for (let at = 0; at < 64; at += 1) {
    const one = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) + (g ^ e & (f ^ g)) + ROUNDS[at] + WORDS[at] | 0;
    const two = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) + (a & b | c & (a | b));
    h = g;
    g = f;
    f = e;
    e = d + one | 0;
    d = c;
    c = b;
    b = a;
    a = one + two | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
  state[4] += e;
  state[5] += f;
  state[6] += g;
  state[7] += h;
}

/**
 * SHA-256 at once (README, decision 32).
 * @param {Uint8Array} message
 * @param {number} [prefix] a byte before it
 * @returns {Uint8Array} 32 bytes
 */
export function hashNow(message, prefix) {
  const start = prefix === undefined ? 0 : 1;
  const end = start + message.length;
  const padded = new Uint8Array((end + 72) & ~63);
  if (prefix) padded[0] = prefix;
  padded.set(message, start);
  padded[end] = 128;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, 8 * end);
  const state = START.slice();
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block);
  for (let at = 0; at < 8; at += 1) view.setInt32(4 * at, state[at]);
  return padded.slice(0, 32);
}

/** Bytes from which on it is quicker to wait for the browser. */
const LARGE = 4096;

/** @param {Uint8Array} data @returns {Promise<Uint8Array>} 32 bytes */
export async function sha256(data) {
  return data.length < LARGE ? hashNow(data) : new Uint8Array(await crypto.subtle.digest('SHA-256', data));
}

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
// Years 0001 to 9999.
const FIRST = -62135596800;
const LAST = 253402300799;

/** @param {unknown} text @returns {number|undefined} Unix seconds, if it is a time */
export function parseTime(text) {
  if (typeof text !== 'string' || !TIME.test(text)) return undefined;
  const seconds = Date.parse(text) / 1000;
  return formatTime(seconds) === text ? seconds : undefined;
}

/** @param {number} seconds @returns {string|undefined} a time, if the calendar has it */
export function formatTime(seconds) {
  if (!(seconds >= FIRST && seconds <= LAST)) return undefined;
  return new Date(seconds * 1000).toISOString().slice(0, 19) + 'Z';
}

/** @param {string} text @returns {number|undefined} days since 1970-01-01, if it is a day */
export function parseDay(text) {
  const seconds = parseTime(text + 'T00:00:00Z');
  return seconds === undefined ? undefined : seconds / 86400;
}

/** @param {number} days @returns {string|undefined} `YYYY-MM-DD`, if the calendar has it */
export function formatDay(days) {
  const time = formatTime(days * 86400);
  return time && time.slice(0, 10);
}

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
