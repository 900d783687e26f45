// @ts-check
/**
 * A scanner gun is a keyboard that types a code in a fraction of a second. Most end with Enter, which sends the form as for
 * anybody; for those that do not, what only a gun can have typed is sent when the typing stops.
 *
 * A busy computer makes pauses of its own in the midst of a code, and half a code is a false one: so a code's own form tells
 * whether it is whole, and what is not is waited for. Nothing typed before the field was there is lost.
 */

import { Finding } from '../core/forms.js';
import { parseQrText } from '../core/record.js';

/** Milliseconds of silence after which nothing more is coming. */
const PAUSE = 400;
/** Milliseconds for the rest of a code of which only a part has come. */
const LONG_PAUSE = 4000;
/** Milliseconds a character on average; a fast typist takes 60. */
const FAST = 30;
const LEAST = 20;

/** What was typed before there was a field for it. */
let early = '';
let isReady = false;

/** @param {KeyboardEvent} event whether it types a character where nothing else would take it */
const isPlain = (event) => event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey
  && document.activeElement === document.body && event.key !== ' ';

document.addEventListener('keydown', (event) => {
  if (isReady) return;
  if (isPlain(event)) early += event.key;
  else if (event.key === 'Enter' && early) early += '\n';
});

/** @param {string} text */
const isAddress = (text) => /^\s*https?:/i.test(text);

/** @param {string} text */
function isWhole(text) {
  try {
    return Boolean(parseQrText(text));
  } catch (error) {
    if (error instanceof Finding) return false;
    throw error;
  }
}

/**
 * Call `sent` when a gun has typed something into `field`; to be called again for a field that takes its place.
 * @param {HTMLInputElement} field in the page
 * @param {() => void} sent
 */
export function listen(field, sent) {
  let began = 0;
  let last = 0;
  let typed = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let waiting;

  function send() {
    // What was typed while this page was too busy to read it comes first.
    waiting = setTimeout(() => { if (field.value) sent(); });
  }

  field.addEventListener('input', (event) => {
    clearTimeout(waiting);
    if (!(event instanceof InputEvent && event.inputType === 'insertText')) typed = 0;
    else if (typed === 0 || (event.timeStamp - last > PAUSE && !isAddress(field.value))) [began, typed] = [event.timeStamp, 1];
    else typed += 1;
    last = event.timeStamp;
    if (typed < LEAST) return;
    const whole = isWhole(field.value);
    if (whole || (last - began) / typed <= FAST) waiting = setTimeout(send, whole || !isAddress(field.value) ? PAUSE : LONG_PAUSE);
  });
  document.addEventListener('keydown', (event) => {
    // A gun does not look where the cursor is: what is typed while nothing has it goes into the field.
    if (field.isConnected && isPlain(event)) field.focus();
  });
  isReady = true;
  const [text, ...more] = early.split('\n');
  early = '';
  if (!text) return;
  field.value = text;
  if (more.length || isWhole(text)) sent();
}
