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
/** How often another view was asked for: what was begun for one is not drawn over the next. */
let turn = 0;
/** Those of this page that may still be under way, by their sitting: at one sitting only one works. @type {Map<string, Work>} */
const works = new Map();
/** Lets go of the sitting. */
let release = () => {};
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

/** @param {string} [told] why it is shown */
async function home(told = '') {
  turn += 1;
  const mine = turn;
  if (work) part('main').replaceChildren(); // nobody gives a sitting anything that was left
  shut();
  const trust = await new Work(/** @type {any} */ ({}), { changed() {}, failed() {} }).read().trust;
  const ifThere = (/** @type {(id: string) => void} */ act) => (/** @type {string} */ id) => { if (mine === turn) act(id); };
  const drawn = await homeView(speech, trust && trust.list ? trust.list.ruleSets : [], { open: ifThere(open), again: () => ifThere(() => home())(''), failed });
  if (mine !== turn) return;
  part('main').replaceChildren(...drawn);
  say(told);
  document.title = speech.words.panel.title;
}

/** Leave the sitting, if there is one. */
function shut() {
  if (work) work.close();
  for (const [id, one] of works) if (!one.running) works.delete(id);
  [work, table] = [undefined, undefined];
  release();
  anew();
}

/** One page has a sitting at a time, or each would undo what was done in the other: the one that opened it last. @param {string} id */
function hold(id) {
  if (!navigator.locks) return;
  const held = new Promise((/** @type {(ended: void) => void} */ resolve) => { release = resolve; });
  const mine = release;
  navigator.locks.request(`certreg.sitting.${id}`, { steal: true }, () => held).catch(() => {
    if (release !== mine) return;
    history.replaceState(null, '', location.pathname);
    home(speech.words.panel.elsewhere);
  });
}

// ---- one sitting

/** @param {string} id */
async function open(id) {
  turn += 1;
  const mine = turn;
  shut();
  hold(id);
  const sitting = await store.sitting(id).catch(() => undefined); // where nothing can be kept, home says so
  if (mine !== turn) return;
  if (!sitting) {
    history.replaceState(null, '', location.pathname);
    home();
    return;
  }
  if (location.hash !== `#${id}`) history.pushState(null, '', `#${id}`);
  const before = works.get(id);
  /** @type {Work} */
  const now = before && before.running ? before : new Work(sitting, { changed: redraw, failed: (code) => { if (work === now) failed({ code }); } });
  works.set(id, now);
  work = now;
  build();
  await now.open().catch(failed);
  redraw();
  if (now.left) now.run(); // what was left when the browser was closed
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
      element('div', { class: 'acts' }, button(panel.back, leave), button(panel.edit, edit), button(panel.again, () => { if (work) work.again().catch(failed); }),
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

/** @param {string} label @param {string[]} lines @returns {Promise<boolean>} whether they were taken */
async function texts(label, lines) {
  const { panel } = speech.words;
  const now = work;
  const found = lines.map((line) => line.trim()).filter(Boolean);
  if (!now || !found.length) return false;
  if (found.some((line) => /^https?:\/\/[^/]+\/r#/i.test(line))) {
    say(panel.isReport);
    return false;
  }
  const at = new Date().toLocaleTimeString(speech.language);
  try {
    anew();
    const { taken, known } = await now.takeTexts(label || `${panel.scanned} ${at}`, found);
    if (work !== now) return true;
    scanned = found.length === 1 ? [...taken, ...known][0] : undefined;
    say(known.length && !taken.length ? panel.known : fill(panel.taken, taken.length));
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}

/** @param {File[]} files @param {Work} [now] to which they were given, whatever is opened while they are read */
async function take(files, now = work) {
  if (!now || !files.length) return;
  const { panel } = speech.words;
  anew();
  try {
    for (const file of files.filter(isSheet)) await takeList(file, now).catch((error) => alsoWrong(fill(panel.ofFile, file.name, sentenceOf(error))));
    const others = files.filter((file) => !isSheet(file) && !file.name.startsWith('.') && file.size > 0);
    if (others.length) say(`${wrong}${fill(panel.takenFiles, others.length)}`);
    await now.takeFiles(others);
  } catch (error) {
    failed(error);
  }
}

/** @param {string} text of one file among several: it stays beside what is told of the others, until something else is given */
function alsoWrong(text) {
  wrong += `${text} `;
  say(wrong);
}

/** @param {File} file @param {Work} now */
async function takeList(file, now) {
  const { panel } = speech.words;
  const { applicants, doubts } = applicantsOf(await sheetsOf(file));
  const { sitting } = now;
  if (sitting.applicants.length && !window.confirm(fill(panel.replaceSure, sitting.applicants.length, applicants.length))) return;
  sitting.applicants = applicants.slice(0, 3000);
  await keep(now);
  const told = fill(panel.listRead, applicants.length) + (doubts ? fill(panel.doubts, doubts) : '');
  if (doubts) alsoWrong(told);
  else say(`${wrong}${told}`);
}

/** @param {Work} now */
async function keep({ sitting }) {
  sitting.changed = Date.now();
  await store.keepSitting(sitting);
  redraw();
}

/** @param {import('./store.js').Item} item */
function remove(item) {
  if (work && window.confirm(fill(speech.words.panel.removeSure, item.label))) work.remove(item).catch(failed);
}

/** @param {import('./rows.js').Row} row @param {string} text */
function note(row, text) {
  if (!work) return;
  const key = `${row.name}|${row.identity}|${row.year}`;
  if (text) work.sitting.notes[key] = text.slice(0, 200);
  else delete work.sitting.notes[key];
  keep(work).catch(failed);
}

// ---- acts on the whole

function leave() {
  history.pushState(null, '', location.pathname);
  home();
}

function edit() {
  if (!work) return;
  const now = work;
  const { sitting } = now;
  part('aside').replaceChildren(sittingForm(speech, now.ruleSets, sitting, async (asked) => {
    const older = sitting.policy.statusMaxAge;
    Object.assign(sitting, asked);
    try {
      await keep(now);
      if (work === now) build();
      if (older !== asked.policy.statusMaxAge) await now.again();
    } catch (error) {
      failed(error);
    }
  }, () => part('aside').replaceChildren()));
  /** @type {HTMLElement} */ (part('aside').querySelector('input')).focus();
}

function exportTable() {
  if (work) download(tableFile(work.sitting, rows(), speech), `${fileName(work.sitting.name)}.xlsx`);
}

async function save() {
  if (!work) return;
  const { sitting } = work;
  download(await saved(sitting), `${fileName(sitting.name)}.sitting.json`);
}

async function report() {
  if (!work) return;
  const aside = part('aside');
  if (!aside.querySelector('.report progress:not([hidden])')) aside.replaceChildren(await reportView(work, speech, can.signs, failed)); // else one is being made
  aside.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('dragover', (event) => {
  event.preventDefault();
  part('drop')?.classList.add('over');
});
for (const kind of ['dragleave', 'drop']) document.addEventListener(kind, () => part('drop')?.classList.remove('over'));
document.addEventListener('drop', async (event) => {
  event.preventDefault();
  const now = work;
  if (event.dataTransfer) await filesIn(event.dataTransfer).then((files) => take(files, now)).catch(failed);
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
