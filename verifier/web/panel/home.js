// @ts-check
/** The sittings on this device: go on with one, make, delete or restore one. */

import { element, fill } from '../page/view.js';
import { restored } from './exports.js';
import { sittingForm } from './form.js';
import * as store from './store.js';

/** @typedef {{open: (id: string) => void, again: () => void, failed: (error: unknown) => void}} Acts */

/** @param {string} text @param {() => void} act @param {string} [kind] */
export function button(text, act, kind = '') {
  const made = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', ...(kind && { class: kind }) }, text));
  made.onclick = act;
  return made;
}

/** @param {number[]} years */
export const yearsText = (years) => (years.length > 2 && years.every((year, at) => at === 0 || year === years[at - 1] + 1) ? `${years[0]}–${years[years.length - 1]}` : years.join(' '));

/** @param {Speech} speech @param {any[]} ruleSets @param {Acts} acts */
export async function homeView(speech, ruleSets, { open, again, failed }) {
  const { panel } = speech.words;
  const found = await store.sittings().catch(() => undefined);
  const cards = await Promise.all((found || []).map((one) => card(one, speech, { open, again, failed })));
  const file = /** @type {HTMLInputElement} */ (element('input', { type: 'file', accept: '.json', id: 'restore' }));
  file.onchange = () => {
    const [given] = [...(file.files || [])];
    file.value = ''; // or the same one could not be given again
    restored(given).then(({ id }) => open(id)).catch(failed);
  };
  const id = crypto.randomUUID(); // pressed twice, it is begun once
  const form = sittingForm(speech, ruleSets, undefined, (asked) => {
    const now = Date.now();
    store.keepSitting({ id, ...asked, applicants: [], notes: {}, created: now, changed: now }, true).then(() => open(id)).catch(failed);
  });
  return [
    element('p', { class: 'lead' }, panel.lead),
    element('div', { class: 'home' },
      element('section', { 'aria-labelledby': 'sittings' }, element('h2', { id: 'sittings' }, panel.sittings),
        ...(found ? [] : [element('p', { class: 'alarm' }, panel.noStore)]),
        ...(cards.length ? [element('ul', { class: 'sittings' }, ...cards)] : [element('p', { class: 'none' }, panel.noSittings)]),
        element('p', { id: 'said', role: 'status', 'aria-live': 'polite' }),
        element('label', { class: 'file restore' }, file, element('span', {}, panel.restore))),
      element('section', { 'aria-labelledby': 'new', class: 'new' }, element('h2', { id: 'new' }, panel.create), form)),
  ];
}

/** @param {store.Sitting} sitting @param {Speech} speech @param {Acts} acts */
async function card(sitting, speech, { open, again, failed }) {
  const { panel } = speech.words;
  const [items, waiting] = await Promise.all([store.countOf(sitting.id, 'items'), store.countOf(sitting.id, 'waiting')]);
  const what = [...(sitting.policy.years.length ? [yearsText(sitting.policy.years)] : []), fill(panel.certificates, items), fill(panel.applicants, sitting.applicants.length),
    ...(waiting ? [fill(panel.unread, waiting)] : []), new Date(sitting.changed).toLocaleDateString(speech.language)];
  return element('li', {}, button(sitting.name, () => open(sitting.id), 'sitting'), element('span', { class: 'what' }, what.join(' · ')),
    button(panel.delete, async () => {
      if (!window.confirm(fill(panel.deleteSure, sitting.name))) return;
      await store.dropSitting(sitting.id).catch(failed);
      again();
    }, 'plain'));
}
