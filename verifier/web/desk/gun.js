// @ts-check
/**
 * A scanner gun is a keyboard that types a code in a fraction of a second. Most end with Enter, which sends the form as for
 * anybody; for those that do not, a field typed faster than a person can is sent when the typing stops.
 */

/** Milliseconds of silence after which nothing more is coming: a computer that is busy makes pauses of its own. */
const PAUSE = 400;
/** Milliseconds a character on average; a fast typist takes 60, a slow gun 20. */
const FAST = 30;
const LEAST = 20;

/**
 * Call `sent` when a gun has typed something into `field`.
 * @param {HTMLInputElement} field
 * @param {() => void} sent
 * @param {() => number} now milliseconds
 */
export function listen(field, sent, now = () => performance.now()) {
  let began = 0;
  let last = 0;
  let typed = 0;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let waiting;
  field.addEventListener('input', (event) => {
    clearTimeout(waiting);
    const moment = now();
    const one = event instanceof InputEvent && event.inputType === 'insertText';
    if (!one || moment - last > PAUSE) {
      began = moment;
      typed = 0;
    }
    last = moment;
    typed += one ? 1 : 0;
    if (typed < LEAST || (last - began) / typed > FAST) return;
    waiting = setTimeout(() => { if (field.value) sent(); }, PAUSE);
  });
  // A gun does not look where the cursor is: what is typed while nothing has it goes into the field.
  document.addEventListener('keydown', (event) => {
    const plain = event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey;
    if (plain && document.activeElement === document.body && event.key !== ' ') field.focus();
  });
}
