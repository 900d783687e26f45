// @ts-check
/**
 * Sets the service worker to work and tells it what this page uses, after the page has said what it had to say.
 */

import { read } from './words.js';

const WORKER = '/worker.js';

/** @type {any} */
let address;

/** @returns {any} the worker's address in the form that the page's policy asks for; a policy is made once */
function workerAddress() {
  const types = /** @type {any} */ (window).trustedTypes;
  if (!address) address = types ? types.createPolicy('certreg', { createScriptURL: () => WORKER }).createScriptURL(WORKER) : WORKER;
  return address;
}

/** @type {Promise<ServiceWorkerRegistration>|undefined} */
let registered;

/**
 * Keep this page, the words it has read and the folders of `modules`. Where the browser cannot, or the host has no worker, the
 * page goes on without.
 * @param {string[]} modules addresses of the page's own modules, beside those that every page has
 * @param {string} scope beginning of the addresses of pages that the worker may serve
 */
export async function keepPage(modules = [], scope = '/v') {
  if (!navigator.serviceWorker) return;
  try {
    // Who is served by a worker has registered it; to do so again would revive one that its host has just ended.
    if (!navigator.serviceWorker.controller) {
      registered = registered || navigator.serviceWorker.register(workerAddress(), { scope, updateViaCache: 'none' });
      await registered;
    }
    const { active } = await navigator.serviceWorker.ready;
    const channel = new MessageChannel();
    channel.port1.onmessage = () => { document.documentElement.dataset.kept = 'yes'; };
    /** @type {ServiceWorker} */ (active).postMessage([location.pathname, ...modules, ...read], [channel.port2]);
  } catch (_) {
    registered = undefined;
  }
}
