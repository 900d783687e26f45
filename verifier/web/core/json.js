// @ts-check
/**
 * JSON of the restricted profile (SPEC 2.4), and its canonical form (RFC 8785).
 *
 * JavaScript's own parser takes the last of two members of one name and rounds integers, so this one reads by itself.
 * Objects have no prototype: a member called `__proto__` is a member.
 */

import { Finding, fromUtf8, require, same, utf8 } from './forms.js';

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
 * Why `value` is outside the profile, or nothing. What has no canonical form at all comes before what merely has no
 * place here.
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

/**
 * The object whose canonical form is exactly `data`.
 * @param {Uint8Array} data
 * @param {number} bound bytes
 * @returns {Object<string, any>}
 */
export function parseCanonical(data, bound) {
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
