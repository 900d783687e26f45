// @ts-check
/**
 * Files as they were chosen, dropped or pasted: what this device can read is read here, the rest is named for the server.
 * A record that lies in a PNG comes before its code (SPEC 8.2), so such a PNG is not read by its code.
 */

const MAX_RECORD = 65536;
const BAKED = 'openbadgecredential';
export const CODE = /^\s*https?:\/\/[^\s/]+\/v#[0-9]+\s*$/i;

/** @typedef {{label: string, evidence: Partial<Evidence>}} Presented */

/** @param {string} text */
export const evidenceOf = (text) => (/^\s*https?:/i.test(text) ? { qrText: text } : { number: text });

/** @param {File} file */
const bytesOf = async (file) => new Uint8Array(await file.slice(0, MAX_RECORD + 1).arrayBuffer());
/** @param {File} file */
const stem = (file) => file.name.replace(/\.(json|tlog-proof)$/i, '');
/** @param {File} file @param {string} suffix */
const is = (file, suffix) => file.name.toLowerCase().endsWith(suffix);

/**
 * @param {File[]} files
 * @returns {Promise<{here: Presented[], there: File[]}>} what can be judged on this device, and what the server has to read
 */
export async function sorted(files) {
  const proofs = new Map(files.filter((file) => is(file, '.tlog-proof')).map((file) => [stem(file), file]));
  /** @type {Presented[]} */
  const here = [];
  /** @type {File[]} */
  const there = [];
  for (const file of files) {
    if (is(file, '.tlog-proof')) continue;
    if (is(file, '.json')) {
      const proof = proofs.get(stem(file));
      here.push({ label: file.name, evidence: { record: await bytesOf(file), ...(proof && { logProof: await bytesOf(proof) }) } });
      continue;
    }
    const codes = file.type.startsWith('image/') ? await codesIn(file) : [];
    for (const qrText of codes) here.push({ label: file.name, evidence: { qrText } });
    if (!codes.length) there.push(file);
  }
  return { here, there };
}

/** @returns {Promise<any>} the browser's reader of QR codes, where it has one */
export async function detector() {
  const Detector = /** @type {any} */ (window).BarcodeDetector;
  if (!Detector || !(await Detector.getSupportedFormats().catch(() => [])).includes('qr_code')) return undefined;
  return new Detector({ formats: ['qr_code'] });
}

/** @param {File} file @returns {Promise<string[]>} the certificates' codes that this browser finds in a picture */
async function codesIn(file) {
  const codes = await detector();
  if (!codes || await isBaked(file)) return [];
  try {
    const found = await codes.detect(await createImageBitmap(file));
    return [...new Set(found.map((/** @type {any} */ one) => one.rawValue).filter((/** @type {string} */ text) => CODE.test(text)))];
  } catch (_) {
    return []; // the server has another reader
  }
}

/** @param {File} file */
async function isBaked(file) {
  return file.type === 'image/png' && new TextDecoder('latin1').decode(await file.arrayBuffer()).includes(BAKED);
}
