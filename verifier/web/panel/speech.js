// @ts-check
/** The panel's words in the reader's language: the common ones, the desk's on files, and its own. */

import { readPin } from '../page/gather.js';
import { Source } from '../page/source.js';
import { LANGUAGES, choose, element, loadWords, preferredLanguage } from '../page/view.js';

/** @param {string} folder @param {string} language */
async function own(folder, language) {
  const response = await fetch(new URL(`../${folder}/words/${language}.json`, import.meta.url).href);
  return response.json();
}

/** The registry's address, from the root that was put beside this page. @param {Words} words */
async function showOfficial({ page }) {
  const { pin, pinned } = await readPin(new Source());
  const place = /** @type {HTMLElement} */ (document.getElementById('official'));
  if (pinned) place.replaceChildren(`${page.official} `, element('b', {}, pin.registry));
}

/** @param {(speech: Speech) => void} told now, and whenever the language is switched */
export async function speaking(told) {
  let turn = 0;
  /** @param {string} language */
  const speak = async (language) => {
    turn += 1;
    const mine = turn;
    const [common, desk, panel] = await Promise.all([loadWords(language), own('desk', language), own('panel', language)]);
    if (mine !== turn) return; // another one was chosen meanwhile
    document.documentElement.lang = language;
    const other = LANGUAGES.find((one) => one !== language) || language;
    const button = /** @type {HTMLButtonElement} */ (document.getElementById('language'));
    button.textContent = common.page.language;
    button.lang = other;
    button.onclick = () => {
      choose(other);
      speak(other);
    };
    showOfficial(common).catch(() => undefined); // by plain http, or without a network, there may be no pin
    told({ language, words: { ...common, ...panel, codes: { ...common.codes, ...desk.codes, ...panel.codes } } });
  };
  await speak(preferredLanguage());
}
