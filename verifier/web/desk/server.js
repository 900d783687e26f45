// @ts-check
/** What only a server can read (PDF, scans) or look up (a number with a name) goes to this page's own server, and nothing else. */

/** @typedef {VerificationReport & {target: string, troubles: Trouble[]}} Judged */

/** What the server says instead of a report; `code` is empty where there is no server that judges. */
export class Refusal extends Error {
  /** @param {string} code @param {string} title */
  constructor(code, title) {
    super(code);
    this.code = code;
    this.title = title;
  }
}

/** @param {string} path @param {RequestInit} request */
async function asked(path, request) {
  const response = await fetch(path, { method: 'POST', credentials: 'omit', redirect: 'error', cache: 'no-store', ...request })
    .catch(() => { throw new Refusal('', ''); });
  if (response.ok) return response;
  const isProblem = (response.headers.get('content-type') || '').startsWith('application/problem+json');
  const problem = isProblem ? await response.json().catch(() => ({})) : {};
  throw new Refusal(problem.code || '', problem.title || '');
}

/**
 * Judge files on the server; `told` gets each report as it comes.
 * @param {File[]} files
 * @param {string} language
 * @param {(report: Judged) => void} told
 */
export async function judgeFiles(files, language, told) {
  const body = new FormData();
  for (const file of files) body.append('files', file, file.name);
  const response = await asked('/api/verify', { body, headers: { Accept: 'application/x-ndjson', 'Accept-Language': language } });
  for await (const line of linesOf(response)) {
    const report = JSON.parse(line);
    if (!report.verdict) throw new Refusal(report.code, report.title);
    told(report);
  }
}

/** @param {Uint8Array|undefined} data */
const textOf = (data) => data && new TextDecoder().decode(data);

/**
 * Judge on the server what this browser cannot.
 * @param {Partial<Evidence>} presented
 * @param {string} language
 * @returns {Promise<Judged>}
 */
export async function judgeItem({ record, logProof, qrText, number, name }, language) {
  const item = { record: textOf(record), logProof: textOf(logProof), qrText, number, name };
  const response = await asked('/api/verify', {
    body: JSON.stringify({ items: [item] }),
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language },
  });
  return response.json();
}

/** @param {string} number @param {string} name @param {string} language @returns {Promise<Judged>} */
export async function judgeNumber(number, name, language) {
  const response = await asked(`/api/certificates/${encodeURIComponent(number)}`, {
    body: JSON.stringify({ name }),
    headers: { 'Content-Type': 'application/json', 'Accept-Language': language },
  });
  return response.json();
}

/** @param {Response} response */
export async function* linesOf(response) {
  if (!response.body) throw new Refusal('', '');
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    rest += decoder.decode(value, { stream: !done });
    const lines = rest.split('\n');
    rest = lines.pop() || '';
    yield* lines;
    if (done) return;
  }
}
