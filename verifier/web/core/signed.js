//# allFunctionsCalledOnLoad
// @ts-check
/**
 * JSON as it is signed: the restricted profile (SPEC 2.4), its canonical form (RFC 8785), Ed25519 (RFC 8032; README, decisions 1 and 2),
 * Multikeys, and proofs with `eddsa-jcs-2022` (SPEC 2.3). The language's own parser takes the last of two members of one name and
 * rounds integers. Objects have no prototype: `__proto__` is a member.
 */

import { Finding, bytesToInteger, fromMultibase, fromUtf8, join, parseTime, require, same, sha256, utf8 } from './forms.js';

const MAX_DEPTH = 16;
// A reader that nests further than this ends at once; the profile's own bound is told after the syntax.
const MAX_NESTING = 512;
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const SPACE = /[ \t\n\r]*/y;
const HEX = /[0-9a-fA-F]{4}/y;
/** @type {Object<string, string>} */
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const LONE_SURROGATE = /[\ud800-\udfff]/u;

class Reader {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
    this.at = 0;
  }

  /** @param {RegExp} pattern sticky */
  take(pattern) {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (match) this.at += match[0].length;
    return match;
  }

  /** @param {string} text */
  has(text) {
    const found = this.text.startsWith(text, this.at);
    if (found) this.at += text.length;
    return found;
  }

  document() {
    const value = this.value(0);
    require(this.at === this.text.length, 'not_json');
    return value;
  }

  /** @param {number} depth @returns {any} */
  value(depth) {
    require(depth <= MAX_NESTING, 'too_deep');
    this.take(SPACE);
    const value = this.bare(depth);
    this.take(SPACE);
    return value;
  }

  /** @param {number} depth @returns {any} */
  bare(depth) {
    if (this.has('{')) return this.object(depth + 1);
    if (this.has('[')) return this.array(depth + 1);
    if (this.has('"')) return this.string();
    if (this.has('true')) return true;
    if (this.has('false')) return false;
    if (this.has('null')) return null;
    const number = this.take(NUMBER);
    require(number, 'not_json');
    require(number[1] === undefined && number[2] === undefined, 'float');
    return Number(number[0]);
  }

  /** @param {number} depth */
  array(depth) {
    /** @type {any[]} */
    const items = [];
    this.take(SPACE);
    if (this.has(']')) return items;
    do items.push(this.value(depth));
    while (this.has(','));
    require(this.has(']'), 'not_json');
    return items;
  }

  /** @param {number} depth */
  object(depth) {
    const members = Object.create(null);
    let repeated = false;
    this.take(SPACE);
    if (this.has('}')) return members;
    do {
      this.take(SPACE);
      require(this.has('"'), 'not_json');
      const name = this.string();
      repeated = repeated || name in members;
      this.take(SPACE);
      require(this.has(':'), 'not_json');
      members[name] = this.value(depth);
    } while (this.has(','));
    require(this.has('}'), 'not_json');
    require(!repeated, 'duplicate_key');
    return members;
  }

  string() {
    let text = '';
    for (;;) {
      text += /** @type {RegExpExecArray} */ (this.take(PLAIN))[0];
      if (this.has('"')) return text;
      require(this.has('\\'), 'not_json');
      const escape = this.text[this.at++];
      if (escape === 'u') {
        const digits = this.take(HEX);
        require(digits, 'not_json');
        text += String.fromCharCode(parseInt(digits[0], 16));
      } else {
        require(escape in ESCAPES, 'not_json');
        text += ESCAPES[escape];
      }
    }
  }
}

/** @param {unknown} value @returns {value is Object<string, any>} */
export const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Why `value` is outside the profile, or nothing. What has no canonical form at all comes first.
 * @param {any} value
 * @param {number} depth levels left
 * @returns {string|undefined}
 */
function defect(value, depth) {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? undefined : 'integer_range';
  if (typeof value !== 'object') return undefined;
  if (depth === 0) return 'too_deep';
  let soft = isObject(value) && Object.keys(value).some((name) => /[^\u0000-\u007f]/.test(name)) ? 'key_not_ascii' : undefined;
  for (const child of Object.values(value)) {
    const code = defect(child, depth - 1);
    if (code === 'too_deep' || code === 'integer_range') return code;
    soft = soft || code;
  }
  return soft;
}

/**
 * Strict JSON of the profile.
 * @param {Uint8Array} data
 * @param {number} bound bytes
 * @returns {any} a Json
 */
export function parseRestricted(data, bound) {
  require(data.length <= bound, 'too_large');
  const text = fromUtf8(data, 'not_utf8');
  const value = new Reader(text).document();
  const code = defect(value, MAX_DEPTH);
  if (code) throw new Finding(code);
  if (text.includes('\\')) canonicalize(value); // half a pair can only come by an escape
  return value;
}

/** @param {any} value @returns {any} a copy whose objects have no prototype */
function copied(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copied);
  const copy = Object.create(null);
  for (const name of Object.keys(value)) copy[name] = copied(value[name]);
  return copy;
}

/**
 * What the language's own parser makes of it, if that has this canonical form: then nothing was dropped or rounded.
 * @param {string} text
 * @returns {Object<string, any>|undefined}
 */
function parsedAtOnce(text) {
  try {
    const value = copied(JSON.parse(text));
    return isObject(value) && !defect(value, MAX_DEPTH) && write(value) === text ? value : undefined;
  } catch (_) {
    return undefined; // the strict reader says what is wrong
  }
}

/**
 * The object whose canonical form is exactly `data`.
 * @param {Uint8Array} data
 * @param {number} bound bytes
 * @returns {Object<string, any>}
 */
export function parseCanonical(data, bound) {
  require(data.length <= bound, 'too_large');
  const quick = parsedAtOnce(fromUtf8(data, 'not_utf8'));
  if (quick) return quick;
  const value = parseRestricted(data, bound);
  require(isObject(value), 'not_object');
  require(same(canonicalize(value), data), 'not_canonical');
  return value;
}

/**
 * RFC 8785's bytes of a value of the profile.
 * @param {Json} value
 * @returns {Uint8Array}
 */
export const canonicalize = (value) => utf8(write(value));

/** @param {any} value @returns {string} */
function write(value) {
  if (typeof value === 'string') {
    require(!LONE_SURROGATE.test(value), 'surrogate');
    return JSON.stringify(value);
  }
  if (typeof value !== 'object') return String(value);
  if (Array.isArray(value)) return '[' + value.map(write).join(',') + ']';
  const names = Object.keys(value).sort();
  return '{' + names.map((name) => write(name) + ':' + write(value[name])).join(',') + '}';
}

/**
 * Equal in type and value, however deep; the order of members apart.
 * @param {Json} a
 * @param {Json} b
 */
export const equal = (a, b) => write(a) === write(b);

/**
 * A copy without one member.
 * @param {Object<string, any>} object
 * @param {string} name
 * @returns {Object<string, any>}
 */
export function without(object, name) {
  const copy = Object.assign(Object.create(null), object);
  delete copy[name];
  return copy;
}

/**
 * Whether an object has exactly these members.
 * @param {unknown} value
 * @param {string[]} names
 * @param {string[]} [optional]
 * @returns {value is Object<string, any>}
 */
export function hasExactly(value, names, optional = []) {
  return isObject(value) && names.every((name) => name in value)
    && Object.keys(value).every((name) => names.includes(name) || optional.includes(name));
}

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const TOP = 1n << 255n;
const EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
const LOW_ORDER = [0n, 1n, P - 1n, EIGHTH, P - EIGHTH];

/** @param {Uint8Array} data @returns {bigint} little-endian */
const integer = (data) => bytesToInteger(data.slice().reverse());

/** @type {typeof import('./byhand/arithmetic.js').verifyByHand} */
async function verifyByHand(key, signature, message) {
  return (await import('./byhand/arithmetic.js')).verifyByHand(key, signature, message);
}

/**
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 */
async function verifyByBrowser(key, signature, message) {
  try {
    const imported = await crypto.subtle.importKey('raw', key, { name: 'Ed25519' }, false, ['verify']);
    return await crypto.subtle.verify({ name: 'Ed25519' }, imported, signature, message);
  } catch (_) {
    return false; // not a point, or no Ed25519 here
  }
}

/** @returns {Promise<boolean>} whether this browser verifies RFC 8032's first test and refuses it altered */
function canVerify() {
  const bytes = (/** @type {string} */ text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
  const key = bytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  const signature = bytes(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  return Promise.all([
    verifyByBrowser(key, signature, new Uint8Array(0)),
    verifyByBrowser(key, signature, new Uint8Array(1)),
  ]).then(([good, altered]) => good && !altered);
}

const browserCan = canVerify(); // while the other modules are on their way

/**
 * A public key's 32 bytes, refused where SPEC 2.3 refuses them.
 * @param {Uint8Array} key
 */
export function checkKey(key) {
  const y = integer(key) % TOP;
  require(y < P, 'key_not_canonical');
  require(!LOW_ORDER.includes(y), 'key_low_order');
}

/**
 * @param {Uint8Array} key 32 bytes that `checkKey` accepted
 * @param {Uint8Array} signature 64 bytes
 * @param {Uint8Array} message
 * @param {typeof verifyByHand} [arithmetic] else the browser's, if it is sound
 * @returns {Promise<boolean>}
 */
export async function verifySignature(key, signature, message, arithmetic) {
  if (signature.length !== 64) return false;
  const r = integer(signature.subarray(0, 32)) % TOP;
  if (integer(signature.subarray(32)) >= L || r >= P || LOW_ORDER.includes(r)) return false;
  const verify = arithmetic || ((await browserCan) ? verifyByBrowser : verifyByHand);
  return verify(key, signature, message);
}

/** @param {unknown} text @returns {Uint8Array} 32 bytes */
export function parseMultikey(text) {
  require(typeof text === 'string', 'multikey_form');
  const data = fromMultibase(text, 34, 'multikey_form');
  if (data[0] !== 0xed || data[1] !== 0x01) throw new Finding('multikey_type');
  const key = data.slice(2);
  checkKey(key);
  return key;
}

const MEMBERS = ['type', 'cryptosuite', 'proofPurpose', 'verificationMethod', 'created', 'proofValue'];
const FIXED = { type: 'DataIntegrityProof', cryptosuite: 'eddsa-jcs-2022', proofPurpose: 'assertionMethod' };

/**
 * @param {unknown} proof one proof, as parsed
 * @param {Object<string, any>} document the document it stands in
 * @returns {Proof}
 */
export function readProof(proof, document) {
  require(hasExactly(proof, MEMBERS, ['@context']), 'proof_members');
  for (const [name, value] of Object.entries(FIXED)) require(proof[name] === value, 'proof_suite');
  if ('@context' in proof) {
    require('@context' in document && equal(proof['@context'], document['@context']), 'proof_context');
  }
  const method = proof.verificationMethod;
  require(typeof method === 'string', 'proof_method');
  const created = parseTime(proof.created);
  require(created !== undefined, 'proof_created');
  require(typeof proof.proofValue === 'string', 'proof_value');
  const signature = fromMultibase(proof.proofValue, 64, 'proof_value');
  return { options: without(proof, 'proofValue'), method, created, signature };
}

/**
 * @param {Proof} proof
 * @param {Object<string, any>} document with or without its `proof`
 * @param {Uint8Array} key
 * @returns {Promise<boolean>}
 */
export async function proofHolds(proof, document, key) {
  const [options, body] = await Promise.all([
    sha256(canonicalize(proof.options)),
    sha256(canonicalize(without(document, 'proof'))),
  ]);
  return verifySignature(key, proof.signature, join(options, body));
}
