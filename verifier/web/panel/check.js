// @ts-check
/**
 * The page behind a report's QR (`/r`): whether the registry signed it, and what it signed. The QR's values stand after the `#`
 * and are sent to nobody; a PDF is read by this page's own server, which says nothing of it but what is attached.
 */

import { utf8 } from '../core/forms.js';
import { loadTrust } from '../page/gather.js';
import { Source } from '../page/source.js';
import { element, shape, timeText } from '../page/view.js';
import { COUNTS, isReportText, markOf } from './document.js';
import { reportIn } from './server.js';
import { speaking } from './speech.js';
import { verifyReview } from './verify.js';
import { nobodys } from './work.js';

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
/** @type {Speech} */
let speech;
/** @type {{verdict: import('./verify.js').Verdict, at: number, label: string}|undefined} */
let judged;
let began = false;
/** How often something was presented: what was presented before is not told any more. */
let turn = 0;
/** What of it was told last. */
let told = 0;

/** @param {() => Promise<[import('./verify.js').Evidence, string]>} presented what, and its label */
async function check(presented) {
  turn += 1;
  const mine = turn;
  judged = undefined;
  say(speech.words.page.checking);
  try {
    const [evidence, label] = await presented();
    const at = Math.floor(Date.now() / 1000);
    const trust = await loadTrust(new Source(), []) || nobodys();
    const verdict = await verifyReview(evidence, trust, at);
    if (mine !== turn) return; // something else was presented meanwhile
    judged = { verdict, at, label };
    show();
    part('verdict').focus({ preventScroll: true });
  } catch (error) {
    const { code, title } = /** @type {any} */ (error);
    if (!code) console.error(error);
    if (mine === turn) say(title || speech.words.panel[code] || speech.words.page.fault);
  } finally {
    told = Math.max(told, mine);
  }
}

/** @param {string} text */
function say(text) {
  part('verdict').className = '';
  part('verdict').replaceChildren(element('p', {}, text));
  part('report').replaceChildren();
}

/** @param {File[]} files a PDF; or the record, and its table where it is at hand */
function take(files) {
  if (!files.length) return;
  check(async () => {
    const pdf = files.find(({ name }) => /\.pdf$/i.test(name));
    const record = files.find(({ name }) => /\.jsonld$|\.json$/i.test(name));
    const table = files.find(({ name }) => /\.jsonl$/i.test(name));
    const read = pdf ? await reportIn(pdf) : { report: record ? await record.text() : '', table: table && await table.text() };
    return [{ document: utf8(read.report), ...(read.table !== undefined && { table: utf8(read.table) }) }, (pdf || files[0]).name];
  });
}

/** @param {string} qrText */
const checkText = (qrText) => check(async () => [{ qrText }, '']);

/** @param {string} code @returns {string} what is found of a form, or of an address, is said of certificates elsewhere: here it is of a report */
function sentenceOf(code) {
  const { panel, codes } = speech.words;
  if (code === 'foreign_host') return panel.reportHost + panel.askGiver;
  const { steps } = /** @type {NonNullable<typeof judged>} */ (judged).verdict;
  const malformed = steps.some((step) => step.name === 'form' && step.code === code) && !code.includes('report');
  return malformed ? codes.report_form + panel.askGiver : codes[code] || code;
}

function show() {
  const { words, language } = speech;
  if (!judged) return;
  const { verdict, at, label } = judged;
  part('verdict').className = verdict.verdict;
  part('verdict').replaceChildren(element('p', { class: 'word' }, shape(verdict.verdict), words.verdicts[verdict.verdict]),
    element('p', { class: 'reason' }, sentenceOf(verdict.reason)));
  const pairs = (/** @type {[string, string][]} */ list, /** @type {string} */ kind) => element('dl', { class: kind }, ...list.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
  const steps = element('details', {}, element('summary', {}, words.labels.steps), element('ol', {}, ...verdict.steps.map(({ name, outcome, code }) => element('li', {},
    element('b', {}, words.reviewSteps[name]), element('span', { class: `outcome ${outcome}` }, words.outcomes[outcome]), element('p', {}, sentenceOf(code))))));
  const signed = verdict.report ? facts(verdict.report) : [];
  part('report').replaceChildren(
    ...(signed.length ? [element('h2', {}, words.panel.signedFacts), pairs(signed, 'signed'), element('p', {}, words.report.meaning)] : [element('p', {}, words.panel.nothingShown)]),
    pairs([[words.labels.at, timeText(at, language)], ...(label ? [/** @type {[string, string]} */ ([words.panel.source, label])] : [])], 'basis'), steps);
  document.title = `${words.verdicts[verdict.verdict]} · ${words.panel.checkTitle}`;
}

/** @param {Object<string, any>} document @returns {[string, string][]} */
function facts({ credentialSubject: subject, validFrom }) {
  const { words, language } = speech;
  const { report, figures, grade } = words;
  return [
    [words.panel.name, subject.sitting],
    [words.panel.mark, markOf(subject)],
    [report.at, timeText(Date.parse(validFrom) / 1000, language)],
    [report.years, subject.years.join(' ') || report.any],
    [report.grade, grade[subject.grade] || report.own],
    [report.ruleSet, subject.ruleSet || report.own],
    [report.maxAge, subject.statusMaxAge ? report.hoursOld.replace('{}', String(subject.statusMaxAge / 3600)) : report.any],
    [report.trustList, report.version.replace('{}', String(subject.trustListVersion))],
    [report.log, subject.logSize ? report.entries.replace('{}', String(subject.logSize)).replace('{}', subject.logRoot.slice(0, 16)) : report.noLog],
    ...COUNTS.map((name) => /** @type {[string, string]} */ ([figures[name], String(subject[name])])),
  ];
}

function build() {
  const { panel, page } = speech.words;
  const text = /** @type {HTMLInputElement} */ (element('input', { id: 'text', type: 'text', maxlength: '2048', autocomplete: 'off' }));
  const files = /** @type {HTMLInputElement} */ (element('input', { id: 'files', type: 'file', multiple: '', accept: '.pdf,.jsonld,.jsonl,.json' }));
  const form = /** @type {HTMLFormElement} */ (element('form', { id: 'form' }, element('h2', {}, panel.checkForm), element('label', { for: 'text' }, panel.checkText), text,
    element('label', { for: 'files' }, panel.checkFiles), files, element('p', { class: 'hint' }, panel.checkHint), element('button', { type: 'submit' }, page.check)));
  files.onchange = () => {
    const given = [...(files.files || [])];
    files.value = ''; // or the same ones could not be given again
    take(given);
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (text.value.trim()) checkText(text.value);
  };
  part('main').replaceChildren(element('section', { id: 'verdict', 'aria-live': 'polite', 'aria-atomic': 'true', tabindex: '-1' }, element('p', {}, panel.checkWelcome)),
    element('div', { id: 'report' }), form);
  part('title').textContent = panel.checkTitle;
  document.title = panel.checkTitle;
}

document.addEventListener('dragover', (event) => event.preventDefault());
document.addEventListener('drop', (event) => {
  event.preventDefault();
  take([...((event.dataTransfer && event.dataTransfer.files) || [])]);
});
window.addEventListener('hashchange', () => location.reload());

speaking((now) => {
  speech = now;
  build();
  if (told < turn) say(speech.words.page.checking);
  show();
  const here = `https://${location.host}/r${location.hash}`;
  if (!began && isReportText(here)) checkText(here);
  began = true;
});
