// @ts-check
/**
 * A report in the reader's language (SPEC 7.7): codes are the identity of a finding, words a translation. Nothing of a record that is
 * not authentic is shown; text is only ever set as text.
 */

/** @typedef {Object<string, Object<string, string>>} Words tables of words by code */

export const LANGUAGES = ['zh-CN', 'en'];

/** @returns {string} what the reader chose before, else the browser's, else Chinese */
export function preferredLanguage() {
  const asked = [chosen(), ...(navigator.languages || [navigator.language])];
  for (const language of asked) {
    if (/^zh/i.test(language || '')) return 'zh-CN';
    if (/^en/i.test(language || '')) return 'en';
  }
  return 'zh-CN';
}

function chosen() {
  try {
    return localStorage.getItem('certreg.language') || '';
  } catch (_) {
    return '';
  }
}

/** @param {string} language */
export function choose(language) {
  try {
    localStorage.setItem('certreg.language', language);
  } catch (_) {
    // it holds for this visit
  }
}

/** Addresses of words that were read. @type {Set<string>} */
export const read = new Set();

/** @param {string} address @returns {Promise<any>} */
export async function readWords(address) {
  const response = await fetch(address);
  read.add(address);
  return response.json();
}

/** @type {Map<string, Promise<any>>} */
const asked = new Map();

/** @param {string} name @returns {Promise<any>} read once; what failed is tried again */
function wordsAt(name) {
  const found = asked.get(name) || readWords(new URL(`../words/${name}.json`, import.meta.url).href);
  asked.set(name, found);
  found.catch(() => asked.delete(name));
  return found;
}

/** @param {string} language @returns {Promise<Words>} the words that every page needs; see `withRare` */
export const loadCommonWords = (language) => wordsAt(language);

/** @param {string} language @returns {Promise<Words>} all words */
export const loadWords = async (language) => withRare(await wordsAt(language), language, ['']);

/**
 * Add the words for what hardly ever happens, where one of these codes has none yet.
 * @param {Words} words @param {string} language @param {string[]} codes
 * @returns {Promise<Words>}
 */
export async function withRare(words, language, codes) {
  if (codes.every((code) => words.codes[code])) return words;
  const rare = await wordsAt(`rare-${language}`).catch(() => ({})); // without a network there is a word for that
  return { ...words, codes: { ...rare.codes, ...words.codes }, undecided: { ...rare.undecided, ...words.undecided } };
}

/** @param {VerificationReport} report @param {Trouble[]} troubles */
export const codesOf = (report, troubles) => [...report.steps, ...troubles].map(({ code }) => code);

/** @param {string} text @param {...(string|number|boolean)} values for its `{}` */
export const fill = (text, ...values) => values.reduce((/** @type {string} */ filled, value) => filled.replace('{}', () => String(value)), text);

/** @param {number|string|boolean} seconds @param {string} language @returns {string} China's time */
export function timeText(seconds, language) {
  const text = new Date((Number(seconds) + 8 * 3600) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return text + (language === 'en' ? ' (UTC+8)' : '（北京时间）');
}

/** @param {string} digits @returns {string} as it is printed */
export const printedNumber = (digits) => digits.replace(/^(.{6})(.{4})(.)(.{7})(.{2})$/, '$1 $2 $3 $4 $5');

/**
 * @typedef {{words: Words, language: string}} Speech
 */

const SVG = 'http://www.w3.org/2000/svg';
/** A circle with a tick, an octagon with a cross, a triangle with a question mark: told apart without colour. */
const SHAPES = /** @type {Object<string, [string, string]>} */ ({
  PASSED: ['M24 2a22 22 0 1 0 0 44a22 22 0 1 0 0-44z', 'M13 25l8 8l15-17'],
  FAILED: ['M15 2h18l13 13v18l-13 13h-18l-13-13v-18z', 'M16 16l16 16M32 16l-16 16'],
  INDETERMINATE: ['M24 3l22 41h-44z', 'M19.5 24.5c0-6 9-6 9 0c0 3.500-4.500 3.500-4.500 7.500M24 36.500v2.500'],
});

/**
 * @param {string} name
 * @param {Object<string, string>} attributes
 * @param {...(Node|string)} children
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** @param {string} verdict */
export function shape(verdict) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 48 48');
  svg.setAttribute('aria-hidden', 'true');
  SHAPES[verdict].forEach((path, inner) => {
    const drawn = document.createElementNS(SVG, 'path');
    drawn.setAttribute('d', path);
    drawn.setAttribute('fill', inner ? 'none' : 'currentColor');
    if (inner) {
      drawn.setAttribute('stroke', '#fff');
      drawn.setAttribute('stroke-width', '4.5');
      drawn.setAttribute('stroke-linecap', 'round');
      drawn.setAttribute('stroke-linejoin', 'round');
    }
    svg.append(drawn);
  });
  return svg;
}

/** @param {Words} words @param {string} code @param {string} [outcome] */
function sentence(words, code, outcome) {
  return (outcome === 'INDETERMINATE' && words.undecided[code]) || words.codes[code] || `${words.page.noWords} ${code}`;
}

/** @param {[string, string, string?][]} rows label, value, class @param {string} [kind] */
function rowsOf(rows, kind = '') {
  const list = element('dl', kind ? { class: kind } : {});
  for (const [label, value, type] of rows) {
    list.append(element('div', {}, element('dt', {}, label), element('dd', type ? { class: type } : {}, value)));
  }
  return list;
}

/** @param {Step} step @param {Speech} speech @returns {Node[]} since when, why, and what follows */
function statusFacts({ details }, { words, language }) {
  /** @type {[string, string, string?][]} */
  const rows = [];
  if (details.since !== undefined) rows.push([words.page.since, timeText(details.since, language)]);
  if (details.reason !== undefined) rows.push([words.labels.reason, words.reasons[String(details.reason)] || String(details.reason)]);
  if (details.successor !== undefined) rows.push([words.labels.successor, printedNumber(String(details.successor)), 'number']);
  return rows.length ? [rowsOf(rows, 'facts')] : [];
}

/**
 * The address in the code and the official one, one above the other, where they are not the same.
 * @param {VerificationReport} report @param {string|undefined} qrText @param {Speech} speech
 */
function lookAlike({ steps, trust }, qrText, { words }) {
  const [, host] = /^\s*https?:\/\/([^/\s]+)/i.exec(qrText || '') || [];
  if (steps[9].code !== 'foreign_host' || !host) return [];
  return [element('div', { class: 'warning' }, element('p', {}, element('b', {}, words.page.lookAlike)),
    rowsOf([[words.page.codeHost, host, 'mono'], [words.page.official, trust.registry, 'mono']]))];
}

/** @param {number} seconds @param {Words} words */
function ageText(seconds, { page }) {
  if (seconds < 5400) return fill(page.minutes, Math.max(0, Math.round(seconds / 60)));
  return seconds < 172800 ? fill(page.hours, Math.round(seconds / 3600)) : fill(page.days, Math.round(seconds / 86400));
}

/**
 * How old what is known is, and whether it comes from this device alone.
 * @param {VerificationReport} report @param {number} at @param {boolean} isOld @param {Speech} speech
 */
export function age({ steps }, at, isOld, { words, language }) {
  const { outcome, details } = steps[8];
  const asOf = outcome === 'FAILED' ? steps[3].details.asOf : details.asOf;
  const parts = [];
  if (asOf) parts.push(element('p', { class: 'known' }, fill(words.page.known, ageText(at - Number(asOf), words), timeText(asOf, language))));
  else if (details.validUntil) parts.push(element('p', { class: 'known' }, fill(words.page.expired, timeText(details.validUntil, language), ageText(at - Number(details.validUntil), words))));
  if (!isOld) return parts;
  const without = steps[7].code === 'log_proof_absent' ? ` ${words.codes.log_proof_absent}` : '';
  return [...parts, element('p', { class: 'notice' }, words.page.offline + without)];
}

/** @param {VerificationReport} report */
const isMistyped = ({ steps }) => /^number_/.test(steps[1].code);

/** @param {VerificationReport} report */
export const dressOf = (report) => (isMistyped(report) ? 'INDETERMINATE' : report.verdict);

/** @param {VerificationReport} report @param {Words} words */
export const wordOf = (report, words) => words.ended[isMistyped(report) ? 'mistyped' : report.reason] || words.verdicts[report.verdict];

/** @param {VerificationReport} report @param {Speech} speech @param {string} [qrText] */
export function headline(report, speech, qrText) {
  const { words } = speech;
  const deciding = report.steps.find((step) => step.step < 10 && step.code === report.reason);
  /** @type {Node[]} */
  const parts = [
    element('p', { class: 'word' }, shape(dressOf(report)), wordOf(report, words)),
    element('p', { class: 'reason' }, sentence(words, report.reason, deciding && deciding.outcome)),
    ...(deciding && deciding.step === 8 ? statusFacts(deciding, speech) : []),
  ];
  const status = report.steps.find((step) => step.step === 8);
  if (status && status !== deciding && status.details.successor !== undefined) {
    // Another reason comes first (a compromised key, say): the holder is led on all the same.
    const successor = printedNumber(String(status.details.successor));
    parts.push(element('p', { class: 'number' }, `${words.labels.successor} ${successor}`));
  }
  if (!report.record && report.number) {
    parts.push(element('p', { class: 'number' }, `${words.labels.number} ${printedNumber(report.number)}`));
  }
  return [...parts, ...lookAlike(report, qrText, speech)];
}

/** @param {VerificationReport} report @param {Speech} speech */
function signedFields({ record, number }, { words }) {
  if (!record) return [element('p', {}, words.labels.unproven)];
  const subject = record.credentialSubject;
  /** @type {[string, string, string?][]} */
  const rows = [[words.labels.number, printedNumber(number), 'number']];
  for (const [name, label] of Object.entries(words.fields)) {
    if (name in subject) rows.push([label, (words[name] && words[name][subject[name]]) || String(subject[name])]);
  }
  rows.push([words.labels.issuer, `${record.issuer.name} (${record.issuer.id.slice(-6)})`]);
  rows.push([words.labels.date, record.validFrom.slice(0, 10)]);
  return [element('h2', {}, words.labels.compare), rowsOf(rows, 'signed')];
}

/** @param {VerificationReport} report @param {number} at @param {Speech} speech */
function basis({ trust, steps }, at, { words, language }) {
  const { labels, page } = words;
  const time = (/** @type {any} */ seconds) => timeText(seconds, language);
  /** @type {[string, string, string?][]} */
  const rows = [[labels.at, time(at)]];
  if (trust.registry) {
    const newest = steps[3].details.asOf;
    const list = fill(page.trustList, trust.version, time(trust.validUntil));
    rows.push([labels.registry, trust.registry]);
    rows.push([labels.list, newest === undefined ? list : `${list}${language === 'en' ? ', ' : '；'}${fill(page.newest, time(newest))}`]);
  }
  const { outcome, details } = steps[8];
  if (outcome === 'PASSED') rows.push([labels.status, fill(page.asOf, time(details.asOf))]);
  if (steps[7].outcome === 'PASSED') {
    const { index, size, time: logged, witnesses } = steps[7].details;
    rows.push([labels.log, fill(page.logged, index, size, time(logged), witnesses)]);
  }
  if (trust.rootFingerprint) rows.push([labels.root, trust.rootFingerprint, 'mono']);
  const parts = [element('h2', {}, labels.basis), rowsOf(rows)];
  return steps[3].code === 'root_not_pinned' ? [...parts, element('p', {}, page.unpinned)] : parts;
}

/** @param {VerificationReport} report @param {Speech} speech */
function hours({ steps }, { words }) {
  const { outcome, code, details } = steps[10];
  if (outcome === 'SKIPPED') return [];
  const text = [element('h2', {}, words.labels.hours), element('p', {}, sentence(words, code, outcome))];
  if (outcome === 'FAILED') {
    text.push(element('p', {}, fill(words.page.short, details.missingTotal, details.missingProfessional, details.missingPublic)));
  }
  return [...text, element('p', {}, `${details.source} ${details.article}`)];
}

/** @param {VerificationReport} report @param {Speech} speech */
function steps(report, { words }) {
  const list = element('ol', {});
  for (const { name, outcome, code } of report.steps) {
    list.append(element('li', {}, element('b', {}, words.steps[name]),
      element('span', { class: `outcome ${outcome}` }, words.outcomes[outcome]),
      element('p', {}, sentence(words, code, outcome))));
  }
  return element('details', {}, element('summary', {}, words.labels.steps), list);
}

/** @param {string} title @param {string[]} lines */
function notes(title, lines) {
  if (!lines.length) return [];
  return [element('h2', {}, title), element('ul', {}, ...lines.map((line) => element('li', {}, line)))];
}

/**
 * @param {VerificationReport} report
 * @param {number} at Unix seconds
 * @param {Trouble[]} troubles
 * @param {Speech} speech
 * @returns {Node[]}
 */
export function body(report, at, troubles, speech) {
  const { words } = speech;
  return [
    ...signedFields(report, speech),
    ...notes(words.labels.missing, report.missing.map((name) => words.missing[name])),
    ...notes(words.labels.troubles, troubles.map(({ path, code }) => `${path === 'log' ? words.labels.log : path}: ${sentence(words, code)}`)),
    ...hours(report, speech),
    ...basis(report, at, speech),
    steps(report, speech),
  ];
}
