// @ts-check
/** The form of a sitting: its name, and what the panel asks for. */

import { element } from '../page/view.js';

const AGES = [0, 6, 24, 72, 168];

/** @param {string} text @returns {number[]|undefined} `2022-2024 2026` as years, ascending */
function yearsIn(text) {
  const found = new Set();
  for (const one of text.normalize('NFKC').replace(/\s*[-–—~至到]\s*/g, '-').split(/[\s,，、;；年度]+/).filter(Boolean)) {
    const match = /^(20[0-9]{2})(?:-(20[0-9]{2}))?$/.exec(one);
    if (!match) return undefined;
    for (let year = Number(match[1]); year <= Number(match[2] || match[1]); year += 1) found.add(year);
  }
  return found.size <= 20 ? [...found].sort() : undefined;
}

/**
 * @param {Speech} speech
 * @param {any[]} ruleSets
 * @param {import('./store.js').Sitting|undefined} sitting to begin with
 * @param {(asked: {name: string, policy: import('./rows.js').Policy}) => void} done
 * @param {() => void} [close]
 */
export function sittingForm(speech, ruleSets, sitting, done, close) {
  const { panel, grade: grades } = speech.words;
  const policy = sitting ? sitting.policy : { years: [], grade: '', ruleSet: '', statusMaxAge: 86400 };
  const input = (/** @type {Object<string, string>} */ attributes) => /** @type {HTMLInputElement} */ (element('input', { type: 'text', autocomplete: 'off', ...attributes }));
  const select = (/** @type {[string, string][]} */ options, /** @type {string} */ value) => {
    const made = /** @type {HTMLSelectElement} */ (element('select', {}, ...options.map(([key, text]) => element('option', { value: key }, text))));
    made.value = value;
    return made;
  };
  const name = input({ maxlength: '60', required: '', placeholder: panel.nameHint, value: sitting ? sitting.name : '' });
  const years = input({ maxlength: '100', placeholder: '2022-2026', inputmode: 'numeric', value: policy.years.join(' ') });
  const grade = select([['', panel.ownGrade], ...Object.entries(grades)], policy.grade);
  const named = ruleSets.map((one) => /** @type {[string, string]} */ ([one.id, one.title[speech.language === 'en' ? 'en' : 'zh'] || one.title.zh]));
  if (policy.ruleSet && !named.some(([id]) => id === policy.ruleSet)) named.push([policy.ruleSet, policy.ruleSet]);
  const rules = select([['', panel.ownRules], ...named], policy.ruleSet);
  const ages = AGES.map((hours) => /** @type {[string, string]} */ ([String(hours * 3600), hours ? panel.hoursOld.replace('{}', String(hours)) : panel.anyAge]));
  const age = select(ages, String(policy.statusMaxAge));
  const wrong = element('p', { class: 'alarm', role: 'alert' });
  const cancel = /** @type {HTMLButtonElement} */ (element('button', { type: 'button' }, panel.close));
  cancel.onclick = () => close && close();
  const form = /** @type {HTMLFormElement} */ (element('form', { class: 'sitting-form', novalidate: '' },
    element('label', {}, panel.name, name), element('label', {}, panel.years, years), element('label', {}, panel.grade, grade),
    element('label', {}, panel.rules, rules), element('label', {}, panel.age, age), wrong,
    element('div', { class: 'acts' }, element('button', { type: 'submit', class: 'main' }, sitting ? panel.keep : panel.begin), ...(close ? [cancel] : []))));
  form.onsubmit = (event) => {
    event.preventDefault();
    const asked = yearsIn(years.value);
    const called = name.value.normalize('NFC').trim();
    wrong.textContent = !called ? panel.nameNeeded : asked ? '' : panel.yearsWrong;
    if (!called) name.focus();
    else if (!asked) years.focus();
    else done({ name: called, policy: { years: asked, grade: grade.value, ruleSet: rules.value, statusMaxAge: Number(age.value) } });
  };
  return form;
}
