//# allFunctionsCalledOnLoad
// @ts-check
/**
 * `verify`: the steps of SPEC clause 7, from bytes to one of three verdicts, without input, output or a clock but `policy.at`. Every
 * step that can still run does, whatever failed before it.
 */

import { Finding, Skipped, Undecided, formatTime, parseNumber, parseTime, parseTypedNumber, require, toMultibase } from './forms.js';
import { canonicalize, proofHolds } from './signed.js';
import { MAX_LOG_PROOF, checkLogged } from './log.js';
import { MAX_RECORD, checkNumber, parseQrText, parseRecord } from './record.js';
import { checkInForce, knownOfTrustList, readStatusLists } from './status.js';
import { derive, expand, isListed, isOfTemplate, unpack } from './template.js';
import { judgeHours, objection, summary } from './trust.js';

const MAX_TEXTS = { qrText: 2048, number: 64, name: 200 };
const DEFAULTS = { requireLog: false, requireStatus: true, clockSkew: 300, maxLogDelay: 604800, statusMaxAge: null };
const FOR_EVER = ['key_of_another_year', 'key_compromised', 'key_superseded'];

/** One certificate on its way through the steps: the inputs, and what the steps so far established. */
class Case {
  /**
   * @param {Evidence} evidence
   * @param {Trust} trust
   * @param {Policy} policy
   * @param {Opened} [opened] the same evidence under the same trust
   */
  constructor(evidence, trust, policy, opened) {
    this.evidence = evidence;
    this.trust = trust;
    this.policy = { ...DEFAULTS, ...policy };
    /** @type {Set<number>} */
    this.passed = new Set();
    /** @type {QrText|undefined} */
    this.qr = undefined;
    /** @type {UnverifiedRecord|undefined} */
    this.record = undefined;
    /** @type {CertificateNumber|undefined} */
    this.number = undefined;
    /** @type {ListedKey|undefined} */
    this.key = undefined;
    /** @type {LoggedIssue|undefined} */
    this.logged = undefined;
    /** @type {any} */
    this.logError = undefined;
    /** @type {Promise<void>|undefined} */
    this.looking = undefined;
    /** @type {Promise<StatusLists>|undefined} */
    this.lists = undefined;
    /** @type {Promise<boolean>|undefined} */
    this.held = undefined;
    this.opened = opened;
  }

  needRecord() {
    if (!this.record) throw new Skipped('no_record');
    return this.record;
  }

  needList() {
    if (!this.trust.list) throw new Skipped('no_trust_list');
    return this.trust.list;
  }

  needNumber() {
    if (!this.number) throw new Skipped('no_number');
    return this.number;
  }

  /** The document, once everything that makes it authentic passed. */
  authentic() {
    return [1, 2, 4, 5, 6].every((step) => this.passed.has(step)) ? this.needRecord().document : undefined;
  }

  /** The status lists of the number, read once; none before it is known. */
  async statusLists() {
    if (!this.number) return {};
    this.lists = this.lists || readStatusLists(this.number, this.evidence.status, this.needList());
    return this.lists;
  }

  /** Whether the signature of the record is that of `key`, computed once. @param {ListedKey} key */
  signedBy(key) {
    const { proof, document } = this.needRecord();
    this.held = this.held || proofHolds(proof, document, key.key);
    return this.held;
  }

  /** Until when the trust list is known to have been the newest, and the newest one that any status list names. */
  async knownOfTrustList() {
    return knownOfTrustList(await this.statusLists(), this.needList(), this.policy.at + this.policy.clockSkew);
  }

  /**
   * Nobody's, if the list was the newest when it was created; since then it may have been listed.
   * @param {string} code
   * @param {number} created
   */
  async notListed(code, created) {
    const { newestUntil } = await this.knownOfTrustList();
    return created <= newestUntil ? new Finding(code) : new Undecided(code, 'trust-list');
  }

  /**
   * A finding, unless a newer list might have lifted it.
   * @param {string} code
   * @param {number} moment
   */
  async objected(code, moment) {
    const { newestUntil } = await this.knownOfTrustList();
    if (FOR_EVER.includes(code) || moment <= newestUntil) return new Finding(code);
    return new Undecided('trust_list_too_old', 'trust-list', { objection: code });
  }

  /** Look at the log proof once; steps 4 and 7 both need the answer. */
  lookAtLog() {
    this.looking = this.looking || this.look();
    return this.looking;
  }

  async look() {
    const { logProof } = this.evidence;
    const { logKeys } = this.trust;
    if (!logProof || !this.record || !this.number || !logKeys) return;
    try {
      this.logged = await checkLogged(logProof, this.record.data, this.number, this.needList(), logKeys, this.policy);
    } catch (error) {
      this.logError = error;
    }
  }

  /** Begin what later steps wait for, side by side; the step that needs it is told what is wrong with it. */
  begin() {
    if (!this.trust.list || !this.record) return;
    const { issuer, proof } = this.record;
    const authority = this.trust.list.authorities.find(({ id }) => id === issuer);
    const key = authority && authority.keys.find(({ id }) => id === proof.method);
    for (const begun of [this.statusLists(), this.lookAtLog(), key && this.signedBy(key)]) if (begun) begun.catch(() => undefined);
  }
}

/** @param {Case} one */
function bounds({ evidence }) {
  const { record, logProof } = evidence;
  require(!(record && record.length > MAX_RECORD) && !(logProof && logProof.length > MAX_LOG_PROOF), 'evidence_too_large');
  for (const [name, bound] of Object.entries(MAX_TEXTS)) {
    const text = /** @type {any} */ (evidence)[name];
    require(text === undefined || Array.from(text).length <= bound, 'evidence_too_large');
  }
  return ['within_bounds'];
}

/** @param {Case} one */
function decode(one) {
  if (!one.passed.has(0)) throw new Skipped('evidence_too_large');
  const { record, qrText, number } = one.evidence;
  if (record !== undefined) return ['record'];
  if (qrText !== undefined) {
    one.qr = parseQrText(qrText);
    return ['qr'];
  }
  if (number === undefined) throw new Undecided('evidence_missing', 'record');
  one.number = parseTypedNumber(number);
  throw new Undecided('record_missing', 'record');
}

/** @param {Case} one */
async function strictForm(one) {
  if (!one.passed.has(1)) throw new Skipped('no_record');
  one.record = (one.opened && one.opened.record)
    || parseRecord(one.qr ? await expandQr(one, one.qr) : /** @type {Uint8Array} */ (one.evidence.record));
  try {
    one.number = parseNumber(one.record.number);
  } catch (_) {
    one.number = undefined; // step 6 says so
  }
  return ['strict'];
}

/** @param {Case} one @param {QrText} qr @returns {Promise<Uint8Array>} the record's bytes */
async function expandQr(one, qr) {
  const list = one.needList();
  // Another template than the root's would make a genuine signature fail.
  const template = one.trust.templates.find(({ record }) => BigInt(record.code) === qr.code);
  if (!template || !isListed(template, list.templates)) throw new Undecided('template_unknown', 'templates');
  const { record } = template.record;
  const values = unpack(template.record, qr.values);
  one.number = parseNumber(String(values.certificateNumber));
  const { issuerDid, ...rest } = derive(values, list.registry, '');
  const method = expand(record.proof.verificationMethod, { issuerDid, ...rest });
  const authority = list.authorities.find(({ id }) => id === issuerDid);
  const key = authority && authority.keys.find(({ id }) => id === method);
  if (!key) throw await one.notListed('key_not_listed', /** @type {number} */ (parseTime(expand(record.proof.created, values))));
  const document = expand(record, derive(values, list.registry, key.issuerName));
  document.proof.proofValue = toMultibase(qr.signature);
  return canonicalize(document);
}

/** @param {Case} one */
async function trustList(one) {
  const { trust, policy } = one;
  const { list, error = 'trust_list_count' } = trust;
  // A list that cannot be used says nothing about the certificate, so nothing here fails.
  if (!list) throw new Undecided(error, 'trust-list');
  if (!trust.pinned) throw new Undecided('root_not_pinned', 'root');
  const { validFrom, validUntil, version } = list;
  if (policy.at < validFrom - policy.clockSkew || policy.at > validUntil) {
    throw new Undecided('trust_list_stale', 'trust-list', { validUntil });
  }
  const { newestVersion, newestUntil } = await one.knownOfTrustList();
  if (newestVersion > version) throw new Undecided('trust_list_rollback', 'trust-list', { version, newest: newestVersion });
  return ['trust_list_in_force', { version, asOf: newestUntil }];
}

/** @param {Case} one */
async function authorityAndKey(one) {
  const { proof, issuer, document } = one.needRecord();
  const authority = one.needList().authorities.find(({ id }) => id === issuer);
  if (!authority) throw await one.notListed('authority_not_listed', proof.created);
  one.key = authority.keys.find(({ id }) => id === proof.method);
  if (!one.key) throw await one.notListed('key_not_listed', proof.created);
  const number = one.needNumber();
  require(one.key.issuerName === document.issuer.name, 'issuer_name_differs');
  await one.lookAtLog();
  const { clockSkew, maxLogDelay, at } = one.policy;
  const time = one.logged ? one.logged.time : at;
  if (proof.created > time + clockSkew) {
    throw one.logged ? new Finding('created_after_time') : new Undecided('created_after_time', 'clock');
  }
  require(!one.logged || proof.created >= time - maxLogDelay, 'created_long_before_logged');
  for (const then of one.logged ? [time, Math.min(proof.created, time)] : [proof.created]) {
    const found = objection(authority, one.key, number, then);
    if (found) throw await one.objected(found, then);
  }
  const now = one.logged ? undefined : objection(authority, one.key, number, time);
  if (now) throw new Undecided(now, 'log-proof');
  return ['authorised', { time, timeSource: one.logged ? 'log' : 'policy' }];
}

/** @param {Case} one */
async function proof(one) {
  one.needRecord();
  if (!one.key) throw new Skipped('no_key');
  require(await one.signedBy(one.key), 'proof_invalid');
  return ['proof_valid', { key: one.key.id }];
}

/** @param {Case} one */
async function schemaAndNumber(one) {
  const record = one.needRecord();
  const list = one.needList();
  const template = one.trust.templates.find(
    ({ record: { kind, version } }) => kind === record.kind && version === record.version,
  );
  if (!template || !isListed(template, list.templates)) {
    const known = list.templates.some(({ kind, version }) => kind === record.kind && version === record.version);
    throw known ? new Undecided('template_unknown', 'templates') : await one.notListed('template_not_published', record.proof.created);
  }
  require(template.valid(record.document), 'schema');
  checkNumber(record, template.record.kindDigit, one.evidence);
  require(isOfTemplate(template.record, record.document, list.registry), 'record_not_of_template');
  return ['well_formed'];
}

/** @param {Case} one */
async function log(one) {
  one.needList();
  one.needRecord();
  if (!one.evidence.logProof) {
    throw one.policy.requireLog ? new Undecided('log_proof_missing', 'log-proof') : new Skipped('log_proof_absent');
  }
  one.needNumber();
  await one.lookAtLog();
  if (!one.logged) throw one.logError;
  return ['logged', { ...one.logged }];
}

/** @param {Case} one */
async function status(one) {
  const list = one.needList();
  const number = one.needNumber();
  if (!one.evidence.status.size && !one.policy.requireStatus) throw new Skipped('status_not_required');
  return ['in_force', await checkInForce(number, await one.statusLists(), one.evidence.status, list, one.policy)];
}

/** @param {Case} one */
function host(one) {
  if (!one.qr) throw new Skipped('no_qr');
  const { registry } = one.needList();
  require(one.qr.host === registry, 'foreign_host');
  return ['registry_host', { host: registry }];
}

/** @param {Case} one */
function rule(one) {
  const document = one.authentic();
  if (!document) throw new Skipped('not_authentic');
  return ['hours_met', judgeHours(document.credentialSubject, one.needList().ruleSets)];
}

/** @type {[string, (one: Case) => any][]} */
const STEPS = [
  ['bounds', bounds],
  ['decode', decode],
  ['strict-form', strictForm],
  ['trust-list', trustList],
  ['authority-and-key', authorityAndKey],
  ['proof', proof],
  ['schema-and-number', schemaAndNumber],
  ['log', log],
  ['status', status],
  ['host', host],
  ['rule', rule],
];

/**
 * @param {Case} one
 * @param {number} step
 * @returns {Promise<Step & {missing?: string}>}
 */
async function run(one, step) {
  const [name, judge] = STEPS[step];
  try {
    const [code, details = {}] = await judge(one);
    one.passed.add(step);
    return { step, name, outcome: 'PASSED', code, details };
  } catch (error) {
    if (error instanceof Skipped) return { step, name, outcome: 'SKIPPED', code: error.code, details: {} };
    const { code, details, missing } = /** @type {any} */ (error);
    if (error instanceof Undecided) return { step, name, outcome: 'INDETERMINATE', code, details, missing };
    if (error instanceof Finding) return { step, name, outcome: 'FAILED', code, details };
    throw error; // a fault of this program is no finding about a certificate
  }
}

/**
 * @param {Evidence} evidence
 * @param {Trust} trust
 * @param {Policy} policy
 * @returns {Promise<Opened>}
 */
export async function peek(evidence, trust, policy) {
  const one = new Case(evidence, trust, policy);
  for (const step of [0, 1, 2]) await run(one, step);
  return { number: one.number, isRecord: one.passed.has(1), record: one.record };
}

/**
 * Judge one certificate.
 * @param {Evidence} evidence
 * @param {Trust} trust
 * @param {Policy} policy
 * @param {Opened} [opened] where the same evidence has been opened under the same trust
 * @returns {Promise<VerificationReport>} SPEC 7.5
 */
export async function verify(evidence, trust, policy, opened) {
  const one = new Case(evidence, trust, policy, opened);
  const steps = [];
  for (let step = 0; step < STEPS.length; step += 1) {
    steps.push(await run(one, step));
    if (step === 2) one.begin();
  }
  const judged = steps.slice(0, 10);
  const decisive = ['FAILED', 'INDETERMINATE']
    .map((outcome) => judged.find((step) => step.outcome === outcome))
    .find((step) => step !== undefined);
  const missing = new Set();
  for (const step of steps) {
    if (step.missing) missing.add(step.missing);
    delete step.missing;
  }
  return {
    reportVersion: 1,
    verdict: decisive ? decisive.outcome : 'PASSED',
    reason: decisive ? decisive.code : 'valid',
    missing: [...missing],
    at: formatTime(policy.at),
    number: one.number ? one.number.digits : '',
    steps,
    trust: summary(trust),
    record: one.authentic() || null,
  };
}
