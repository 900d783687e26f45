// @ts-check
/** The panel's words in the reader's language: the common ones, the desk's on files, and its own. */

import { LANGUAGES, choose, loadWords, preferredLanguage } from '../page/words.js';

/** @param {string} folder @param {string} language */
async function own(folder, language) {
  const response = await fetch(new URL(`../${folder}/words/${language}.json`, import.meta.url).href, { credentials: 'omit' });
  return response.json();
}

/** @param {(speech: import('../page/view.js').Speech) => void} told now, and whenever the language is switched */
export async function speaking(told) {
  /** @param {string} language */
  const speak = async (language) => {
    const [common, desk, panel] = await Promise.all([loadWords(language), own('desk', language), own('panel', language)]);
    document.documentElement.lang = language;
    const other = LANGUAGES.find((one) => one !== language) || language;
    const button = /** @type {HTMLButtonElement} */ (document.getElementById('language'));
    button.textContent = common.page.language;
    button.lang = other;
    button.onclick = () => {
      choose(other);
      speak(other);
    };
    told({ language, words: { ...common, ...panel, codes: { ...common.codes, ...desk.codes, ...panel.codes } } });
  };
  await speak(preferredLanguage());
}
