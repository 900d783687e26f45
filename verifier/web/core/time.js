// @ts-check
/** Times (`YYYY-MM-DDTHH:MM:SSZ`, in this form only) and days, as Unix seconds and days. */

const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;
// Years 0001 to 9999.
const FIRST = -62135596800;
const LAST = 253402300799;

/** @param {unknown} text @returns {number|undefined} Unix seconds, if it is a time */
export function parseTime(text) {
  if (typeof text !== 'string' || !TIME.test(text)) return undefined;
  const seconds = Date.parse(text) / 1000;
  return formatTime(seconds) === text ? seconds : undefined;
}

/** @param {number} seconds @returns {string|undefined} a time, if the calendar has it */
export function formatTime(seconds) {
  if (!(seconds >= FIRST && seconds <= LAST)) return undefined;
  return new Date(seconds * 1000).toISOString().slice(0, 19) + 'Z';
}

/** @param {string} text @returns {number|undefined} days since 1970-01-01, if it is a day */
export function parseDay(text) {
  const seconds = parseTime(text + 'T00:00:00Z');
  return seconds === undefined ? undefined : seconds / 86400;
}

/** @param {number} days @returns {string|undefined} `YYYY-MM-DD`, if the calendar has it */
export function formatDay(days) {
  const time = formatTime(days * 86400);
  return time && time.slice(0, 10);
}
