// @ts-check
/** Files that were dropped, folders opened. */

const MOST = 5000;

/** @param {DataTransfer} transfer @returns {Promise<File[]>} */
export async function filesIn(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry());
  const loose = [...transfer.files];
  if (!entries.some((entry) => entry && entry.isDirectory)) return loose;
  /** @type {File[]} */
  const found = [];
  for (const entry of entries) if (entry) await walk(entry, found);
  return found;
}

/** @param {any} entry @param {File[]} found */
async function walk(entry, found) {
  if (found.length >= MOST || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    found.push(await new Promise((resolve, reject) => { entry.file(resolve, reject); }));
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => { reader.readEntries(resolve, reject); });
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
