// @ts-check
/**
 * What a sitting is worked with: where things are given, which rows are shown and in what order, and how far the work is. What they
 * do is `main.js`'s.
 */

import { element, fill } from '../page/view.js';
import { button, yearsText } from './home.js';
import { FILTERS, SORTS } from './table.js';

/**
 * @typedef {import('./store.js').Sitting} Sitting
 * @typedef {import('./work.js').Work} Work
 */

/** What a sitting asks for, in a line. @param {Sitting} sitting @param {Speech} speech */
export function policyText({ policy }, { words: { panel, grade } }) {
  const age = policy.statusMaxAge ? fill(panel.statusWithin, policy.statusMaxAge / 3600) : panel.anyAge;
  return [policy.years.length ? yearsText(policy.years) : panel.anyYear, policy.grade ? grade[policy.grade] : panel.ownGrade, policy.ruleSet || panel.ownRules, age].join(' · ');
}

/**
 * Where codes, files, folders and texts are given.
 * @param {Speech} speech
 * @param {{typed: () => void, texts: (label: string, lines: string[]) => Promise<boolean>, take: (files: File[]) => void}} takers
 */
export function givers({ words: { panel } }, { typed, texts, take }) {
  const code = element('input', { id: 'code', type: 'text', maxlength: '2048', spellcheck: 'false', autocapitalize: 'off', autocomplete: 'off', 'aria-describedby': 'code-hint' });
  const form = /** @type {HTMLFormElement} */ (element('form', { class: 'gun' }, element('label', { for: 'code' }, panel.code), code, element('p', { id: 'code-hint', class: 'hint' }, panel.codeHint)));
  form.onsubmit = (event) => {
    event.preventDefault();
    typed();
  };
  const chooser = (/** @type {string} */ id, /** @type {string} */ label, /** @type {Object<string, string>} */ attributes) => {
    const input = /** @type {HTMLInputElement} */ (element('input', { id, type: 'file', multiple: '', ...attributes }));
    input.onchange = () => {
      const files = [...(input.files || [])];
      input.value = '';
      take(files);
    };
    return element('label', { class: 'file' }, input, element('span', {}, label));
  };
  const many = /** @type {HTMLTextAreaElement} */ (element('textarea', { rows: '4', id: 'many', 'aria-label': panel.many }));
  return [form,
    element('div', { id: 'drop' }, element('p', {}, panel.drop), chooser('files', panel.files, {}), chooser('folder', panel.folder, { webkitdirectory: '' }), element('p', { class: 'hint' }, panel.filesHint)),
    element('details', {}, element('summary', {}, panel.many), many, button(panel.take, async () => {
      const given = many.value;
      if (await texts(panel.pasted, given.split('\n')) && many.value === given) many.value = '';
    })),
    element('p', { id: 'list', class: 'hint' })];
}

/** Which rows are shown; `draw` of main.js says how many each has. @param {Speech} speech @param {(filter: string) => void} choose */
export function filters({ words: { panel, filters: names } }, choose) {
  return element('div', { id: 'filters', role: 'group', 'aria-label': panel.filter }, ...FILTERS.map((filter) => {
    const made = button('', () => choose(filter), filter);
    made.dataset.filter = filter;
    made.append(element('b', {}, '0'), ` ${names[filter]}`);
    return made;
  }));
}

/** Search and order. @param {Speech} speech @param {{search: string, sort: string}} view changed by it @param {() => void} redraw */
export function tools({ words: { panel, sorts } }, view, redraw) {
  const search = /** @type {HTMLInputElement} */ (element('input', { type: 'search', id: 'search', placeholder: panel.search, 'aria-label': panel.search }));
  search.value = view.search;
  search.oninput = () => {
    view.search = search.value;
    redraw();
  };
  const sort = /** @type {HTMLSelectElement} */ (element('select', { id: 'sort', 'aria-label': panel.sort }, ...SORTS.map((one) => element('option', { value: one }, sorts[one]))));
  sort.value = view.sort;
  sort.onchange = () => {
    view.sort = sort.value;
    redraw();
  };
  return element('div', { class: 'tools' }, search, sort);
}

/** @param {Speech} speech */
export function progressBox({ words: { panel } }) {
  return element('div', { id: 'progress', hidden: '' }, element('progress', { max: '1', value: '0', 'aria-label': panel.progress }),
    element('span', {}), element('button', { type: 'button' }));
}

/** @param {HTMLElement} box @param {Work} now @param {Speech} speech @param {() => void} anew before it goes on, or ends */
export function showProgress(box, now, { words: { panel } }, anew) {
  const [bar, text, act] = /** @type {any[]} */ ([...box.children]);
  const whole = now.items.length + now.waiting.length;
  box.hidden = !now.running && !now.left;
  bar.max = Math.max(1, whole);
  bar.value = whole - now.left;
  text.textContent = now.waiting.length ? fill(panel.reading, now.waiting.length) : fill(panel.judging, whole - now.left, whole);
  const goes = now.running && !now.cancelled; // what is under way may take long to end
  act.textContent = goes ? panel.cancel : panel.resume;
  act.onclick = () => {
    anew();
    if (now.running && !now.cancelled) now.cancel();
    else now.run();
  };
}
