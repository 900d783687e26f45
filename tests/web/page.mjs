// @ts-check
/** The browser's end: `window.ask` answers a question. */

import { answer } from './answering.mjs';

Object.assign(window, { ask: answer });
document.documentElement.dataset.ready = 'yes';
