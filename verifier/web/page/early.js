// @ts-check
/**
 * What every judgement needs is asked for while the modules that judge are still on their way: this one has hardly any of its
 * own to wait for. Only where a code stands in the address; whoever asks for a file first takes the answer, and nobody twice.
 */

import { loadCommonWords, preferredLanguage } from './words.js';

/** @typedef {{answer: Promise<Response>, stop: AbortController}} Asked */

const ALWAYS = ['trust.json', 'log/checkpoint', 'verifier/root.json'];

/** @type {Map<string, Asked>} */
const early = new Map();

/** @param {string} path below the registry's root @returns {Asked} */
function ask(path) {
  const stop = new AbortController();
  return { answer: fetch(`/${path}`, { redirect: 'error', credentials: 'omit', cache: 'no-cache', signal: stop.signal }), stop };
}

/** @param {string} path @returns {Asked} what was asked for beforehand, else a request of now */
export function asked(path) {
  const before = early.get(path);
  early.delete(path);
  return before || ask(path);
}

if (/^\/v(?:\/|$)/.test(location.pathname) && location.hash.length > 1 && window.crypto && crypto.subtle) {
  for (const path of ALWAYS) {
    const one = ask(path);
    one.answer.catch(() => undefined); // whoever takes it is told
    early.set(path, one);
  }
  loadCommonWords(preferredLanguage()).catch(() => undefined);
}
