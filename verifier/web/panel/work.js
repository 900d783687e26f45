// @ts-check
/**
 * The work on a sitting: what was presented is kept, files are read, certificates are judged, one after another, until it is
 * cancelled. It may break off anywhere: what is not read waits in the store, what is not judged has no report.
 *
 * What this device reads is read here (JSON, codes); PDF, pictures and ZIPs are read by this page's own server, which gives back
 * the evidence. All of it is judged here.
 *
 * @typedef {import('./store.js').Sitting} Sitting
 * @typedef {import('./store.js').Item} Item
 */

import { utf8 } from '../core/forms.js';
import { evidenceOf, sorted } from '../desk/files.js';
import { judge, loadTrust } from '../page/gather.js';
import { Source } from '../page/source.js';
import { filesRead } from './server.js';
import * as store from './store.js';

const FILES = 20;
const BYTES = 12 * 1024 * 1024;
const TRUST_SECONDS = 60;
/** Judged before they are kept; more would be lost at once, fewer would take longer to keep than to judge. */
const KEPT = 10;
export const MOST = 3000;

const seconds = () => Math.floor(Date.now() / 1000);
const decoder = new TextDecoder();

export class Work {
  /**
   * @param {Sitting} sitting
   * @param {{changed: () => void, failed: (code: string) => void}} told
   */
  constructor(sitting, told) {
    this.sitting = sitting;
    this.told = told;
    /** @type {Item[]} */
    this.items = [];
    /** @type {import('./store.js').Waiting[]} */
    this.waiting = [];
    this.running = false;
    this.cancelled = false;
    /** Whether it is to go on, once more if what runs now fails. */
    this.asked = false;
    /** Whether the sitting was left: what is under way comes to its end, nothing else begins. */
    this.closed = false;
    /** The last that is being added; one after the other, or what is given twice would be there twice. @type {Promise<any>} */
    this.adding = Promise.resolve();
    /** How often everything was asked for again: what was asked before answers nothing that is asked now. */
    this.turn = 0;
    /** @type {any[]} */
    this.ruleSets = [];
    /** @type {{at: number, source: Source, troubles: Trouble[], trust: Promise<Trust|undefined>}|undefined} */
    this.publication = undefined;
    /** Whether what was left is here: what is given before that comes after it. */
    this.recalled = Promise.resolve();
  }

  /** What was left when the sitting was last open; or what is still under way since then. */
  async open() {
    this.closed = false;
    if (this.running) return;
    this.recalled = this.recall();
    await this.recalled;
    const { trust } = this.read();
    this.ruleSets = ((await trust) || {}).list?.ruleSets || [];
  }

  async recall() {
    [this.items, this.waiting] = await Promise.all([store.allOf('items', this.sitting.id), store.allOf('waiting', this.sitting.id)]);
  }

  get unjudged() {
    return this.items.filter((item) => !item.report && !item.trouble);
  }

  get left() {
    return this.waiting.length + this.unjudged.length;
  }

  /** The publication as it was read at most a minute ago. */
  read() {
    if (!this.publication || seconds() - this.publication.at > TRUST_SECONDS) {
      const [source, troubles] = [new Source(), /** @type {Trouble[]} */ ([])];
      this.publication = { at: seconds(), source, troubles, trust: loadTrust(source, troubles) };
    }
    return this.publication;
  }

  /** @param {File[]} files */
  async takeFiles(files) {
    await this.recalled;
    const waiting = files.map((file) => ({ sitting: this.sitting.id, name: file.name, type: file.type, data: file }));
    await store.keep('waiting', waiting);
    this.waiting.push(...waiting);
    await this.run();
  }

  /**
   * @param {string} label
   * @param {string[]} texts of codes, or numbers
   * @returns {Promise<{taken: Item[], known: Item[]}>} what is new, and what was there already
   */
  async takeTexts(label, texts) {
    await this.recalled;
    const found = await this.add(texts.map((text) => ({ label: label || text.slice(0, 64), ...evidenceOf(text) })));
    this.run();
    return found;
  }

  /** @param {Partial<Item>[]} presented @param {number[]} [read] @returns {Promise<{taken: Item[], known: Item[]}>} */
  add(presented, read = []) {
    const added = this.adding.then(() => this.addNext(presented, read));
    this.adding = added.catch(() => undefined);
    return added;
  }

  /** @param {Partial<Item>[]} presented @param {number[]} read */
  async addNext(presented, read) {
    const known = new Map(this.items.map((item) => [item.key, item]));
    /** @type {Item[]} */
    const taken = [];
    /** @type {Item[]} */
    const again = [];
    for (const one of presented) {
      const item = /** @type {Item} */ ({ ...one, sitting: this.sitting.id, key: one.record || one.qrText || one.number || `${one.trouble} ${one.label}` });
      const before = known.get(item.key);
      if (before) again.push(before);
      else if (this.items.length + taken.length < MOST) taken.push(item);
      else this.told.failed('tooMany');
      known.set(item.key, before || item);
    }
    if (!await store.keep('items', taken, read)) {
      await this.recall(); // read elsewhere: what came of it is there
      return { taken: [], known: [] };
    }
    this.items.push(...taken);
    this.waiting = this.waiting.filter(({ id }) => !read.includes(/** @type {number} */ (id)));
    this.told.changed();
    return { taken, known: again };
  }

  /** Read and judge what is left; only one runs at a time. */
  async run() {
    if (this.closed) return;
    this.cancelled = false; // also of one that has not stopped yet: it goes on
    this.asked = true;
    this.told.changed();
    if (this.running) return;
    this.running = true;
    while (this.asked) {
      this.asked = false;
      await this.goOn();
    }
    this.running = false;
    this.told.changed();
  }

  async goOn() {
    try {
      while (!this.cancelled && this.left) {
        if (this.waiting.length) await this.readSome();
        await this.judgeAll();
      }
    } catch (error) {
      if (this.asked) return; // since it began, perhaps because what failed is mended
      this.told.failed(/** @type {any} */ (error).code || 'fault');
      if (!(/** @type {any} */ (error).code)) console.error(error);
    }
  }

  cancel() {
    [this.cancelled, this.asked] = [true, false];
    this.told.changed();
  }

  /** The sitting is left. */
  close() {
    this.closed = true;
    this.cancel();
  }

  /** Judge everything again: a status may have changed. */
  async again() {
    this.turn += 1;
    this.publication = undefined;
    const judged = this.items.filter(({ trouble }) => !trouble);
    for (const item of judged) delete item.report;
    this.told.changed();
    // Also of the store, or what was asked for would be forgotten when the page is closed meanwhile.
    await Promise.all([store.keep('items', judged), this.run()]);
  }

  /** Files of one request, with the log proofs that lie beside them. */
  next() {
    const proofs = this.waiting.filter(({ name }) => name.toLowerCase().endsWith('.tlog-proof'));
    const others = this.waiting.filter((file) => !proofs.includes(file));
    if (!others.length) return proofs;
    const some = [];
    let size = 0;
    for (const file of others) {
      if (some.length && (some.length >= FILES || size + file.data.size > BYTES)) break;
      some.push(file);
      size += file.data.size;
    }
    const stem = (/** @type {string} */ name) => name.replace(/\.[^.]*$/, '').toLowerCase();
    const stems = new Set(some.map(({ name }) => stem(name)));
    return [...some, ...proofs.filter(({ name }) => stems.has(stem(name)))];
  }

  async readSome() {
    const some = this.next();
    const files = some.map(({ name, type, data }) => new File([data], name, { type }));
    const { here, there } = await sorted(files);
    const mine = here.map(({ label, evidence }) => ({
      label,
      ...(evidence.qrText && { qrText: evidence.qrText }),
      ...(evidence.record && { record: decoder.decode(evidence.record) }),
      ...(evidence.logProof && { logProof: decoder.decode(evidence.logProof) }),
    }));
    const proofs = there.length ? files.filter(({ name }) => name.toLowerCase().endsWith('.tlog-proof')) : [];
    const theirs = there.length ? await filesRead([...there, ...proofs]) : [];
    await this.add([...mine, ...theirs], some.map(({ id }) => /** @type {number} */ (id)));
  }

  async judgeAll() {
    /** @type {Item[]} */
    let judged = [];
    for (const item of this.unjudged) {
      if (this.cancelled) break;
      await this.judgeOne(item);
      judged.push(item);
      if (judged.length >= KEPT) {
        await store.keep('items', judged);
        judged = [];
        this.told.changed();
      }
    }
    await store.keep('items', judged);
    this.told.changed();
  }

  /** @param {Item} item */
  async judgeOne(item) {
    const { turn } = this;
    const publication = this.read();
    const trust = await publication.trust || nobodys();
    if (trust.list) this.ruleSets = trust.list.ruleSets;
    const { record, logProof, qrText, number } = item;
    const evidence = {
      ...(record !== undefined && { record: utf8(record) }),
      ...(logProof !== undefined && { logProof: utf8(logProof) }),
      ...(qrText !== undefined && { qrText }),
      ...(number !== undefined && { number }),
      status: new Map(),
    };
    const troubles = [...publication.troubles];
    const { statusMaxAge } = this.sitting.policy;
    const at = seconds();
    const report = await judge(publication.source, trust, evidence, at, troubles, statusMaxAge ? { statusMaxAge } : {});
    if (turn !== this.turn) return; // asked for again meanwhile: it is left to be judged
    Object.assign(item, { at, report, troubles });
    if (troubles.length && report.verdict === 'INDETERMINATE') this.publication = undefined; // an outage is not kept for a minute
  }

  /** @param {Item} item */
  async remove(item) {
    await store.drop('items', /** @type {number} */ (item.id));
    this.items = this.items.filter((one) => one !== item);
    this.told.changed();
  }
}

/** @returns {Trust} trust in nothing, where the publication cannot be reached */
export function nobodys() {
  return { error: 'trust_list_count', pin: { registry: '', root: { threshold: 1, keys: [] }, fingerprint: '' }, pinned: false, templates: [] };
}

/** @param {Item} item @returns {import('./rows.js').Judged} */
export function judgedOf({ id, label, report, page, trouble, number = '' }) {
  if (!report) return { id, label, verdict: 'INDETERMINATE', reason: trouble || 'waiting', number: '', subject: null, page: {} };
  return { id, label, verdict: report.verdict, reason: report.reason, number: report.number || '', subject: report.record ? report.record.credentialSubject : null, page: page || {} };
}
