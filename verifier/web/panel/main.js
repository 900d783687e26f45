// @ts-check
/**
 * A panel's workspace (`/panel`): sittings on this device, each with a name and a policy; what applicants present and claim goes
 * in, a row for each applicant and year comes out, and in the end a signed report.
 */

import { element, fill, printedNumber } from '../page/view.js';
import { listen } from '../desk/gun.js';
import { applicantsOf } from './applicants.js';
import { filters, givers, policyText, progressBox, showProgress, tools } from './controls.js';
import { download, fileName, saved, table as tableFile } from './exports.js';
import { sittingForm } from './form.js';
import { filesIn } from './folders.js';
import { button, homeView } from './home.js';
import { reportView } from './report.js';
import { rowsOf } from './rows.js';
import { abilities } from './server.js';
import { isSheet, sheetsOf } from './sheet.js';
import { speaking } from './speech.js';
import * as store from './store.js';
import { Table, chosen, counted } from './table.js';
import { Work, judgedOf } from './work.js';

/** @typedef {import('./store.js').Sitting} Sitting */

/** Milliseconds from a change until it is drawn: at rest, and while results come faster than anybody reads. */
const SHOWN_AGAIN = 100;
const SHOWN_MEANWHILE = 600;
const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (document.getElementById(id));

/** @type {Speech} */
let speech;
/** @type {Work|undefined} */
let work;
/** @type {Table|undefined} */
let table;
let can = { reads: false, signs: false };
const view = { filter: 'all', sort: 'list', search: '' };
/** @type {ReturnType<typeof setTimeout>|undefined} */
let drawing;
/** What was scanned last, until something else is given or asked for. @type {import('./store.js').Item|undefined} */
let scanned;
/** What went wrong, likewise: the table is drawn again at once, and must not hide why it stopped. */
let wrong = '';

function anew() {
  [scanned, wrong] = [undefined, ''];
}

/** @param {string} text announced, and seen */
function say(text) {
  const said = part('said');
  if (said && said.textContent !== text) said.textContent = text;
}

/** @param {unknown} error @returns {string} */
function sentenceOf(error) {
  const { code, title } = /** @type {any} */ (error);
  if (!code) console.error(error);
  return title || speech.words.panel[code] || speech.words.codes[code] || speech.words.page.fault;
}

/** @param {unknown} error */
function failed(error) {
  wrong = sentenceOf(error);
  say(wrong);
}

async function home() {
  [work, table] = [undefined, undefined];
  const trust = await new Work(/** @type {any} */ ({}), { changed() {}, failed() {} }).read().trust;
  part('main').replaceChildren(...await homeView(speech, trust && trust.list ? trust.list.ruleSets : [], { open, again: home, failed }));
  document.title = speech.words.panel.title;
}

// ---- one sitting

/** @param {string} id */
async function open(id) {
  const sitting = await store.sitting(id);
  if (!sitting) {
    history.replaceState(null, '', location.pathname);
    home();
    return;
  }
  if (location.hash !== `#${id}`) history.pushState(null, '', `#${id}`);
  work = new Work(sitting, { changed: redraw, failed: (code) => failed({ code }) });
  build();
  await work.open();
  redraw();
  if (work.left) work.run(); // what was left when the browser was closed
}

function build() {
  if (!work) return;
  const begun = field('code') ? field('code').value : ''; // a gun does not stop for a page that is drawn again
  const { words } = speech;
  const { panel } = words;
  const { sitting } = work;
  table = new Table(speech, { items: () => /** @type {Work} */ (work).items, remove, note });
  part('main').replaceChildren(
    element('div', { class: 'head' }, element('h2', {}, sitting.name), element('p', { class: 'what' }, policyText(sitting, speech)),
      element('div', { class: 'acts' }, button(panel.back, leave), button(panel.edit, edit), button(panel.again, () => work && work.again()),
        button(panel.exportTable, exportTable), button(panel.save, save), button(panel.print, () => window.print()), signing())),
    element('div', { id: 'aside' }),
    element('div', { class: 'panes' },
      element('section', { id: 'give', 'aria-labelledby': 'give-title' }, element('h2', { id: 'give-title' }, panel.give), ...givers(speech, { typed, texts, take })),
      element('section', { id: 'found', 'aria-labelledby': 'found-title' }, element('h2', { id: 'found-title' }, panel.found),
        element('p', { id: 'said', role: 'status', 'aria-live': 'polite' }),
        progressBox(speech),
        filters(speech, choose), tools(speech, view, redraw), table.whole)));
  document.title = `${sitting.name} · ${panel.title}`;
  field('code').value = begun;
  listen(field('code'), typed);
  field('code').focus({ preventScroll: true });
}

function signing() {
  const made = button(can.signs ? speech.words.panel.report : speech.words.panel.reportUnsigned, report, 'main');
  made.id = 'sign';
  return made;
}

/** @param {string} filter */
function choose(filter) {
  view.filter = filter;
  anew();
  redraw();
}

function rows() {
  if (!work) return [];
  return rowsOf(work.sitting, work.items.map(judgedOf), work.ruleSets);
}

/** Draw what is known, soon. */
function redraw() {
  if (drawing) return;
  drawing = setTimeout(() => {
    drawing = undefined;
    if (work && table) draw(work, table);
  }, work && work.running ? SHOWN_MEANWHILE : SHOWN_AGAIN);
}

/** @param {Work} now @param {Table} drawn */
function draw(now, drawn) {
  const { panel, filters: names } = speech.words;
  const all = rows();
  const counts = counted(all);
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (part('filters').querySelectorAll('button'))) {
    const filter = one.dataset.filter || '';
    one.setAttribute('aria-pressed', String(view.filter === filter));
    /** @type {HTMLElement} */ (one.querySelector('b')).textContent = String(counts[filter]);
    one.hidden = !counts[filter] && !['all', 'attention'].includes(filter) && view.filter !== filter;
  }
  const seen = chosen(all, view);
  drawn.show(seen);
  part('list').textContent = now.sitting.applicants.length ? fill(panel.listed, now.sitting.applicants.length) : panel.noList;
  showProgress(part('progress'), now, speech, anew);
  if (!now.running && now.items.length) {
    const filtered = view.filter === 'all' ? '' : fill(panel.showing, names[view.filter], seen.length);
    const state = now.left ? fill(panel.paused, now.left) : lastFound() + fill(panel.done, all.length, counts.attention) + filtered;
    say(wrong ? `${wrong.trim()} ${state}` : state);
  } else if (!now.items.length && !now.waiting.length) {
    say(wrong || (now.sitting.applicants.length ? '' : panel.nothingYet));
  }
}

/** What the last scan found: its row may be far down, and who scans looks at the paper. */
function lastFound() {
  if (!scanned || !scanned.report) return ''; // not judged yet, or not readable
  const { verdict, reason, number, record } = scanned.report;
  const name = record ? record.credentialSubject.name : '';
  return `${[speech.words.ended[reason] || speech.words.verdicts[verdict], printedNumber(number), name].filter(Boolean).join(' ')} · `;
}

// ---- what is given

function typed() {
  const code = field('code');
  const text = code.value.trim();
  code.value = '';
  if (text) texts('', [text]);
  code.focus();
}

/** @param {string} label @param {string[]} lines */
async function texts(label, lines) {
  const { panel } = speech.words;
  const found = lines.map((line) => line.trim()).filter(Boolean);
  if (!work || !found.length) return;
  if (found.some((line) => /^https?:\/\/[^/]+\/r#/i.test(line))) {
    say(panel.isReport);
    return;
  }
  const at = new Date().toLocaleTimeString(speech.language);
  try {
    anew();
    const { taken, known } = await work.takeTexts(label || `${panel.scanned} ${at}`, found);
    scanned = found.length === 1 ? [...taken, ...known][0] : undefined;
    say(known.length && !taken.length ? panel.known : fill(panel.taken, taken.length));
  } catch (error) {
    failed(error);
  }
}

/** @param {File[]} files */
async function take(files) {
  if (!work || !files.length) return;
  const { panel } = speech.words;
  anew();
  try {
    for (const file of files.filter(isSheet)) await takeList(file).catch((error) => alsoWrong(fill(panel.ofFile, file.name, sentenceOf(error))));
    const others = files.filter((file) => !isSheet(file) && !file.name.startsWith('.') && file.size > 0);
    if (others.length) say(`${wrong}${fill(panel.takenFiles, others.length)}`);
    await work.takeFiles(others);
  } catch (error) {
    failed(error);
  }
}

/** @param {string} text of one file among several: it stays beside what is told of the others, until something else is given */
function alsoWrong(text) {
  wrong += `${text} `;
  say(wrong);
}

/** @param {File} file */
async function takeList(file) {
  const { panel } = speech.words;
  const { applicants, doubts } = applicantsOf(await sheetsOf(file));
  if (!work) return;
  const { sitting } = work;
  if (sitting.applicants.length && !window.confirm(fill(panel.replaceSure, sitting.applicants.length, applicants.length))) return;
  sitting.applicants = applicants.slice(0, 3000);
  await keep();
  const told = fill(panel.listRead, applicants.length) + (doubts ? fill(panel.doubts, doubts) : '');
  if (doubts) alsoWrong(told);
  else say(`${wrong}${told}`);
}

async function keep() {
  if (!work) return;
  work.sitting.changed = Date.now();
  await store.keepSitting(work.sitting);
  redraw();
}

/** @param {import('./store.js').Item} item */
function remove(item) {
  if (work && window.confirm(fill(speech.words.panel.removeSure, item.label))) work.remove(item);
}

/** @param {import('./rows.js').Row} row @param {string} text */
function note(row, text) {
  if (!work) return;
  const key = `${row.name}|${row.identity}|${row.year}`;
  if (text) work.sitting.notes[key] = text.slice(0, 200);
  else delete work.sitting.notes[key];
  keep();
}

// ---- acts on the whole

function leave() {
  if (work) work.cancel();
  history.pushState(null, '', location.pathname);
  home();
}

function edit() {
  if (!work) return;
  const { sitting } = work;
  part('aside').replaceChildren(sittingForm(speech, work.ruleSets, sitting, async (asked) => {
    const older = sitting.policy.statusMaxAge;
    Object.assign(sitting, asked);
    await keep();
    build();
    if (work && older !== asked.policy.statusMaxAge) work.again();
  }, () => part('aside').replaceChildren()));
  /** @type {HTMLElement} */ (part('aside').querySelector('input')).focus();
}

function exportTable() {
  if (work) download(tableFile(work.sitting, rows(), speech), `${fileName(work.sitting.name)}.xlsx`);
}

async function save() {
  if (work) download(await saved(work.sitting), `${fileName(work.sitting.name)}.sitting.json`);
}

async function report() {
  if (!work) return;
  part('aside').replaceChildren(await reportView(work, speech, can.signs, failed));
  part('aside').scrollIntoView({ block: 'nearest' });
}

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  part('drop')?.classList.add('over');
});
for (const kind of ['dragleave', 'drop']) document.addEventListener(kind, () => part('drop')?.classList.remove('over'));
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  if (event.dataTransfer) take(await filesIn(event.dataTransfer));
});
document.addEventListener('paste', (event) => {
  const files = [...((event.clipboardData && event.clipboardData.files) || [])];
  if (!files.length) return; // a text goes where the cursor is
  event.preventDefault();
  take(files);
});
window.addEventListener('online', () => { if (work && work.left) work.run(); });
window.addEventListener('popstate', () => (location.hash.length > 1 ? open(location.hash.slice(1)) : home()));

speaking(async (now) => {
  speech = now;
  part('title').textContent = speech.words.panel.title;
  if (work) {
    build();
    redraw();
  } else {
    await (location.hash.length > 1 ? open(location.hash.slice(1)) : home());
  }
});
abilities().then((found) => {
  can = found;
  if (part('sign')) part('sign').replaceWith(signing()); // and nothing else: a gun may be typing
});
