// @ts-check
/**
 * An applicants' spreadsheet, XLSX or CSV, as sheets of rows of texts, read on this device and within bounds.
 *
 * It is read here, and not by a server, because it has whole identity numbers and a panel's whole list in it. Its XML goes
 * through a scanner of its own: no entities but XML's five, no document types, nothing fetched.
 */

import { FileProblem, membersOf, need, unpacked } from './zip.js';

const MAX_FILE = 16 * 1024 * 1024;
const MAX_PART = 32 * 1024 * 1024;
const MAX_ROWS = 20000;
const MAX_COLUMNS = 200;
const MAX_SHEETS = 20;
const MAX_CELL = 2000;
const TAG = /<(\/?)([A-Za-z_][\w.:-]*)((?:[^>"']|"[^"]*"|'[^']*')*?)(\/?)>|<!\[CDATA\[([\s\S]*?)\]\]>|<[!?][^>]*>|[^<]+/g;
const ENTITIES = /** @type {Object<string, string>} */ ({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" });

/** @typedef {string[][]} Sheet rows of cells; a missing row is empty */

/** @param {File} file @returns {Promise<Sheet[]>} */
export async function sheetsOf(file) {
  need(file.size <= MAX_FILE, 'sheetTooLarge');
  const data = new Uint8Array(await file.arrayBuffer());
  need(!(data[0] === 0xd0 && data[1] === 0xcf), 'sheetOld'); // an XLS, or an XLSX with a password
  return data[0] === 0x50 && data[1] === 0x4b ? workbook(data) : [csv(textOf(data))];
}

/** @param {File} file */
export const isSheet = ({ name }) => /\.(xlsx|xlsm|xls|csv|et)$/i.test(name);

// ---- XLSX

/** @param {Uint8Array} data @returns {Promise<Sheet[]>} */
async function workbook(data) {
  const members = membersOf(data);
  const part = async (/** @type {string} */ name) => {
    const member = members.get(name);
    return member ? new TextDecoder('utf-8').decode(await unpacked(member, MAX_PART)) : '';
  };
  const names = [...members.keys()].filter((name) => /^xl\/worksheets\/[^/]+\.xml$/.test(name)).sort(byNumber);
  need(names.length > 0);
  const strings = sharedStrings(await part('xl/sharedStrings.xml'));
  const sheets = [];
  for (const name of names.slice(0, MAX_SHEETS)) sheets.push(sheetOf(await part(name), strings));
  return sheets;
}

/** @param {string} a @param {string} b */
const byNumber = (a, b) => Number((/(\d+)\.xml$/.exec(a) || [])[1]) - Number((/(\d+)\.xml$/.exec(b) || [])[1]);

/** @param {string} text @returns {Generator<{end: boolean, name: string, attributes: string, empty: boolean, text?: string}>} */
function* tokens(text) {
  need(!/<!(DOCTYPE|ENTITY)/i.test(text));
  for (const [whole, slash, name, attributes, empty, cdata] of text.matchAll(TAG)) {
    if (name) yield { end: Boolean(slash), name: name.replace(/^.*:/, ''), attributes, empty: Boolean(empty) };
    else if (cdata !== undefined || whole[0] !== '<') yield { end: false, name: '', attributes: '', empty: false, text: cdata === undefined ? plain(whole) : cdata };
  }
}

/** @param {string} text */
const plain = (text) => text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|(\w+));/gi, (whole, hex, decimal, name) => {
  const code = hex ? parseInt(hex, 16) : Number(decimal);
  return name ? ENTITIES[name] || whole : code <= 0x10ffff ? String.fromCodePoint(code) : '';
});

/** @param {string} attributes @param {string} name */
const attribute = (attributes, name) => plain((new RegExp(`(?:^|\\s)${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes) || [])[1] || '');

/** @param {string} text @returns {string[]} */
function sharedStrings(text) {
  /** @type {string[]} */
  const found = [];
  let [inText, phonetic] = [false, false];
  for (const token of tokens(text)) {
    if (token.name === 'si' && !token.end) found.push('');
    else if (token.name === 'rPh') phonetic = !token.end;
    else if (token.name === 't') inText = !token.end && !token.empty;
    else if (token.text !== undefined && inText && !phonetic && found.length) found[found.length - 1] = (found[found.length - 1] + token.text).slice(0, MAX_CELL);
  }
  return found;
}

/** @param {string} text @param {string[]} strings @returns {Sheet} */
function sheetOf(text, strings) {
  /** @type {Sheet} */
  const rows = [];
  let [row, column, type, value, inside] = [0, 0, '', '', false];
  for (const token of tokens(text)) {
    if (token.name === 'row' && !token.end) {
      row = Number(attribute(token.attributes, 'r')) || row + 1;
      column = 0;
      need(row <= MAX_ROWS, 'sheetTooLarge');
    } else if (token.name === 'c' && !token.end) {
      column = columnOf(attribute(token.attributes, 'r')) || column + 1;
      [type, value] = [attribute(token.attributes, 't'), ''];
    } else if (token.name === 'v' || token.name === 't') {
      inside = !token.end && !token.empty;
    } else if (token.text !== undefined && inside) {
      value = (value + token.text).slice(0, MAX_CELL);
    } else if (token.name === 'c' && token.end && value && column <= MAX_COLUMNS && row) {
      while (rows.length < row) rows.push([]);
      rows[row - 1][column - 1] = type === 's' ? strings[Number(value)] || '' : type === 'e' ? '' : number(value, type);
    }
  }
  return rows.map((cells) => Array.from(cells, (cell) => (cell || '').trim()));
}

/** @param {string} value @param {string} type @returns {string} what was meant: a number of more than 15 digits is not what was typed, and is told */
function number(value, type) {
  if (type || !/^-?[0-9.]+(E[-+]?[0-9]+)?$/i.test(value)) return value;
  return Number.isSafeInteger(Number(value)) ? String(Number(value)) : Math.abs(Number(value)) > 2 ** 53 ? '' : String(Math.round(Number(value) * 100) / 100);
}

/** @param {string} place `AB12` @returns {number} from 1; 0 where it says nothing */
const columnOf = (place) => [...(/^[A-Z]+/.exec(place) || [''])[0]].reduce((sum, letter) => 26 * sum + letter.charCodeAt(0) - 64, 0);

// ---- CSV

/** @param {Uint8Array} data @returns {string} UTF-8, else what Chinese Windows writes */
function textOf(data) {
  if (data[0] === 0xff && data[1] === 0xfe) return new TextDecoder('utf-16le').decode(data);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(data);
  } catch (_) {
    return new TextDecoder('gb18030').decode(data);
  }
}

/** @param {string} text @returns {Sheet} */
function csv(text) {
  need(!text.includes('\0'));
  const line = text.slice(0, 5000).split('\n')[0];
  const comma = ['\t', ';', ','].reduce((best, one) => (line.split(one).length > line.split(best).length ? one : best), ',');
  /** @type {Sheet} */
  const rows = [[]];
  let [cell, quoted, from] = ['', false, 0];
  const pattern = new RegExp(`["\\r\\n${comma === '\t' ? '\\t' : comma}]`, 'g');
  for (const match of text.matchAll(pattern)) {
    const at = match.index || 0;
    const [sign] = match;
    if (at < from) continue;
    cell += text.slice(from, at);
    from = at + 1;
    if (sign === '"') {
      if (quoted && text[from] === '"') [cell, from] = [`${cell}"`, from + 1];
      else quoted = !quoted;
    } else if (quoted) {
      cell += sign;
    } else if (sign !== '\r') {
      rows[rows.length - 1].push(cell.trim().slice(0, MAX_CELL));
      cell = '';
      if (sign === '\n') rows.push([]);
      need(rows.length <= MAX_ROWS && rows[rows.length - 1].length <= MAX_COLUMNS, 'sheetTooLarge');
    }
  }
  need(!quoted);
  rows[rows.length - 1].push((cell + text.slice(from)).trim().slice(0, MAX_CELL));
  return rows;
}

export { FileProblem };
