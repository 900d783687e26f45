// @ts-check
/**
 * The desk of a panel (`/verify`): many certificates one after another, by scanner gun, files, the clipboard, or number and
 * name. What this device can read is judged here, as on the page behind the QR; only what it cannot is sent, and the page
 * says so. Results stay until the page is closed and are kept nowhere.
 */

import { judge, loadTrust, readPin } from '../page/gather.js';
import { Source, keepPage, keepVerified } from '../page/source.js';
import { LANGUAGES, age, body, choose, dressOf, element, fill, headline, loadWords, preferredLanguage, printedNumber, readWords, wordOf } from '../page/view.js';
import { Camera, Sightings, hasCamera } from './camera.js';
import { evidenceOf, sorted } from './files.js';
import { listen } from './gun.js';
import { Refusal, judgeFiles, judgeItem, judgeNumber } from './server.js';

/**
 * @typedef {{label: string, place: string, report?: VerificationReport, at?: number, troubles?: Trouble[], note?: string,
 *   isOld?: boolean, qrText?: string}} Card
 */

const TRUST_SECONDS = 60;
const MOST_CARDS = 500;
const VERDICTS = ['PASSED', 'FAILED', 'INDETERMINATE'];
const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

let language = preferredLanguage();
/** How often a language was chosen. */
let chosenTimes = 0;
/** @type {Words} */
let words;
/** @type {Card[]} newest first */
let cards = [];
/** @type {{at: number, source: Source, troubles: Trouble[], trust: Promise<Trust|undefined>}|undefined} */
let read;
/** Whether this browser has cryptography; on plain http it has none, and the server judges everything. */
const judgesHere = Boolean(window.crypto && crypto.subtle);
/** @type {Camera|undefined} */
let camera;
const sightings = new Sightings();

const seconds = () => Math.floor(Date.now() / 1000);

/** The publication as it was read at most a minute ago. */
function publication() {
  if (!read || seconds() - read.at > TRUST_SECONDS) {
    const source = new Source();
    /** @type {Trouble[]} */
    const troubles = [];
    read = { at: seconds(), source, troubles, trust: loadTrust(source, troubles) };
  }
  return read;
}

/** @returns {Trust} trust in nothing, where the publication cannot be reached */
function nobodys() {
  return { error: 'trust_list_count', pin: { registry: '', root: { threshold: 1, keys: [] }, fingerprint: '' }, pinned: false, templates: [] };
}

/** @param {string} label @param {Partial<Evidence>} evidence @returns {Promise<Card>} */
async function judgedHere(label, evidence) {
  if (!judgesHere) return judgedThere(await judgeItem(evidence, language), label);
  const { source, trust, troubles } = publication();
  const loaded = await trust || nobodys();
  const mine = [...troubles];
  const at = seconds();
  const report = await judge(source, loaded, { ...evidence, status: new Map() }, at, mine);
  if (mine.length || source.isOffline) read = undefined; // an outage is not kept for a minute
  setTimeout(() => keepVerified(source, loaded, report).catch(console.error));
  return { label, place: 'here', report, at, troubles: mine, isOld: source.isOffline, qrText: evidence.qrText };
}

/** @param {import('./server.js').Judged} report @param {string} label @returns {Card} */
function judgedThere(report, label) {
  return { label, place: 'there', report, at: Date.parse(/** @type {any} */ (report).at) / 1000, troubles: report.troubles };
}

/** @param {Card} card */
function keep(card) {
  cards = [card, ...cards].slice(0, MOST_CARDS);
  part('cards').prepend(element('li', {}, drawn(card)));
  while (part('cards').childElementCount > MOST_CARDS) part('cards').lastElementChild?.remove();
  count();
  const { report } = card;
  say(report ? `${wordOf(report, words)} ${printedNumber(report.number)}` : card.note || '');
  part('said').scrollIntoView({ block: 'nearest' }); // on a telephone it is below what was asked
}

/** @param {string} text */
function say(text) {
  part('said').textContent = text;
}

/** A mistyped number is no certificate's, and in no count. */
function count() {
  part('counts').replaceChildren(...VERDICTS.map((verdict) => element('div', { class: verdict },
    element('dt', {}, words.verdicts[verdict]),
    element('dd', {}, String(cards.filter(({ report }) => report && report.verdict === verdict && dressOf(report) === verdict).length)))));
}

/** @param {Card} card */
function drawn({ label, place, report, at = 0, troubles = [], note, isOld = false, qrText }) {
  const from = element('p', { class: 'from' }, `${label} · ${words.desk[place]}`);
  if (!report) return element('article', { class: 'card' }, element('p', { class: 'reason' }, note || ''), from);
  const speech = { words, language };
  const shown = report.record ? [element('p', { class: 'number' }, `${words.labels.number} ${printedNumber(report.number)}`)] : [];
  const name = report.record ? [element('p', { class: 'signed' }, `${words.fields.name} ${report.record.credentialSubject.name}`)] : [];
  return element('article', { class: `card ${dressOf(report)}` }, ...headline(report, speech, qrText), ...shown, ...name,
    ...age(report, at, isOld, speech), from,
    element('details', {}, element('summary', {}, words.desk.details), ...body(report, at, troubles, speech)));
}

/** @param {string} label @param {string} place @param {unknown} error */
function refused(label, place, error) {
  if (!(error instanceof Refusal)) console.error(error);
  const note = error instanceof Refusal ? error.title || words.desk.noServer : words.page.fault;
  keep({ label, place, note });
}

/** @param {string} text @param {string} name */
async function checkText(text, name) {
  const evidence = evidenceOf(text);
  const label = evidence.qrText ? words.desk.scanned : text.slice(0, 64);
  say(words.page.checking);
  try {
    keep(name && evidence.number ? await byNumber(evidence.number, name, label) : await judgedHere(label, { ...evidence, ...(name && { name }) }));
  } catch (error) {
    refused(label, evidence.number && name ? 'there' : 'here', error);
  }
}

/** @param {string} number @param {string} name @param {string} label @returns {Promise<Card>} */
async function byNumber(number, name, label) {
  try {
    return judgedThere(await judgeNumber(number, name, language), label);
  } catch (error) {
    const nobody = error instanceof Refusal && ['', 'number_lookup_unavailable'].includes(error.code);
    if (!nobody) throw error;
    return judgedHere(label, { number, name });
  }
}

/** @param {File[]} files */
async function checkFiles(files) {
  if (!files.length) return;
  say(fill(words.desk.reading, files.length));
  try {
    const { here, there } = judgesHere ? await sorted(files) : { here: [], there: files };
    for (const { label, evidence } of here) keep(await judgedHere(label, evidence));
    if (there.length) await judgeFiles(there, language, (report) => keep(judgedThere(report, report.target)));
  } catch (error) {
    refused(files.length === 1 ? files[0].name : fill(words.desk.files, files.length), 'there', error);
  }
}

/** @param {File} picture a camera's; most show no certificate, or the one before */
async function checkPicture(picture) {
  const mine = camera;
  try {
    await judgeFiles([picture], language, (report) => {
      const has = report.number || report.steps[1].outcome === 'PASSED';
      if (has && sightings.isNew(report.number || report.reason, performance.now())) keep(judgedThere(report, words.desk.camera));
    });
  } catch (error) {
    if (!mine || camera !== mine) return; // closed meanwhile
    closeCamera();
    refused(words.desk.camera, 'there', error);
  }
}

function closeCamera() {
  if (camera) camera.close();
  camera = undefined;
  part('video').hidden = true;
  part('camera').textContent = words.desk.openCamera;
}

async function openCamera() {
  const video = /** @type {HTMLVideoElement} */ (part('video'));
  const mine = new Camera(video, async (qrText) => keep(await judgedHere(words.desk.scanned, { qrText })), checkPicture);
  camera = mine;
  video.hidden = false;
  part('camera').textContent = words.desk.closeCamera;
  try {
    await mine.open();
    if (camera === mine) say(words.desk.watching);
  } catch (_) {
    if (camera !== mine) return; // closed meanwhile, and perhaps opened anew
    closeCamera();
    say(words.desk.noCamera);
  }
}

/** The camera's part of the form; nothing where the browser gives no page a camera. */
function cameraPart() {
  if (!hasCamera()) return [];
  return [element('div', { id: 'watch' },
    element('video', { id: 'video', muted: '', playsinline: '', hidden: '', 'aria-label': words.desk.camera }),
    element('button', { id: 'camera', type: 'button', 'aria-describedby': 'camera-hint' }, words.desk.openCamera),
    element('p', { id: 'camera-hint', class: 'hint' }, words.desk.cameraHint))];
}

function checkTyped() {
  const [code, name] = [field('code'), field('name')];
  const text = code.value.trim();
  if (!text) {
    say(words.desk.nothing);
  } else {
    checkText(text, name.value.trim());
    code.value = '';
    name.value = '';
  }
  code.focus();
}

/** @param {string} id @param {string} label @param {Object<string, string>} attributes @param {string} hint */
function labelled(id, label, attributes, hint) {
  return [
    element('label', { for: id }, label),
    element('input', { id, ...attributes, 'aria-describedby': `${id}-hint` }),
    element('p', { id: `${id}-hint`, class: 'hint' }, hint),
  ];
}

function build() {
  const { desk } = words;
  const begun = ['code', 'name'].map((id) => (field(id) ? field(id).value : ''));
  if (camera) camera.close();
  camera = undefined;
  const form = /** @type {HTMLFormElement} */ (element('form', { id: 'typed', autocomplete: 'off' },
    ...labelled('code', desk.code, { type: 'text', maxlength: '2048', spellcheck: 'false', autocapitalize: 'off', enterkeyhint: 'go' }, judgesHere ? desk.codeHint : desk.sentHint),
    ...labelled('name', desk.name, { type: 'text', maxlength: '200' }, desk.nameHint),
    element('button', { type: 'submit' }, words.page.check)));
  const drop = element('div', { id: 'drop' },
    ...labelled('files', desk.choose, { type: 'file', multiple: '', accept: '.json,.tlog-proof,.pdf,.png,.jpg,.jpeg,.webp,.txt,.zip' }, desk.chooseHint));
  part('desk').replaceChildren(
    element('section', { id: 'ask', 'aria-labelledby': 'ask-title' }, element('h2', { id: 'ask-title' }, words.page.form), form, drop, ...cameraPart()),
    element('section', { id: 'found', 'aria-labelledby': 'found-title' },
      element('h2', { id: 'found-title' }, desk.results),
      element('dl', { id: 'counts' }),
      element('p', { id: 'said', role: 'status', 'aria-live': 'polite' }),
      element('ol', { id: 'cards' }, ...cards.map((card) => element('li', {}, drawn(card))))));
  form.onsubmit = (event) => {
    event.preventDefault();
    checkTyped();
  };
  const files = field('files');
  files.onchange = () => {
    const given = Array.from(files.files || []);
    files.value = ''; // or the same ones could not be given again meanwhile
    checkFiles(given);
  };
  [field('code').value, field('name').value] = begun;
  listen(field('code'), checkTyped);
  if (hasCamera()) part('camera').onclick = () => (camera ? closeCamera() : openCamera());
  count();
  say(cards.length ? '' : desk.empty);
}

/** @param {DataTransfer|null} transfer */
const filesIn = (transfer) => Array.from((transfer && transfer.files) || []);

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  part('drop')?.classList.add('over');
});
for (const kind of ['dragleave', 'drop']) document.addEventListener(kind, () => part('drop')?.classList.remove('over'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  checkFiles(filesIn(event.dataTransfer));
});
document.addEventListener('paste', (event) => {
  const files = filesIn(event.clipboardData);
  if (!files.length) return; // a text goes where the cursor is
  event.preventDefault();
  checkFiles(files);
});

/** @param {string} chosen */
async function speak(chosen) {
  chosenTimes += 1;
  const mine = chosenTimes;
  const address = new URL(`./words/${chosen}.json`, import.meta.url).href;
  const [common, own] = await Promise.all([loadWords(chosen), readWords(address)]);
  if (mine !== chosenTimes) return; // another one was chosen meanwhile
  words = { ...common, desk: own.desk, codes: { ...common.codes, ...own.codes } };
  language = chosen;
  document.documentElement.lang = chosen;
  document.title = words.desk.title;
  part('title').textContent = words.desk.title;
  const other = LANGUAGES.find((one) => one !== chosen) || chosen;
  const button = part('language');
  button.textContent = words.page.language;
  button.lang = other;
  button.onclick = () => {
    choose(other);
    speak(other).then(() => keepPage([import.meta.url]));
  };
  build();
  if (judgesHere) showOfficial().catch(() => undefined);
}

/** The registry's address, from the root that was put beside this page. */
async function showOfficial() {
  const { pin, pinned } = await readPin(new Source());
  if (pinned) part('official').replaceChildren(`${words.page.official} `, element('b', {}, pin.registry));
}

/** Without a network there may be only the other language. */
const start = () => speak(language).catch(() => speak(LANGUAGES.find((one) => one !== language) || language));

start().then(() => {
  field('code').focus();
  keepPage([import.meta.url]);
});
