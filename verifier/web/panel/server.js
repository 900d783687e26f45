// @ts-check
/** What this page asks of its own server: to read files that the device cannot, and to judge a sitting anew and sign its report. */

import { linesOf } from '../desk/server.js';

export class Refused extends Error {
  /** @param {string} code @param {string} title what the server said; empty where there is no such server */
  constructor(code, title) {
    super(code);
    this.code = code;
    this.title = title;
  }
}

/** @param {string} path @param {RequestInit} request */
async function asked(path, request) {
  const response = await fetch(path, { credentials: 'omit', redirect: 'error', cache: 'no-store', ...request })
    .catch(() => { throw new Refused('offline', ''); });
  if (response.ok) return response;
  const isProblem = (response.headers.get('content-type') || '').startsWith('application/problem+json');
  const problem = isProblem ? await response.json().catch(() => ({})) : {};
  throw new Refused(problem.code || 'noServer', problem.title || '');
}

/** @returns {Promise<{reads: boolean, signs: boolean}>} */
export async function abilities() {
  const response = await asked('/api/panel', {}).catch(() => undefined);
  const none = { reads: false, signs: false };
  return response ? response.json().catch(() => none) : none;
}

/** @param {File[]} files @returns {Promise<any[]>} evidence by file, as `label` and its members; where there is no server at all, that as the trouble */
export async function filesRead(files) {
  const body = new FormData();
  for (const file of files) body.append('files', file, file.name);
  try {
    const response = await asked('/api/panel/read', { method: 'POST', body, headers: { Accept: 'application/x-ndjson' } });
    const found = [];
    for await (const line of linesOf(response)) {
      const { target, ...evidence } = JSON.parse(line);
      if (target === undefined) throw new Refused(evidence.code, evidence.title);
      found.push({ label: target, ...evidence });
    }
    return found;
  } catch (error) {
    if (!(error instanceof Refused) || !['noServer', 'archive_form', 'archive_too_large', 'upload_form'].includes(error.code)) throw error;
    return files.filter(({ name }) => !name.toLowerCase().endsWith('.tlog-proof')).map(({ name }) => ({ label: name, trouble: error.code }));
  }
}

/**
 * @param {any} sitting as POST /api/panel/report takes it
 * @param {string} language
 * @param {(line: any) => void} told progress
 * @param {AbortSignal} signal
 * @returns {Promise<any>} the last line
 */
export async function reportMade(sitting, language, told, signal) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/x-ndjson', 'Accept-Language': language };
  const response = await asked('/api/panel/report', { method: 'POST', body: JSON.stringify(sitting), headers, signal });
  for await (const text of linesOf(response)) {
    const line = JSON.parse(text);
    if (line.code) throw new Refused(line.code, line.title);
    if (line.pdf) return line;
    told(line);
  }
  throw new Refused('offline', '');
}

/** @param {File} file @returns {Promise<{report: string, table?: string}>} */
export async function reportIn(file) {
  const body = new FormData();
  body.append('files', file, file.name);
  return (await asked('/api/panel/report/read', { method: 'POST', body })).json();
}
