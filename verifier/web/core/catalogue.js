// @ts-check
/**
 * The certificate templates at hand, each with the digests of its published files (SPEC 4.6).
 *
 * @typedef {{record: string, schema: string, context: string}} Digests SHA-256 in hex
 * @typedef {{kind: string, version: string} & Digests} ListedTemplate as the trust list names it
 * @typedef {{record: import('./template.js').RecordTemplate, valid: (document: any) => boolean, digests: Digests}} CertificateTemplate
 */

import { hex, sha256 } from './bytes.js';
import { parseRestricted } from './json.js';
import { compile } from './schema.js';
import { parseTemplate } from './template.js';

const MAX_SCHEMA = 262144;

/**
 * @param {{record: Uint8Array, schema: Uint8Array, context: Uint8Array}} files as published
 * @returns {Promise<CertificateTemplate>}
 */
export async function readTemplate(files) {
  const [record, schema, context] = await Promise.all(
    [files.record, files.schema, files.context].map(async (data) => hex(await sha256(data))),
  );
  return {
    record: parseTemplate(files.record),
    valid: compile(parseRestricted(files.schema, MAX_SCHEMA)),
    digests: { record, schema, context },
  };
}

/**
 * Whether the trust list names these very files.
 * @param {CertificateTemplate} template
 * @param {ListedTemplate[]} listed
 */
export function isListed({ record, digests }, listed) {
  return listed.some((one) => one.kind === record.kind && one.version === record.version
    && one.record === digests.record && one.schema === digests.schema && one.context === digests.context);
}
