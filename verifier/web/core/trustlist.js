//# allFunctionsCalledOnLoad
// @ts-check
/**
 * The trust list's form (SPEC 4.1, 4.3 to 4.6). Signatures are `trust.js`'s.
 */

import { authorityDid, hex, isHost, parseTime, registryDid, require, within } from './forms.js';
import { isObject, parseCanonical, parseMultikey } from './signed.js';

export const MAX_TRUST_LIST = 4 * 1024 * 1024;
const KEY = ['id', 'publicKeyMultibase', 'notBefore', 'notAfter', 'revoked'];
const REVOCATION = ['at', 'reason', 'compromisedFrom'];
/** Which members the clauses name, by the path to them. @type {Object<string, string[]>} */
const MEMBERS = {
  '': ['specVersion', 'registry', 'version', 'validFrom', 'validUntil', 'root', 'authorities', 'log', 'witnesses',
    'statusKeys', 'reportKeys', 'ruleSets', 'templates', 'critical', 'proof'],
  root: ['threshold', 'keys'],
  'root.keys': ['id', 'publicKeyMultibase'],
  authorities: ['code', 'id', 'kind', 'uscc', 'names', 'scope', 'states', 'keys'],
  'authorities.states': ['state', 'from', 'reason'],
  'authorities.keys': [...KEY, 'issuerName'],
  'authorities.keys.revoked': REVOCATION,
  log: ['origin', 'vkey', 'former'],
  witnesses: ['vkeys', 'quorum'],
  statusKeys: KEY,
  'statusKeys.revoked': REVOCATION,
  reportKeys: KEY,
  'reportKeys.revoked': REVOCATION,
  ruleSets: ['id', 'title', 'source', 'article', 'inForceFrom', 'grades'],
  templates: ['kind', 'version', 'record', 'schema', 'context'],
};
const STATES = ['granted', 'suspended', 'withdrawn'];
const KINDS = ['provincial', 'municipal', 'industry'];
const FORM = 'trust_list_form';

/** @param {any} value @returns {string} */
function text(value) {
  require(typeof value === 'string', FORM);
  return value;
}

/** @param {any} value @param {number} [least] @returns {number} */
function integer(value, least = 1) {
  require(typeof value === 'number' && value >= least, FORM);
  return value;
}

/** @param {any} value @returns {number} */
function time(value) {
  const seconds = parseTime(value);
  require(seconds !== undefined, FORM);
  return seconds;
}

/** @template T @param {any} value @param {(item: any) => T} read @returns {T[]} */
function list(value, read) {
  require(Array.isArray(value), FORM);
  return value.map(read);
}

/** @param {any} value @returns {Object<string, any>} */
function object(value) {
  require(isObject(value), FORM);
  return value;
}

/** @param {any} value @returns {string[]} */
function texts(value) {
  const read = list(value, text);
  unique(read);
  return read;
}

/** @param {any[]} values */
function unique(values) {
  require(new Set(values).size === values.length, 'trust_list_duplicate');
}

/** @param {RootKey[]} keys */
function uniqueKeys(keys) {
  unique(keys.map((one) => one.id));
  unique(keys.map((one) => hex(one.key)));
}

/** @param {any} value @returns {Uint8Array} */
const publicKey = (value) => within(FORM, () => parseMultikey(value));

/** @param {any} value @param {string} owner a did */
function keyId(value, owner) {
  require(text(value).startsWith(owner + '#') && /^[A-Za-z0-9-]{1,32}$/.test(value.slice(owner.length + 1)), FORM);
  return value;
}

/** @param {any} value @param {string} host @returns {Root} */
export function readRoot(value, host) {
  const { threshold, keys } = object(value);
  const read = list(keys, (one) => ({
    id: keyId(object(one).id, registryDid(host)),
    key: publicKey(one.publicKeyMultibase),
  }));
  uniqueKeys(read);
  require(integer(threshold) <= read.length, FORM);
  return { threshold, keys: read };
}

/** @param {any} value @param {string} owner @param {boolean} named whether it signs in a name @returns {ListedKey} */
function readKey(value, owner, named) {
  const { id, publicKeyMultibase, notBefore, notAfter, issuerName, revoked } = object(value);
  const key = {
    id: keyId(id, owner),
    key: publicKey(publicKeyMultibase),
    notBefore: time(notBefore),
    notAfter: time(notAfter),
    issuerName: named ? text(issuerName) : '',
  };
  return revoked === undefined ? key : Object.assign(key, { revoked: readRevocation(object(revoked)) });
}

/** @param {Object<string, any>} value */
function readRevocation({ at, reason, compromisedFrom }) {
  text(reason);
  return { at: time(at), compromisedFrom: compromisedFrom === undefined ? undefined : time(compromisedFrom) };
}

/** @param {any} scope */
function readScope(scope) {
  const places = ['divisions', 'industries'];
  require(Object.keys(object(scope)).every((name) => [...places, 'kinds', 'years'].includes(name)), 'trust_list_scope');
  const [place, ...more] = places.filter((name) => name in scope);
  require(place && more.length === 0, FORM);
  texts(scope[place]);
  const integers = (/** @type {any} */ value) => list(value, (one) => integer(one, -Infinity));
  return { kinds: integers(scope.kinds), years: integers(scope.years) };
}

/** @param {any} value @param {string} host @returns {Authority} */
function readAuthority(value, host) {
  const { code, id, kind, uscc, names, scope, states, keys } = object(value);
  require(/^[0-9]{6}$/.test(text(code)) && id === authorityDid(host, code) && KINDS.includes(kind), FORM);
  text(uscc);
  text(object(names).zh);
  Object.values(names).forEach(text);
  const history = list(states, (one) => {
    require(STATES.includes(object(one).state), FORM);
    text(one.reason);
    return { state: one.state, from: time(one.from) };
  });
  require(history.length > 0 && history.every((one, at) => at === 0 || history[at - 1].from <= one.from), FORM);
  return { code, id, scope: readScope(scope), states: history, keys: list(keys, (one) => readKey(one, id, true)) };
}

/** @param {any} value */
function readRuleSet(value) {
  const { id, title, source, article, inForceFrom, grades } = object(value);
  [id, source, article, inForceFrom, object(title).zh].forEach(text);
  Object.values(title).forEach(text);
  for (const minima of Object.values(object(grades))) {
    for (const name of ['total', 'professional', 'public']) integer(object(minima)[name], 0);
  }
  return value;
}

/** @param {any} value */
function readTemplateDigests(value) {
  const { kind, version, record, schema, context } = object(value);
  [kind, version].forEach(text);
  [record, schema, context].forEach(text);
  return { kind, version, record, schema, context };
}

/** @param {Object<string, any>} document */
function checkCritical({ critical }) {
  const names = critical === undefined ? [] : texts(critical);
  require(names.every((name) => MEMBERS[''].includes(name)), 'trust_list_critical');
}

/**
 * The paths of the members that no clause names (SPEC 4.1); `scope` is not among them, as it refuses such.
 * @param {Object<string, any>} value
 * @param {string} path
 * @returns {string[]}
 */
function unknownPaths(value, path) {
  return Object.keys(value).flatMap((name) => {
    const where = path ? `${path}.${name}` : name;
    if (!MEMBERS[path].includes(name)) return [where];
    if (!(where in MEMBERS)) return [];
    const children = Array.isArray(value[name]) ? value[name] : [value[name]];
    return children.flatMap((/** @type {any} */ child) => unknownPaths(child, where));
  });
}

/** @param {Uint8Array} data @returns {Object<string, any>} */
function parseDocument(data) {
  return within(FORM, () => parseCanonical(data, MAX_TRUST_LIST));
}

/** @param {Uint8Array} data @returns {TrustList} not verified yet */
export function parseTrustList(data) {
  const document = parseDocument(data);
  require(text(document.specVersion) === '1', 'trust_list_spec_version');
  checkCritical(document);
  const host = document.registry;
  require(isHost(host), FORM);
  const { origin, vkey, former = [] } = object(document.log);
  const { vkeys, quorum } = object(document.witnesses);
  const read = {
    registry: host,
    witnesses: { vkeys: texts(vkeys), quorum: integer(quorum, 0) },
    validFrom: time(document.validFrom),
    validUntil: time(document.validUntil),
    version: integer(document.version),
    root: readRoot(document.root, host),
    authorities: list(document.authorities, (one) => readAuthority(one, host)),
    log: { origin: text(origin), vkeys: [text(vkey), ...texts(former)] },
    statusKeys: list(document.statusKeys, (one) => readKey(one, registryDid(host), false)),
    reportKeys: list(document.reportKeys === undefined ? [] : document.reportKeys, (one) => readKey(one, registryDid(host), false)),
    ruleSets: list(document.ruleSets, readRuleSet),
    templates: list(document.templates, readTemplateDigests),
    notUnderstood: [...new Set(unknownPaths(document, ''))].sort(),
    document,
  };
  require(quorum <= read.witnesses.vkeys.length, FORM);
  unique(read.authorities.map((one) => one.code));
  uniqueKeys(read.authorities.flatMap((one) => one.keys));
  uniqueKeys(read.statusKeys);
  uniqueKeys(read.reportKeys);
  unique(read.ruleSets.map((one) => one.id));
  return read;
}
