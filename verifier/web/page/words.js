// @ts-check
/** Words in the reader's language; codes are the identity of a finding, words a translation (SPEC 7.7). */

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
  const response = await fetch(address, { credentials: 'omit' });
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

/** @param {number|string|boolean} seconds @param {string} language @returns {string} China's time in Chinese, UTC in English */
export function timeText(seconds, language) {
  const english = language === 'en';
  const text = new Date((Number(seconds) + (english ? 0 : 8 * 3600)) * 1000).toISOString().slice(0, 19).replace('T', ' ');
  return english ? `${text} UTC` : `${text}（北京时间）`;
}

/** @param {string} digits @returns {string} as it is printed */
export const printedNumber = (digits) => digits.replace(/^(.{6})(.{4})(.)(.{7})(.{2})$/, '$1 $2 $3 $4 $5');
