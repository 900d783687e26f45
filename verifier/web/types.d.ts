/**
 * The shapes that modules hand to each other, for readers and editors (`npx --package typescript@5.6 tsc -p verifier/web/jsconfig.json`).
 *
 * No browser loads this file and no page is made of it: a telephone pays for every byte of a module, and for none of this.
 * What belongs to one module alone is declared there. Times are Unix seconds, durations seconds.
 */

/** What one certificate is presented by; `status`: lists and details by address. */
interface Evidence {
  record?: Uint8Array;
  qrText?: string;
  number?: string;
  name?: string;
  logProof?: Uint8Array;
  status: Map<string, Uint8Array>;
}

interface StatusPolicy {
  at: number;
  clockSkew: number;
  statusMaxAge?: number | null;
}

interface Policy {
  at: number;
  requireLog?: boolean;
  requireStatus?: boolean;
  clockSkew?: number;
  maxLogDelay?: number;
  statusMaxAge?: number | null;
}

type Details = { [name: string]: string | number | boolean };
type Step = { step: number; name: string; outcome: string; code: string; details: Details };

/** SPEC 7.5. */
interface VerificationReport {
  reportVersion: 1;
  verdict: string;
  reason: string;
  missing: string[];
  at: string | undefined;
  number: string;
  steps: Step[];
  trust: { [name: string]: any };
  record: { [name: string]: any } | null;
}

/** A value of JSON's restricted profile (SPEC 2.4). */
type Json = string | number | boolean | Array<any> | { [name: string]: any };

/** What `page/start.js` has asked for, by path, and what it takes the number to be. */
interface Window {
  certregEarly?: {
    asked: { [path: string]: { answer: Promise<Response>; stop: AbortController } };
    guess?: Series;
  };
}

type Series = { authority: string; year: number; kind: number; serial: number };
type CertificateNumber = Series & { digits: string };

/** What was presented, opened and not verified: `number` tells which status and which part of the log to ask for, `isRecord` whether there is a record for a log to have. */
type Opened = { number: CertificateNumber | undefined; isRecord: boolean; record: UnverifiedRecord | undefined };

/** Whether a published record template is that of the presented certificate. */
type IsWanted = (record: Uint8Array) => boolean;

/** What a log proof says of a number. */
type Included = { entry: { [name: string]: any }; note: Note; index: number; size: number };

/** A Data Integrity proof (SPEC 2.3). */
type Proof = { options: { [name: string]: any }; method: string; created: number; signature: Uint8Array };

/** A record whose form is right and of which nothing is a fact yet. */
interface UnverifiedRecord {
  data: Uint8Array;
  document: { [name: string]: any };
  proof: Proof;
  issuer: string;
  number: string;
  kind: string;
  version: string;
}

/** One item of a QR's CBOR array. */
type Item = bigint | string | Uint8Array;
type QrText = { host: string; code: bigint; values: Item[]; signature: Uint8Array };

type RootKey = { id: string; key: Uint8Array };
type Root = { threshold: number; keys: RootKey[] };

interface ListedKey {
  id: string;
  key: Uint8Array;
  notBefore: number;
  notAfter: number;
  issuerName: string;
  revoked?: { at: number; compromisedFrom?: number };
}

interface Authority {
  code: string;
  id: string;
  scope: { kinds: number[]; years: number[] };
  states: { state: string; from: number }[];
  keys: ListedKey[];
}

/** SPEC 4.1. */
interface TrustList {
  registry: string;
  version: number;
  validFrom: number;
  validUntil: number;
  root: Root;
  authorities: Authority[];
  log: { origin: string; vkeys: string[] };
  witnesses: { vkeys: string[]; quorum: number };
  statusKeys: ListedKey[];
  reportKeys: ListedKey[];
  ruleSets: any[];
  templates: ListedTemplate[];
  notUnderstood: string[];
  document: { [name: string]: any };
}

type Pin = { registry: string; root: Root; fingerprint: string };

/** The log's own keys first. */
type LogKeys = { log: Verifier[]; witnesses: Verifier[] };

/** What a verifier trusts (SPEC 7.3); `pinned`: whether the reader chose the root. */
interface Trust {
  list?: TrustList;
  logKeys?: LogKeys;
  error?: string;
  pin: Pin;
  pinned: boolean;
  templates: CertificateTemplate[];
}

/** SHA-256 of published files, in hex. */
type Digests = { record: string; schema: string; context: string };
/** As the trust list names it (SPEC 4.6). */
type ListedTemplate = { kind: string; version: string } & Digests;
type CertificateTemplate = { record: RecordTemplate; valid: (document: any) => boolean; digests: Digests };

type TemplateValue = { name: string; form: string; codes?: string[]; open?: boolean };

/** SPEC 3.3. */
interface RecordTemplate {
  kind: string;
  kindDigit: number;
  version: string;
  code: number;
  values: TemplateValue[];
  record: { [name: string]: any };
}

/** Values and derived values, by name. */
type Fields = { [name: string]: string | number };

/** `set`: the number's bit. */
type StatusList = { validFrom: number; validUntil: number; trustListVersion: number; set: boolean };
/** By purpose: usable, or the code why not. */
type StatusLists = { [purpose: string]: StatusList | string };

/** C2SP signed notes (SPEC 6.3). */
type NoteSignature = { name: string; id: string; bytes: Uint8Array };
type Note = { text: string; signatures: NoteSignature[] };
type Verifier = { name: string; id: string; algorithm: number; key: Uint8Array };
type LoggedIssue = { index: number; size: number; time: number; witnesses: number };

/** What a file of the publication could not be had for. */
type Trouble = { path: string; code: string };

/** Tables of words by code. */
type Words = { [table: string]: { [code: string]: string } };
type Speech = { words: Words; language: string };
