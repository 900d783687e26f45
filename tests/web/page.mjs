// @ts-check
/** The browser's end: `window.ask` answers a question; files come from the server of the test. */

import { answer } from './answering.mjs';

const read = async (/** @type {string} */ path) => new Uint8Array(await (await fetch(`/${path}`)).arrayBuffer());

Object.assign(window, { ask: (/** @type {any} */ question) => answer(question, read) });
document.documentElement.dataset.ready = 'yes';
