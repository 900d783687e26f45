// @ts-check
/** What stands behind a row when it is opened: what is claimed beside what is signed, each certificate with its steps, and a note. */

import { body, dressOf, element, headline, printedNumber } from '../page/view.js';

/** @param {string} field @param {Speech} speech */
export const fieldName = (field, { words }) => words.panelFields[field] || words.fields[field] || field;

/** @param {string} field @param {string} value @param {Speech} speech @returns {string} */
export const shown = (field, value, { words }) => (field === 'grade' && words.grade[value]) || (/umber$/.test(field) && printedNumber(value)) || value;

/** @param {import('./rows.js').Difference[]} differences @param {Speech} speech */
function differencesTable(differences, speech) {
  const { panel, sources } = speech.words;
  const head = [panel.field, panel.claimed, panel.signed].map((text) => element('th', { scope: 'col' }, text));
  return element('table', { class: 'differences' },
    element('caption', {}, panel.differences),
    element('thead', {}, element('tr', {}, ...head)),
    element('tbody', {}, ...differences.map(({ field, claimed, signed, source }) => element('tr', {},
      element('th', { scope: 'row' }, fieldName(field, speech)),
      element('td', {}, element('del', {}, shown(field, claimed, speech)), ' ', element('span', { class: 'source' }, sources[source])),
      element('td', {}, signed ? shown(field, signed, speech) : panel.notPresented)))));
}

/** @param {import('./store.js').Item} item @param {Speech} speech @param {(item: import('./store.js').Item) => void} remove */
function certificate(item, speech, remove) {
  const { panel, codes, verdicts } = speech.words;
  const away = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', class: 'plain' }, panel.remove));
  away.onclick = () => remove(item);
  const foot = element('p', { class: 'from' }, item.label, element('span', { class: 'away' }, ' · ', away));
  if (!item.report) {
    const text = item.trouble ? codes[item.trouble] || panel[item.trouble] || item.trouble : panel.waiting;
    return element('article', { class: 'card INDETERMINATE' }, element('p', { class: 'word' }, item.trouble ? verdicts.INDETERMINATE : panel.waiting), element('p', { class: 'reason' }, text), foot);
  }
  return element('article', { class: `card ${dressOf(item.report)}` }, ...headline(item.report, speech), foot,
    element('details', {}, element('summary', {}, panel.details), ...body(item.report, item.at || 0, item.troubles || [], speech)));
}

/**
 * @param {import('./rows.js').Row} row
 * @param {import('./store.js').Item[]} items
 * @param {Speech} speech
 * @param {{remove: (item: import('./store.js').Item) => void, note: (text: string) => void}} acts
 */
export function detail(row, items, speech, { remove, note }) {
  const { panel } = speech.words;
  const box = /** @type {HTMLTextAreaElement} */ (element('textarea', { rows: '2', maxlength: '200', 'aria-label': panel.note }));
  box.value = row.note;
  box.onchange = () => note(box.value.trim());
  return element('div', { class: 'detail' },
    ...(row.differences.length ? [differencesTable(row.differences, speech)] : []),
    ...(items.length ? items.map((item) => certificate(item, speech, remove)) : [element('p', { class: 'none' }, panel.nonePresented)]),
    element('label', { class: 'note' }, panel.note, box));
}
