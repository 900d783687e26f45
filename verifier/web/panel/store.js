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
  opened = done(request);
  return opened;
}

/** @param {string|string[]} names @param {IDBTransactionMode} mode @param {(transaction: IDBTransaction) => any} work */
async function inTransaction(names, mode, work) {
  const transaction = (await database()).transaction(names, mode);
  const result = work(transaction);
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
  return result;
}

/** @returns {Promise<Sitting[]>} the one last changed first */
export async function sittings() {
  const found = await done((await database()).transaction('sittings').objectStore('sittings').getAll());
  return found.sort((a, b) => b.changed - a.changed);
}

/** @param {string} id @returns {Promise<Sitting|undefined>} */
export const sitting = async (id) => done((await database()).transaction('sittings').objectStore('sittings').get(id));

/** @param {Sitting} one */
export async function keepSitting(one) {
  await inTransaction('sittings', 'readwrite', (transaction) => transaction.objectStore('sittings').put(one));
}

/** @param {'items'|'waiting'|'reports'} store @param {string} id of a sitting @returns {Promise<any[]>} in the order in which they came */
export const allOf = async (store, id) => done((await database()).transaction(store).objectStore(store).index('sitting').getAll(id));

/** @param {string} id @param {'items'|'waiting'} store @returns {Promise<number>} */
export const countOf = async (id, store) => done((await database()).transaction(store).objectStore(store).index('sitting').count(id));

/**
 * Keep several at once, and drop the files that they were read from, or none of it.
 * @param {'items'|'waiting'|'reports'} store
 * @param {any[]} things
 * @param {number[]} [read] ids of waiting files
 */
export async function keep(store, things, read = []) {
  /** @type {IDBRequest[]} */
  const requests = [];
  await inTransaction([...new Set([store, 'waiting'])], 'readwrite', (transaction) => {
    for (const thing of things) requests.push(transaction.objectStore(store).put(thing));
    for (const id of read) transaction.objectStore('waiting').delete(id);
  });
  requests.forEach((request, at) => { things[at].id = request.result; });
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
