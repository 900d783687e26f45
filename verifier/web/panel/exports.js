// @ts-check
/** What leaves this device, as files: the table as XLSX, a sitting to go on elsewhere, and what a signed report is made from. */

import { fill, printedNumber } from '../page/view.js';
import { fieldName, shown } from './detail.js';
import * as store from './store.js';
import { hoursOf, wordOf } from './table.js';
import { workbookOf } from './workbook.js';
import { FileProblem, need } from './zip.js';

/** @typedef {import('./store.js').Sitting} Sitting */

const FORMAT = 'certreg-sitting/1';
const MAX_FILE = 128 * 1024 * 1024;
const WIDTHS = [6, 12, 22, 7, 12, 26, 9, 9, 9, 10, 22, 40, 30];

/** @param {Blob} blob @param {string} name */
export function download(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** @param {string} name @returns {string} for a file */
export const fileName = (name) => name.replace(/[\\/:*?"<>|\u0000-\u001f]/g, ' ').trim().slice(0, 80) || 'sitting';

/** @param {Sitting} sitting @param {import('./rows.js').Row[]} rows @param {Speech} speech */
export function table(sitting, rows, speech) {
  const { columns, rules, attention } = speech.words;
  const lines = rows.map((row, at) => [
    at + 1,
    row.name,
    row.identity,
    row.year || '',
    wordOf(row, speech),
    row.certificates.map(({ number, label }) => (number ? printedNumber(number) : label)).join('\n'),
    ...(row.verdict === 'MISSING' ? ['', '', ''] : [row.professional, row.public, row.professional + row.public]),
    rules[row.rule],
    hoursOf(row, speech).slice(2).join('\n'),
    [...row.differences.map(({ field, claimed, signed, source }) => fill(speech.words.panel.differed, fieldName(field, speech), speech.words.sources[source], shown(field, claimed, speech), signed ? shown(field, signed, speech) : '—')),
      ...row.attention.filter((code) => ['several', 'unclaimed', 'no_rule'].includes(code)).map((code) => attention[code])].join('\n'),
    row.note,
  ]);
  return workbookOf(sitting.name, [Object.values(columns), ...lines], WIDTHS);
}

/** @param {Sitting} sitting @returns {Promise<Blob>} everything of it but its reports */
export async function saved(sitting) {
  const items = (await store.allOf('items', sitting.id)).map(({ id, sitting: _, ...item }) => item);
  return new Blob([JSON.stringify({ format: FORMAT, sitting, items })], { type: 'application/json' });
}

/** @param {File} file @returns {Promise<Sitting>} the sitting in it, as a new one of this device; verdicts are not taken, they are found anew */
export async function restored(file) {
  need(file.size <= MAX_FILE, 'sittingForm');
  const { sitting, items } = read(await file.text());
  const now = Date.now();
  const fresh = { ...sitting, id: crypto.randomUUID(), changed: now };
  await store.keepSitting(fresh, true);
  await store.keep('items', items.map((item) => ({ ...item, sitting: fresh.id })));
  return fresh;
}

/** @param {string} text @returns {{sitting: Sitting, items: any[]}} */
function read(text) {
  try {
    const { format, sitting, items } = JSON.parse(text);
    const { name, policy, applicants, notes } = sitting;
    const good = format === FORMAT && typeof name === 'string' && name && Array.isArray(items) && Array.isArray(applicants)
      && Array.isArray(policy.years) && policy.years.every(Number.isInteger) && typeof policy.grade === 'string' && typeof policy.ruleSet === 'string'
      && Number.isInteger(policy.statusMaxAge) && applicants.every((one) => typeof one.name === 'string' && typeof one.identity === 'string' && typeof one.claims === 'object')
      && items.every((one) => typeof one.label === 'string' && ['record', 'qrText', 'number', 'logProof', 'trouble'].every((part) => one[part] === undefined || typeof one[part] === 'string'));
    need(good, 'sittingForm');
    const kept = items.map((/** @type {any} */ { label, key, record, qrText, number, logProof, page, trouble }) => JSON.parse(JSON.stringify({ label, key: String(key || record || qrText || number || label), record, qrText, number, logProof, page, trouble })));
    return { sitting: { id: '', name: name.slice(0, 60), policy: { years: policy.years, grade: policy.grade, ruleSet: policy.ruleSet, statusMaxAge: policy.statusMaxAge }, applicants, notes: Object.assign({}, notes), created: Date.now(), changed: 0 }, items: kept };
  } catch (error) {
    throw error instanceof FileProblem ? error : new FileProblem('sittingForm');
  }
}

/** @param {Sitting} sitting @param {import('./store.js').Item[]} items what POST /api/panel/report takes: evidence and claims, and no verdict */
export function submission(sitting, items) {
  const claims = (/** @type {Object<string, any>} */ all) => Object.entries(all).map(([year, claim]) => ({ year: Number(year), ...claim }));
  return {
    name: sitting.name,
    policy: sitting.policy,
    applicants: sitting.applicants.map(({ name, identity, claims: all }) => ({ name, identity, claims: claims(all) })),
    items: items.map(({ label, record, qrText, number, logProof, page, trouble }) => ({
      target: label.slice(-200),
      ...(trouble ? { trouble } : record !== undefined ? { record } : qrText !== undefined ? { qrText } : { number }),
      ...(logProof !== undefined && { logProof }),
      ...(page && { page }),
    })),
    notes: Object.entries(sitting.notes).filter(([, text]) => text).map(([row, text]) => ({ row, text })),
  };
}

