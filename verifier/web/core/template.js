//# allFunctionsCalledOnLoad
// @ts-check
/**
 * Certificate templates (SPEC 4.6): how a QR's values become a record, and which record has exactly these values (3.3); the schema, as
 * much of JSON Schema 2020-12 as certificates use (2.7).
 */

import { Finding, authorityDid, check, formatDay, formatTime, hex, parseDay, parseNumber, parseTime, require, same, sha256, utf8, within } from './forms.js';
import { equal, hasExactly, isObject, parseRestricted } from './signed.js';

const MAX_TEMPLATE = 65536;
const FORMAT = 'certreg-record-template/1';
const PLACEHOLDER = /\{([A-Za-z]+)\}/;
const LIST_LENGTH = 131072;
const NUMBER = 'certificateNumber';
const DERIVED = ['host', 'authority', 'year', 'kindDigit', 'statusIndex', 'statusBlock', 'issuerDid', 'issuerName'];

/** @param {string} text @returns {Uint8Array} UTF-16, big-endian */
function utf16(text) {
  return Uint8Array.from({ length: 2 * text.length }, (_, at) => (text.charCodeAt(at >> 1) >> (at & 1 ? 0 : 8)) & 255);
}

/** @param {string} text @returns {string|Uint8Array} the shorter of its two packings */
const packText = (text) => (utf8(text).length <= 2 * text.length ? text : utf16(text));

/** @param {Item} item @returns {string} */
function unpackText(item) {
  require(typeof item !== 'bigint', 'qr_values');
  if (typeof item === 'string') {
    require(packText(item) === item, 'qr_values');
    return item;
  }
  const units = Array.from({ length: item.length >> 1 }, (_, at) => (item[2 * at] << 8) | item[2 * at + 1]);
  const text = String.fromCharCode(...units);
  const packed = packText(text);
  require(typeof packed !== 'string' && same(packed, item) && !/[\ud800-\udfff]/u.test(text), 'qr_values');
  return text;
}

/** @param {Item} item @returns {number} */
function small(item) {
  require(typeof item === 'bigint' && item <= BigInt(Number.MAX_SAFE_INTEGER), 'qr_values');
  return Number(item);
}

/** @template T @param {T|undefined} value @returns {T} */
function known(value) {
  require(value !== undefined, 'qr_values');
  return value;
}

/** One item of the array as a value of the record. @type {Object<string, (item: any, value: TemplateValue) => string|number>} */
const UNPACK = {
  number: (item) => {
    require(typeof item === 'bigint' && item < 10n ** 18n, 'qr_values');
    const stem = String(item).padStart(18, '0');
    return stem + check(stem);
  },
  day: (item) => known(formatDay(small(item))),
  time: (item) => known(formatTime(small(item))),
  integer: (item) => {
    require(typeof item === 'bigint', 'qr_values');
    return Number(item); // too large a one is refused with the record
  },
  text: unpackText,
  identity: (item) => {
    require(typeof item === 'string' && /^[0-9]{9}[0-9X]$/.test(item), 'qr_values');
    return item.slice(0, 6) + '*'.repeat(8) + item.slice(6);
  },
  code: (item, { codes = [], open }) => {
    if (typeof item === 'bigint') return known(codes[small(item)]);
    require(typeof item === 'string' && open && !codes.includes(item), 'qr_values');
    return item;
  },
};

/** Whether a value taken from a record has its form. @type {Object<string, (taken: any, value: TemplateValue) => boolean>} */
const FORMS = {
  number: (taken) => typeof taken === 'string',
  day: (taken) => parseDay(taken) !== undefined,
  time: (taken) => parseTime(taken) !== undefined,
  integer: (taken) => /^(?:0|[1-9][0-9]*)$/.test(String(taken)),
  text: (taken) => typeof taken === 'string',
  identity: (taken) => typeof taken === 'string' && /^[0-9]{6}\*{8}[0-9]{3}[0-9X]$/.test(taken),
  code: (taken, { codes = [], open }) => typeof taken === 'string' && (open === true || codes.includes(taken)),
};

/** @param {TemplateValue} value */
const fieldName = (value) => (value.form === 'number' ? NUMBER : value.name);

/** @param {Uint8Array} data the published file @returns {RecordTemplate} */
function parseTemplate(data) {
  return within('template_form', () => {
    const document = parseRestricted(data, MAX_TEMPLATE);
    const names = ['format', 'kind', 'kindDigit', 'version', 'code', 'values', 'record'];
    require(hasExactly(document, names) && document.format === FORMAT, 'template_form');
    const { kind, kindDigit, version, code, values, record } = /** @type {any} */ (document);
    require(typeof kind === 'string' && typeof version === 'string' && isObject(record), 'template_form');
    require([kindDigit, code].every(Number.isInteger) && Array.isArray(values), 'template_form');
    for (const value of values) {
      require(hasExactly(value, ['name', 'form'], ['codes', 'open']) && value.form in UNPACK, 'template_form');
    }
    checkPlaces(record, values.map(fieldName));
    return { kind, kindDigit, version, code, values, record };
  });
}

/** @param {Object<string, any>} record @param {string[]} names */
function checkPlaces(record, names) {
  const found = new Set();
  /** @param {any} part */
  function visit(part) {
    if (typeof part === 'string') {
      const pieces = part.split(PLACEHOLDER);
      pieces.forEach((piece, at) => (at % 2 ? found.add(piece) : require(!/[{}]/.test(piece), 'template_form')));
    } else if (typeof part === 'object') {
      Object.values(part).forEach(visit);
    }
  }
  visit(record);
  require(new Set(names).size === names.length && names.every((name) => found.has(name)), 'template_form');
  require([...found].every((name) => names.includes(name) || DERIVED.includes(name)), 'template_form');
}

/**
 * The values of a QR's items.
 * @param {RecordTemplate} template
 * @param {Item[]} items
 * @returns {Fields}
 */
export function unpack(template, items) {
  require(items.length === template.values.length, 'qr_values');
  const fields = Object.create(null);
  template.values.forEach((value, at) => {
    fields[fieldName(value)] = UNPACK[value.form](items[at], value);
  });
  return fields;
}

/**
 * With what follows from the number and the trust list (SPEC 3.3).
 * @param {Fields} fields
 * @param {string} host
 * @param {string} issuerName
 * @returns {Fields}
 */
export function derive(fields, host, issuerName) {
  const number = parseNumber(String(fields[NUMBER]));
  return Object.assign(Object.create(null), fields, {
    host,
    authority: number.authority,
    year: number.year,
    kindDigit: number.kind,
    statusIndex: String(number.serial % LIST_LENGTH),
    statusBlock: String(Math.floor(number.serial / LIST_LENGTH)),
    issuerDid: authorityDid(host, number.authority),
    issuerName,
  });
}

/**
 * @param {any} part of a template's record
 * @param {Fields} fields
 * @returns {any}
 */
export function expand(part, fields) {
  if (Array.isArray(part)) return part.map((item) => expand(item, fields));
  if (isObject(part)) {
    const members = Object.create(null);
    for (const name of Object.keys(part)) members[name] = expand(part[name], fields);
    return members;
  }
  if (typeof part !== 'string') return part;
  const pieces = part.split(PLACEHOLDER);
  if (pieces.length === 3 && pieces[0] === '' && pieces[2] === '') return fields[pieces[1]];
  return pieces.map((piece, at) => (at % 2 ? fields[piece] : piece)).join('');
}

/**
 * The values of a record, each from its first whole place, else from its first place inside a string.
 * @param {RecordTemplate} template
 * @param {Object<string, any>} document
 * @returns {Fields}
 */
function take(template, document) {
  const whole = Object.create(null);
  const inside = Object.create(null);
  /** @param {any} part @param {any} found */
  function visit(part, found) {
    if (typeof part === 'string') {
      takeString(part, found);
    } else if (typeof part === 'object' && typeof found === 'object') {
      for (const name of Object.keys(part)) visit(part[name], found[name]);
    }
  }
  /** @param {string} part @param {any} found */
  function takeString(part, found) {
    const pieces = part.split(PLACEHOLDER);
    if (pieces.length === 3 && pieces[0] === '' && pieces[2] === '') {
      if (!(pieces[1] in whole) && found !== undefined) whole[pieces[1]] = found;
    } else if (pieces.length > 1 && typeof found === 'string') {
      const source = pieces.map((piece, at) => (at % 2 ? '([^]*?)' : piece.replace(/[^A-Za-z0-9]/g, '\\$&'))).join('');
      const match = new RegExp(`^${source}$`).exec(found) || [];
      match.slice(1).forEach((text, at) => {
        const name = pieces[2 * at + 1];
        if (!(name in inside)) inside[name] = text;
      });
    }
  }
  visit(template.record, document);
  return Object.assign(inside, whole);
}

/**
 * Whether `document` is what the template makes of the values in it, and nothing else (SPEC 2.7).
 * @param {RecordTemplate} template
 * @param {Object<string, any>} document a record that its schema found valid
 * @param {string} host
 */
export function isOfTemplate(template, document, host) {
  const fields = take(template, document);
  for (const value of template.values) {
    const taken = fields[fieldName(value)];
    if (taken === undefined || !FORMS[value.form](taken, value)) return false;
  }
  try {
    const expanded = expand(template.record, derive(fields, host, document.issuer.name));
    expanded.proof.proofValue = document.proof.proofValue;
    return equal(expanded, document);
  } catch (error) {
    if (error instanceof Finding) return false;
    throw error;
  }
}

/** @typedef {(value: any) => boolean} Test */

const ANNOTATIONS = ['$schema', '$id', 'title', 'description'];

/** @type {Object<string, Test>} */
const TYPES = {
  string: (value) => typeof value === 'string',
  integer: (value) => typeof value === 'number',
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
};

/** @param {string} text */
const length = (text) => Array.from(text).length;

/** @type {Object<string, (argument: any, schema: Object<string, any>) => Test>} */
const KEYWORDS = {
  type: (name) => {
    require(typeof name === 'string' && name in TYPES, 'schema_keyword');
    return TYPES[name];
  },
  const: (wanted) => (value) => equal(value, wanted),
  enum: (choices) => (value) => choices.some((/** @type {any} */ choice) => equal(value, choice)),
  pattern: (source) => {
    const pattern = new RegExp(source, 'u');
    return (value) => !TYPES.string(value) || pattern.test(value);
  },
  minLength: (bound) => (value) => !TYPES.string(value) || length(value) >= bound,
  maxLength: (bound) => (value) => !TYPES.string(value) || length(value) <= bound,
  minimum: (bound) => (value) => !TYPES.integer(value) || value >= bound,
  maximum: (bound) => (value) => !TYPES.integer(value) || value <= bound,
  minItems: (bound) => (value) => !TYPES.array(value) || value.length >= bound,
  maxItems: (bound) => (value) => !TYPES.array(value) || value.length <= bound,
  required: (names) => (value) => !isObject(value) || names.every((/** @type {string} */ name) => name in value),
  properties: (schemas) => {
    const tests = Object.entries(schemas).map(([name, schema]) => /** @type {[string, Test]} */ ([name, compile(schema)]));
    return (value) => !isObject(value) || tests.every(([name, test]) => !(name in value) || test(value[name]));
  },
  additionalProperties: (allowed, schema) => {
    require(allowed === false, 'schema_open_object');
    const names = Object.keys(schema.properties || {});
    return (value) => !isObject(value) || Object.keys(value).every((name) => names.includes(name));
  },
  prefixItems: (schemas) => {
    const tests = schemas.map(compile);
    return (value) => !TYPES.array(value)
      || value.every((/** @type {any} */ item, /** @type {number} */ at) => at >= tests.length || tests[at](item));
  },
  items: (schema, { prefixItems = [] }) => {
    const test = schema === false ? () => false : compile(schema);
    return (value) => !TYPES.array(value) || value.slice(prefixItems.length).every(test);
  },
};

/**
 * @param {any} schema as parsed
 * @returns {Test}
 */
export function compile(schema) {
  require(isObject(schema), 'schema_keyword');
  const names = Object.keys(schema).filter((name) => !ANNOTATIONS.includes(name));
  require(names.every((name) => name in KEYWORDS), 'schema_keyword');
  if (schema.type === 'object' || schema.properties) {
    const { additionalProperties, required = [], properties = {} } = schema;
    require(additionalProperties === false && equal([...required].sort(), Object.keys(properties).sort()), 'schema_open_object');
  }
  const tests = names.map((name) => KEYWORDS[name](schema[name], schema));
  return (value) => tests.every((test) => test(value));
}

const MAX_SCHEMA = 262144;

/**
 * @param {{record: Uint8Array, schema: Uint8Array, context: Uint8Array}} files as published
 * @returns {Promise<CertificateTemplate>}
 */
export async function readTemplate(files) {
  const [record, schema, context] = await Promise.all(
    [files.record, files.schema, files.context].map(async (data) => hex(await sha256(data))),
  );
  try {
    return {
      record: parseTemplate(files.record),
      valid: compile(parseRestricted(files.schema, MAX_SCHEMA)),
      digests: { record, schema, context },
    };
  } catch ({ code }) {
    throw new Finding(/^schema/.test(code) ? code : 'template_form');
  }
}

/**
 * Whether the trust list names these very files.
 * @param {CertificateTemplate} template
 * @param {ListedTemplate[]} listed
 */
export function isListed({ record, digests }, listed) {
  return listed.some((one) => one.kind === record.kind && one.version === record.version
    && one.record === digests.record && one.schema === digests.schema && one.context === digests.context);
}
