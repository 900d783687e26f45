// @ts-check
/** JSON Schema 2020-12, as much of it as certificates use (SPEC 2.7); any other keyword is refused. */

import { require } from './finding.js';
import { equal, isObject } from './json.js';

/** @typedef {(value: any) => boolean} Test */

const ANNOTATIONS = ['$schema', '$id', '$comment', 'title', 'description', 'examples'];

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
