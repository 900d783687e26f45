// @ts-check
/**
 * The table of a sitting: a row for each applicant and year, filtered, sorted, and drawn some hundreds at a time. Each row
 * begins with a button that opens it; the arrow keys go from one to the next.
 */

import { element, fill, printedNumber } from '../page/view.js';
import { detail, fieldName, shown } from './detail.js';

/** @typedef {import('./rows.js').Row} Row */
const DRAWN = 200;
export const FILTERS = ['attention', 'all', 'PASSED', 'FAILED', 'INDETERMINATE', 'MISSING', 'short', 'differs'];
export const SORTS = ['list', 'name', 'year', 'attention'];
const GRAVITY = ['FAILED', 'MISSING', 'INDETERMINATE', 'PASSED'];
const MARKS = /** @type {Object<string, string>} */ ({ PASSED: '✓', FAILED: '✕', INDETERMINATE: '?', MISSING: '○', waiting: '…' });

/** @param {Row} row @param {string} filter */
const passes = (row, filter) => filter === 'all' || (filter === 'attention' && row.attention.length > 0) || row.verdict === filter || row.attention.includes(filter);

/** @param {Row[]} rows @returns {Object<string, number>} rows by filter */
export const counted = (rows) => Object.fromEntries(FILTERS.map((filter) => [filter, rows.filter((row) => passes(row, filter)).length]));

/** @param {Row[]} rows @param {{filter: string, sort: string, search: string}} view */
export function chosen(rows, { filter, sort, search }) {
  const wanted = search.trim().toLowerCase().replace(/\s/g, '');
  const found = rows.filter((row) => passes(row, filter)
    && (!wanted || [row.name, row.note, row.identity, ...row.certificates.flatMap(({ number, label }) => [number, label])].some((text) => text.toLowerCase().replace(/\s/g, '').includes(wanted))));
  const by = /** @type {Object<string, (a: Row, b: Row) => number>} */ ({
    name: (a, b) => a.name.localeCompare(b.name, 'zh-CN') || a.year - b.year,
    year: (a, b) => a.year - b.year || a.name.localeCompare(b.name, 'zh-CN'),
    attention: (a, b) => GRAVITY.indexOf(a.verdict) - GRAVITY.indexOf(b.verdict) || b.attention.length - a.attention.length,
  });
  return by[sort] ? [...found].sort(by[sort]) : found;
}

/** @param {Row} row @returns {boolean} whether there is no verdict yet */
const waits = ({ verdict, certificates }) => verdict === 'INDETERMINATE' && certificates.some(({ reason }) => reason === 'waiting');

/** @param {Row} row @param {Speech} speech @returns {string} the verdict, or what ended the certificate, in a word; none before it is judged */
export function wordOf(row, { words }) {
  if (waits(row)) return words.panel.waiting;
  const { verdict, certificates } = row;
  const ended = certificates.map(({ reason }) => words.ended[reason]).find(Boolean);
  return (verdict === 'FAILED' && ended) || (verdict === 'MISSING' ? words.panel.missing : words.verdicts[verdict]);
}

/** @param {Row} row @param {Speech} speech */
export function hoursOf({ verdict, professional, public: general, rule, short }, { words }) {
  if (verdict === 'MISSING' && rule === 'unknown') return ['—'];
  const lacking = Object.entries(short).map(([name, value]) => fill(words.short[name], value));
  const counts = verdict !== 'MISSING' && rule !== 'undecided'; // a revoked one's hours are not nought, they are not counted
  return [counts ? `${professional}＋${general}` : '—', words.rules[rule], ...lacking];
}

/** @param {Row} row @param {Speech} speech @returns {string[]} what needs attention, in words */
function findingsOf(row, speech) {
  const { words } = speech;
  const differences = row.differences.map(({ field, claimed, signed, source }) => (signed
    ? fill(words.panel.differing, fieldName(field, speech), shown(field, claimed, speech), shown(field, signed, speech), words.sources[source])
    : `${fieldName(field, speech)} ${shown(field, claimed, speech)} → ${words.panel.notPresented}`));
  return [...row.attention.filter((code) => !['differs', 'failed', 'undecided', 'missing', 'short'].includes(code)).map((code) => words.attention[code]), ...differences];
}

/** @param {Row} row */
const idOf = (row) => `${row.name}|${row.identity}|${row.year}|${row.name ? '' : row.certificates.map(({ id }) => id).join()}`;

export class Table {
  /**
   * @param {Speech} speech
   * @param {{items: () => import('./store.js').Item[], remove: (item: any) => void, note: (row: Row, text: string) => void}} acts
   */
  constructor(speech, acts) {
    this.speech = speech;
    this.acts = acts;
    this.opened = new Set();
    this.most = DRAWN;
    this.body = element('tbody', {});
    this.more = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', class: 'more', hidden: '' }));
    const head = element('thead', {}, element('tr', {}, ...Object.keys(speech.words.heads).map((one) => element('th', { scope: 'col', class: one }, speech.words.heads[one]))));
    const table = element('table', { class: 'rows' }, element('caption', { class: 'hidden' }, speech.words.panel.table), head, this.body);
    this.whole = element('div', { class: 'whole' }, table, this.more);
    this.body.addEventListener('keydown', (event) => this.arrows(event));
  }

  /** @param {KeyboardEvent} event */
  arrows(event) {
    const step = /** @type {Object<string, number>} */ ({ ArrowDown: 1, ArrowUp: -1 })[event.key];
    const buttons = /** @type {HTMLElement[]} */ ([...this.body.querySelectorAll('button.open')]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (!step || at < 0) return;
    event.preventDefault();
    (buttons[at + step] || buttons[at]).focus();
  }

  /** @param {Row[]} rows as they are to be seen */
  show(rows) {
    const focused = /** @type {HTMLElement|null} */ (document.activeElement);
    const id = focused && focused.classList.contains('open') ? focused.dataset.row : undefined;
    if (focused && this.body.contains(focused) && focused.tagName === 'TEXTAREA') return; // a note is being written
    this.body.replaceChildren(...rows.slice(0, this.most).flatMap((row) => this.drawn(row)));
    this.more.hidden = rows.length <= this.most;
    this.more.textContent = fill(this.speech.words.panel.more, Math.max(0, rows.length - this.most));
    this.more.onclick = () => {
      this.most += DRAWN;
      this.show(rows);
    };
    if (id) /** @type {HTMLElement|undefined} */ ([...this.body.querySelectorAll('button.open')].find((one) => /** @type {HTMLElement} */ (one).dataset.row === id))?.focus({ preventScroll: true });
  }

  /** @param {Row} row */
  drawn(row) {
    const { speech } = this;
    const id = idOf(row);
    const open = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', class: 'open', 'aria-expanded': String(this.opened.has(id)) }, row.name || row.certificates.map(({ label }) => label).join(' ')));
    open.dataset.row = id;
    const numbers = row.certificates.filter(({ number }) => number).map(({ number }) => element('span', { class: 'number' }, printedNumber(number)));
    const findings = findingsOf(row, speech);
    const cell = (/** @type {string} */ name, /** @type {(Node|string)[]} */ ...children) => element('td', { class: name, 'data-label': speech.words.heads[name] }, ...children);
    const line = element('tr', { class: `row${row.attention.length ? ' attention' : ''}`, 'data-verdict': row.verdict },
      element('th', { scope: 'row', class: 'name' }, open, ...(row.identity ? [element('span', { class: 'identity' }, row.identity)] : [])),
      cell('year', row.year ? String(row.year) : '—'),
      cell('verdict', element('span', { class: `mark ${row.verdict}` }, element('i', { 'aria-hidden': 'true' }, MARKS[waits(row) ? 'waiting' : row.verdict]), wordOf(row, speech)), ...numbers),
      cell('hours', ...hoursOf(row, speech).map((text, at) => element('span', { class: at && row.rule === 'short' ? 'lack' : 'figure' }, text))),
      cell('findings', ...findings.map((text) => element('span', { class: 'finding' }, text))),
      cell('note', row.note));
    /** @type {HTMLElement|undefined} */
    let behind = this.opened.has(id) ? this.behind(row) : undefined;
    open.onclick = () => {
      if (behind) {
        behind.remove();
        behind = undefined;
        this.opened.delete(id);
      } else {
        this.opened.add(id);
        behind = this.behind(row);
        line.after(behind);
      }
      open.setAttribute('aria-expanded', String(Boolean(behind)));
    };
    return behind ? [line, behind] : [line];
  }

  /** @param {Row} row */
  behind(row) {
    const ids = new Set(row.certificates.map(({ id }) => id));
    const items = this.acts.items().filter(({ id }) => ids.has(id));
    const acts = { remove: this.acts.remove, note: (/** @type {string} */ text) => this.acts.note(row, text) };
    return element('tr', { class: 'behind' }, element('td', { colspan: '6' }, detail(row, items, this.speech, acts)));
  }
}
