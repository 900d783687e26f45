// @ts-check
/**
 * Sittings on this device, in IndexedDB: what was presented is kept before it is read, and a verdict as soon as there is one, so
 * that nothing is lost when the browser is closed half-way. Nothing is kept anywhere else.
 *
 * @typedef {{id: string, name: string, policy: import('./rows.js').Policy, applicants: import('./rows.js').Applicant[],
 *   notes: Object<string, string>, created: number, changed: number}} Sitting
 * @typedef {{id?: number, sitting: string, label: string, key: string, record?: string, qrText?: string, number?: string,
 *   logProof?: string, page?: Object<string, string>, trouble?: string, report?: VerificationReport, at?: number,
 *   troubles?: Trouble[]}} Item something presented, and what was found of it
 * @typedef {{id?: number, sitting: string, name: string, type: string, data: Blob}} Waiting a file that is not read yet
 * @typedef {{id?: number, sitting: string, at: number, mark: string, signed: boolean, pdf: Blob, report: string, table: string}} Made
 */

const STORES = ['items', 'waiting', 'reports'];

/** Why nothing was kept: the sitting was deleted meanwhile, or there is no room. */
class Unkept extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
const done = (request) => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** @type {Promise<IDBDatabase>|undefined} */
let opened;

function database() {
  if (opened) return opened;
  const request = indexedDB.open('certreg-panel', 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('sittings', { keyPath: 'id' });
    for (const name of STORES) {
      request.result.createObjectStore(name, { keyPath: 'id', autoIncrement: true }).createIndex('sitting', 'sitting');
    }
  };
  const found = done(request);
  const forget = () => { opened = undefined; };
  opened = found;
  // A connection ends when what this browser keeps is cleared away; the next one may be had.
  found.then((one) => { one.onclose = forget; }, forget);
  return found;
}

/** @param {string|string[]} names @param {IDBTransactionMode} mode @param {(transaction: IDBTransaction) => any} work */
async function inTransaction(names, mode, work) {
  const transaction = (await database()).transaction(names, mode);
  const ended = new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => {
      const { error } = transaction;
      reject(error && error.name === 'QuotaExceededError' ? new Unkept('full') : error || new Error('aborted'));
    };
  });
  const [result] = await Promise.all([work(transaction), ended]);
  return result;
}

/** @param {IDBTransaction} transaction @param {string} store @param {any} id @returns {Promise<boolean>} */
const has = async (transaction, store, id) => (await done(transaction.objectStore(store).getKey(id))) !== undefined;

/** @returns {Promise<Sitting[]>} the one last changed first */
export async function sittings() {
  const found = await done((await database()).transaction('sittings').objectStore('sittings').getAll());
  return found.sort((a, b) => b.changed - a.changed);
}

/** @param {string} id @returns {Promise<Sitting|undefined>} */
export const sitting = async (id) => done((await database()).transaction('sittings').objectStore('sittings').get(id));

/** @param {Sitting} one @param {boolean} [isNew] else one that was deleted meanwhile is not brought back */
export async function keepSitting(one, isNew = false) {
  await inTransaction('sittings', 'readwrite', async (transaction) => {
    if (!isNew && !await has(transaction, 'sittings', one.id)) throw new Unkept('gone');
    transaction.objectStore('sittings').put(one);
  });
}

/** @param {'items'|'waiting'|'reports'} store @param {string} id of a sitting @returns {Promise<any[]>} in the order in which they came */
export const allOf = async (store, id) => done((await database()).transaction(store).objectStore(store).index('sitting').getAll(id));

/** @param {string} id @param {'items'|'waiting'} store @returns {Promise<number>} */
export const countOf = async (id, store) => done((await database()).transaction(store).objectStore(store).index('sitting').count(id));

/**
 * Keep several of a sitting at once, and drop the files that they were read from, or none of it. What was dropped meanwhile is not
 * brought back: neither a sitting, nor a thing that was kept before, nor what somebody else has read of the same files.
 * @param {'items'|'waiting'|'reports'} store
 * @param {any[]} things
 * @param {number[]} [read] ids of waiting files
 * @returns {Promise<boolean>} false where the files were read already
 */
export async function keep(store, things, read = []) {
  /** @type {[any, IDBRequest][]} */
  const put = [];
  const isKept = await inTransaction([...new Set([store, 'waiting', 'sittings'])], 'readwrite', async (transaction) => {
    const all = (/** @type {string} */ name, /** @type {any[]} */ ids) => Promise.all(ids.map((id) => id === undefined || has(transaction, name, id)));
    const [sitting, files, known] = await Promise.all([
      all('sittings', things.slice(0, 1).map((thing) => thing.sitting)), all('waiting', read), all(store, things.map(({ id }) => id))]);
    if (sitting.includes(false)) throw new Unkept('gone');
    if (files.includes(false)) return false;
    things.forEach((thing, at) => { if (known[at]) put.push([thing, transaction.objectStore(store).put(thing)]); });
    for (const id of read) transaction.objectStore('waiting').delete(id);
    return true;
  });
  for (const [thing, request] of put) thing.id = request.result;
  return isKept;
}

/** @param {'items'|'waiting'|'reports'} store @param {number} id */
export async function drop(store, id) {
  await inTransaction(store, 'readwrite', (transaction) => transaction.objectStore(store).delete(id));
}

/** @param {string} id a sitting, with everything in it */
export async function dropSitting(id) {
  await inTransaction(['sittings', ...STORES], 'readwrite', (transaction) => {
    transaction.objectStore('sittings').delete(id);
    for (const name of STORES) {
      transaction.objectStore(name).index('sitting').openKeyCursor(IDBKeyRange.only(id)).onsuccess = (event) => {
        const cursor = /** @type {any} */ (event.target).result;
        if (!cursor) return;
        transaction.objectStore(name).delete(cursor.primaryKey);
        cursor.continue();
      };
    }
  });
}
