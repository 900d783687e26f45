// @ts-check
/**
 * The page behind the QR (`/v`). What is presented stays on the device; only the registry's public files are fetched. Where the
 * browser has no cryptography (plain http), the server judges, and the page says so.
 */

import { anticipate, judge, loadTrust, readPin, readTemplates } from './gather.js';
import { Source, keepPage, keepVerified } from './source.js';
import { LANGUAGES, age, body, choose, codesOf, dressOf, element, headline, loadCommonWords, preferredLanguage, withRare, wordOf } from './view.js';

/**
 * @typedef {Partial<Evidence>} Presented
 * @typedef {{report: VerificationReport, at: number, troubles: Trouble[], isOld: boolean,
 *   byServer: boolean, presented: Presented, keep?: () => void}} Judged
 */

/** Tells start.js that these modules can be read here. */
Object.assign(window, { certregRuns: true });

const MAX_FILE = 65536;
const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

let language = preferredLanguage();
/** @type {Words} */
let words;
/** @type {Judged|undefined} */
let judged;
/** The registry's address, from the root that was put beside this page. */
let official = '';
let turn = 0;
let isChecking = false;

/** @param {string} id @param {string} text */
function write(id, text) {
  if (part(id).textContent !== text) part(id).textContent = text;
}

/** @param {string} text */
function say(text) {
  part('verdict').className = '';
  part('verdict').replaceChildren(element('p', {}, text));
  part('report').replaceChildren();
}

function show() {
  if (official) part('official').replaceChildren(`${words.page.official} `, element('b', {}, official));
  if (!judged) {
    say(isChecking ? words.page.checking : words.page.welcome);
    return;
  }
  const { report, at, troubles, isOld, byServer, presented } = judged;
  const speech = { words, language };
  part('verdict').className = dressOf(report);
  part('verdict').replaceChildren(...headline(report, speech, presented.qrText), ...age(report, at, isOld, speech),
    ...(byServer ? [element('p', { class: 'notice' }, words.page.byServer)] : []));
  document.title = `${wordOf(report, words)} · ${words.page.title}`;
}

/** What stands below the verdict, and the form for another one. */
function showMore() {
  if (judged) part('report').replaceChildren(...body(judged.report, judged.at, judged.troubles, { words, language }));
  if (part('form').hidden) buildForm();
}

/** @param {Presented} presented @returns {Promise<Judged>} */
async function judgedHere(presented) {
  /** @type {Trouble[]} */
  const troubles = [];
  const at = Math.floor(Date.now() / 1000);
  const source = new Source();
  const { guess } = window.certregEarly || {};
  if (guess) anticipate(source, guess);
  window.certregEarly = undefined; // it was about the first code
  const trust = await loadTrust(source, troubles, presented) || nobodys();
  official = trust.pinned ? trust.pin.registry : '';
  const report = await judge(source, trust, { ...presented, status: new Map() }, at, troubles);
  const keep = () => keepAll(source, trust, report).catch(console.error);
  return { report, at, troubles, isOld: source.isOffline, byServer: false, presented, keep };
}

/** @param {Source} source @param {Trust} trust @param {VerificationReport} report */
async function keepAll(source, trust, report) {
  const templates = trust.list ? await readTemplates(source, trust.list, []) : [];
  await keepVerified(source, { ...trust, templates }, report);
  await keepPage();
}

/** @param {Presented} presented @returns {Promise<Judged>} */
async function judgedThere(presented) {
  const { judgeItem } = await import('../desk/server.js');
  const report = await judgeItem(presented, language);
  return { report, at: Date.parse(String(report.at)) / 1000, troubles: report.troubles, isOld: false, byServer: true, presented };
}

/** @param {Presented} presented */
async function check(presented) {
  turn += 1;
  const mine = turn;
  isChecking = true;
  judged = undefined;
  if (words) say(words.page.checking); // else the page itself says it still
  try {
    const found = await (window.crypto && crypto.subtle ? judgedHere : judgedThere)(presented);
    await spoken;
    if (mine !== turn) return; // something else was presented meanwhile
    judged = found;
    await speakOf(language);
    if (mine !== turn) return;
    show();
    // First the verdict: a telephone takes as long to set the rest.
    requestAnimationFrame(() => setTimeout(() => {
      part('verdict').focus({ preventScroll: true });
      showMore();
      if (found.keep) found.keep();
    }));
  } catch (error) {
    if (/** @type {any} */ (error).title === undefined) console.error(error);
    await spoken;
    if (mine !== turn) return;
    say(/** @type {any} */ (error).title === '' ? words.page.tooOld : /** @type {any} */ (error).title || words.page.fault);
    showMore();
  } finally {
    if (mine === turn) isChecking = false;
  }
}

/** @returns {Trust} trust in nothing, where the publication cannot be reached */
function nobodys() {
  const pin = { registry: '', root: { threshold: 1, keys: [] }, fingerprint: '' };
  return { error: 'trust_list_count', pin, pinned: false, templates: [] };
}

function checkAddress() {
  if (location.hash.length > 1) check({ qrText: `https://${location.host}/v${location.hash}` });
}

/** @param {FileList|File[]} files */
async function readFiles(files) {
  /** @type {Partial<Evidence>} */
  const presented = {};
  for (const file of Array.from(files)) {
    // One byte more than any genuine file, so that step 0 says what is too large.
    const data = new Uint8Array(await file.slice(0, MAX_FILE + 1).arrayBuffer());
    if (file.name.endsWith('.tlog-proof')) presented.logProof = data;
    else presented.record = data;
  }
  return presented;
}

/** @param {string} text */
const readText = (text) => (/^\s*https?:/i.test(text) ? { qrText: text } : { number: text });

function buildForm() {
  const typed = /** @type {HTMLInputElement} */ (element('input', { id: 'typed', type: 'text', autocomplete: 'off', maxlength: '2048' }));
  const files = /** @type {HTMLInputElement} */ (element('input', { id: 'files', type: 'file', multiple: '', accept: '.json,.tlog-proof,application/json' }));
  const form = /** @type {HTMLFormElement} */ (part('form'));
  form.replaceChildren(
    element('h2', {}, words.page.form),
    element('label', { for: 'typed' }, words.page.typed), typed,
    element('label', { for: 'files' }, words.page.files), files,
    element('button', { type: 'submit' }, words.page.check),
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    const presented = await readFiles(files.files || []);
    await check(typed.value.trim() ? { ...presented, ...readText(typed.value) } : presented);
    window.scrollTo(0, 0);
  };
  form.hidden = false;
}

/** @param {string} chosen */
async function speakOf(chosen) {
  const common = await loadCommonWords(chosen);
  words = judged ? await withRare(common, chosen, codesOf(judged.report, judged.troubles)) : common;
  language = chosen;
}

/** @param {string} chosen */
async function speak(chosen) {
  const isFirst = !words;
  await speakOf(chosen);
  document.documentElement.lang = chosen;
  document.title = words.page.title;
  write('title', words.page.title);
  write('more', words.page.more);
  const other = LANGUAGES.find((one) => one !== chosen) || chosen;
  const button = part('language');
  write('language', words.page.language);
  button.lang = other;
  button.onclick = () => {
    choose(other);
    speak(other).then(() => keepPage());
  };
  if (isFirst && isChecking) return; // first the verdict
  buildForm();
  show();
  showMore();
}

/** Nothing was scanned: the address is all that there is to show. */
async function welcome() {
  keepPage();
  const { pin, pinned } = await readPin(new Source());
  official = pinned ? pin.registry : '';
  show();
}

/** Without a network there may be only the other language. */
const spoken = speak(language).catch(() => speak(LANGUAGES.find((one) => one !== language) || language));

// A code is judged while the words are still on their way.
checkAddress();
spoken.then(() => {
  window.onhashchange = checkAddress;
  window.ononline = () => { if (judged && judged.isOld) check(judged.presented); };
  if (!location.hash && window.crypto && crypto.subtle) welcome().catch(() => undefined); // without a network there may be no pin
});
