// @ts-check
/** Having a report made: the server judges the evidence anew, signs and prints; the files stay with the sitting on this device. */

import { element, fill, timeText } from '../page/view.js';
import { download, fileName, submission } from './exports.js';
import { reportMade } from './server.js';
import * as store from './store.js';

/**
 * @param {import('./work.js').Work} work
 * @param {Speech} speech
 * @param {boolean} signs
 * @param {(error: unknown) => void} failed
 */
export async function reportView(work, speech, signs, failed) {
  const { panel } = speech.words;
  const { sitting } = work;
  const bar = /** @type {HTMLProgressElement} */ (element('progress', { max: '1', value: '0', 'aria-label': panel.progress, hidden: '' }));
  const text = element('p', { role: 'status', 'aria-live': 'polite', class: 'made' });
  const list = element('ul', { class: 'reports' });
  const close = /** @type {HTMLButtonElement} */ (element('button', { type: 'button' }, panel.close));
  const begin = /** @type {HTMLButtonElement} */ (element('button', { type: 'button', class: 'main' }, signs ? panel.reportMake : panel.reportMakeUnsigned));
  const box = element('section', { class: 'report', 'aria-labelledby': 'report-title' }, element('h2', { id: 'report-title' }, panel.reports),
    element('p', {}, signs ? panel.reportWhat : panel.reportNoKey), bar, text, list, element('div', { class: 'acts' }, begin, close));
  const stop = new AbortController();
  close.onclick = () => {
    stop.abort();
    box.remove();
  };
  const draw = async () => list.replaceChildren(...(await store.allOf('reports', sitting.id)).reverse().map((one) => madeItem(one, sitting.name, speech)));
  begin.onclick = async () => {
    if (work.waiting.length && !window.confirm(fill(panel.reportUnread, work.waiting.length))) return;
    begin.disabled = true;
    bar.hidden = false;
    try {
      const made = await reportMade(submission(sitting, work.items), speech.language, (line) => {
        bar.max = Math.max(1, line.of);
        bar.value = line.done;
        text.textContent = line.rows === undefined ? fill(panel.reportJudging, line.done, line.of) : fill(panel.reportPrinting, line.rows);
      }, stop.signal);
      const bytes = Uint8Array.from(atob(made.pdf), (sign) => sign.charCodeAt(0));
      const pdf = new Blob([bytes], { type: 'application/pdf' });
      await store.keep('reports', [{ sitting: sitting.id, at: Date.now(), mark: made.mark, signed: made.signed, pdf, report: made.report || '', table: made.table }]);
      text.textContent = made.signed ? fill(panel.reportMade, made.mark) : panel.reportMadeUnsigned;
      await draw();
    } catch (error) {
      const { code, title } = /** @type {any} */ (error);
      text.textContent = title || panel[code] || '';
      if (!text.textContent) failed(error);
    } finally {
      begin.disabled = false;
      bar.hidden = true;
    }
  };
  await draw();
  return box;
}

/** @param {import('./store.js').Made} one @param {string} name @param {Speech} speech */
function madeItem(one, name, speech) {
  const { panel } = speech.words;
  const stem = `${fileName(name)} ${one.mark.replace(/ /g, '')}`;
  const get = (/** @type {string} */ label, /** @type {Blob} */ blob, /** @type {string} */ suffix) => {
    const made = /** @type {HTMLButtonElement} */ (element('button', { type: 'button' }, label));
    made.onclick = () => download(blob, stem + suffix);
    return made;
  };
  return element('li', {}, element('span', {}, `${timeText(Math.floor(one.at / 1000), speech.language)} · ${one.signed ? one.mark : panel.unsignedMark}`),
    get('PDF', one.pdf, '.pdf'), get(panel.tableFile, new Blob([one.table]), '.jsonl'),
    ...(one.signed ? [get(panel.recordFile, new Blob([one.report], { type: 'application/ld+json' }), '.jsonld')] : []));
}
