// @ts-check
/**
 * One row for each applicant and year (SPEC 8.5): verdict, hours against the rule, and where claim and signature differ.
 * The twin of `verifier/review/rows.py`, by which the server makes the rows of a signed report anew.
 *
 * @typedef {{numbers?: string[], employer?: string, grade?: string, professional?: number, public?: number, total?: number}} Claim
 * @typedef {{name: string, identity: string, claims: Object<string, Claim>}} Applicant claims by year, 0 for every year
 * @typedef {{label: string, verdict: string, reason: string, number: string, subject: Object<string, any>|null,
 *   page: Object<string, string>, id?: number}} Judged
 * @typedef {{years: number[], grade: string, ruleSet: string, statusMaxAge: number}} Policy
 * @typedef {{field: string, claimed: string, signed: string, source: string}} Difference
 * @typedef {{name: string, identity: string, year: number, verdict: string, certificates: Judged[], professional: number,
 *   public: number, rule: string, short: Object<string, number>, differences: Difference[], note: string, attention: string[]}} Row
 * @typedef {{name: string, identity: string, applicant?: Applicant, certificates: Judged[]}} Person
 */

const HOURS = ['professional', 'public', 'total'];
const FROM_LIST = /** @type {const} */ (['employer', 'grade']);
const GRADES = /** @type {Object<string, string>} */ ({ senior: '高级', intermediate: '中级', junior: '初级' });

/** @param {string} text as it is compared: width, white space, letters' case and kinds of middle dots apart */
export const fold = (text) => text.normalize('NFKC').replace(/[•・‧∙⋅]/g, '·').replace(/[\s\u0085]/g, '').toLowerCase();

/** @param {string} name @param {string} identity @param {number} year what a note is kept under */
const keyOf = (name, identity, year) => `${name}|${identity}|${year}`;

/**
 * @param {{policy: Policy, applicants: Applicant[], notes: Object<string, string>}} sitting
 * @param {Judged[]} judged
 * @param {any[]} ruleSets of the trust list
 * @returns {Row[]} applicants in their order, then everybody else in the order of what was presented
 */
export function rowsOf(sitting, judged, ruleSets) {
  return peopleOf(sitting.applicants, judged).flatMap((person) => {
    const years = new Set(person.certificates.map(yearOf));
    Object.keys(claimsOf(person)).map(Number).filter(Boolean).forEach((year) => years.add(year));
    if (person.name) sitting.policy.years.forEach((year) => years.add(year));
    return [...years].sort((a, b) => a - b).map((year) => rowOf(sitting, person, year, ruleSets));
  });
}

/** @param {Person} person */
const claimsOf = ({ applicant }) => (applicant ? applicant.claims : {});
/** @param {Judged} one */
const yearOf = ({ subject, number }) => (subject ? subject.year : Number(number.slice(6, 10) || 0));
/** @param {Claim} claim */
const numbersOf = (claim) => claim.numbers || [];

/** @param {Applicant[]} applicants @param {Judged[]} judged @returns {Person[]} */
function peopleOf(applicants, judged) {
  /** @type {Person[]} */
  const people = applicants.map((applicant) => ({ name: applicant.name, identity: applicant.identity, applicant, certificates: [] }));
  const finder = indexOf(people);
  const seen = new Set();
  for (const one of judged) {
    const key = one.number ? `${one.number} ${one.verdict}` : ` ${one.label}`;
    if (seen.has(key)) continue; // the same certificate from two files
    seen.add(key);
    let owner = finder.owner(one);
    if (!owner) {
      const { name = '', identityDocument = '' } = one.subject || {};
      owner = { name, identity: identityDocument, certificates: [] };
      people.push(owner);
      finder.add(owner);
    }
    owner.certificates.push(one);
  }
  return people;
}

/** @param {Person[]} people who claims a number; else the one of that name whose identity does not speak against it */
function indexOf(people) {
  /** @type {Map<string, Person>} */
  const byNumber = new Map();
  /** @type {Map<string, Person[]>} */
  const byName = new Map();
  /** @param {Person} person */
  const add = (person) => {
    for (const claim of Object.values(claimsOf(person))) {
      for (const number of numbersOf(claim)) if (!byNumber.has(number)) byNumber.set(number, person);
    }
    if (person.name) byName.set(fold(person.name), [...(byName.get(fold(person.name)) || []), person]);
  };
  people.forEach(add);
  /** @param {Judged} one @returns {Person|undefined} */
  const owner = ({ number, subject }) => {
    const claiming = number ? byNumber.get(number) : undefined;
    if (claiming || !subject) return claiming;
    const named = byName.get(fold(subject.name)) || [];
    const unknown = named.filter(({ identity }) => !identity);
    return named.find(({ identity }) => identity === subject.identityDocument) || (unknown.length === 1 ? unknown[0] : undefined);
  };
  return { add, owner };
}

/** @param {{policy: Policy, applicants: Applicant[], notes: Object<string, string>}} sitting @param {Person} person @param {number} year @param {any[]} ruleSets @returns {Row} */
function rowOf(sitting, person, year, ruleSets) {
  const presented = person.certificates.filter((one) => yearOf(one) === year);
  const counted = presented.filter((one) => one.verdict === 'PASSED' && one.subject);
  const claims = claimsOf(person);
  const claim = { ...claims[0], ...claims[year] };
  const [professional, general] = hoursOf(counted);
  const row = {
    name: person.name,
    identity: person.identity,
    year,
    verdict: ['FAILED', 'INDETERMINATE', 'PASSED'].find((verdict) => presented.some((one) => one.verdict === verdict)) || 'MISSING',
    certificates: presented,
    professional,
    public: general,
    ...ruleOf(sitting.policy, presented, counted, claim, [professional, general], ruleSets),
    differences: differencesOf(person, claim, presented, counted.length ? [professional, general, professional + general] : undefined),
    note: sitting.notes[keyOf(person.name, person.identity, year)] || '',
  };
  const annuals = counted.filter(({ subject }) => subject && 'professionalHours' in subject).length;
  return { ...row, attention: attentionOf(row, annuals > 1, sitting.applicants.length > 0 && !person.applicant) };
}

/** @param {any} row @param {boolean} several @param {boolean} unclaimed */
function attentionOf(row, several, unclaimed) {
  const found = {
    failed: row.verdict === 'FAILED',
    undecided: row.verdict === 'INDETERMINATE',
    missing: row.verdict === 'MISSING',
    short: row.rule === 'short',
    differs: row.differences.length > 0,
    several,
    unclaimed,
    no_rule: row.rule === 'unknown' && row.verdict !== 'MISSING',
  };
  return Object.entries(found).flatMap(([code, holds]) => (holds ? [code] : []));
}

/** @param {Judged[]} counted @returns {[number, number]} the annual certificate's, the larger of two; else trainings added up */
function hoursOf(counted) {
  const subjects = counted.map(({ subject }) => subject || {});
  const annual = subjects.filter((subject) => 'professionalHours' in subject)
    .map(({ professionalHours, publicHours }) => /** @type {[number, number]} */ ([professionalHours, publicHours]));
  if (annual.length) return annual.reduce((best, one) => (one[0] + one[1] > best[0] + best[1] ? one : best));
  const sum = (/** @type {string} */ category) => subjects.filter((subject) => subject.category === category)
    .reduce((total, { classHours }) => total + classHours, 0);
  return [sum('professional'), sum('public')];
}

/**
 * @param {Policy} policy
 * @param {Judged[]} presented
 * @param {Judged[]} counted
 * @param {Claim} claim
 * @param {[number, number]} hours
 * @param {any[]} ruleSets
 * @returns {{rule: string, short: Object<string, number>}}
 */
function ruleOf(policy, presented, counted, claim, [professional, general], ruleSets) {
  if (presented.length && !counted.length) return { rule: 'undecided', short: {} };
  const annual = (counted.find(({ subject }) => subject && 'ruleSet' in subject) || {}).subject || {};
  const wanted = policy.ruleSet || annual.ruleSet || '';
  const grade = policy.grade || annual.grade || claim.grade || '';
  if (!wanted) return { rule: 'none', short: {} };
  const rules = ruleSets.find(({ id }) => id === wanted);
  const rule = rules && Object.prototype.hasOwnProperty.call(rules.grades, grade) ? rules.grades[grade] : undefined;
  if (!rule) return { rule: 'unknown', short: {} };
  const lacking = Object.entries({
    total: rule.total - professional - general,
    professional: rule.professional - professional,
    public: rule.public - general,
  }).filter(([, value]) => value > 0);
  return lacking.length ? { rule: 'short', short: Object.fromEntries(lacking) } : { rule: 'met', short: {} };
}

/** @param {Person} person @param {Claim} claim @param {Judged[]} presented @param {number[]|undefined} hours @returns {Difference[]} */
function differencesOf(person, claim, presented, hours) {
  const missing = numbersOf(claim).filter((number) => !presented.some((one) => one.number === number))
    .map((number) => ({ field: 'number', claimed: number, signed: '', source: 'list' }));
  const inRecords = presented.flatMap(({ subject, page, number }) => (subject
    ? [...ofRecord(person, claim, subject), ...ofPage(page, subject, number)] : []));
  const inHours = HOURS.flatMap((name, at) => {
    const claimed = /** @type {any} */ (claim)[name];
    return hours && claimed !== undefined && claimed !== hours[at]
      ? [{ field: name, claimed: String(claimed), signed: String(hours[at]), source: 'list' }] : [];
  });
  return [...missing, ...inRecords, ...inHours];
}

/** @param {Person} person @param {Claim} claim @param {Object<string, any>} subject @returns {Difference[]} */
function ofRecord(person, claim, subject) {
  if (!person.applicant) return [];
  const claimed = [['name', person.name], ['identityDocument', person.identity], ...FROM_LIST.map((name) => [name, claim[name] || ''])];
  return claimed.filter(([name, text]) => text && name in subject && fold(text) !== fold(String(subject[name])))
    .map(([field, text]) => ({ field, claimed: text, signed: String(subject[field]), source: 'list' }));
}

/** @param {Object<string, string>} page @param {Object<string, any>} subject @param {string} number @returns {Difference[]} */
function ofPage(page, subject, number) {
  const signed = /** @type {Object<string, any>} */ ({ ...subject, certificateNumber: number });
  return Object.keys(page).filter((name) => name in signed).sort().flatMap((field) => {
    const text = String(signed[field]);
    const shown = (field === 'grade' && GRADES[text]) || text;
    return fold(page[field]) === fold(shown) ? [] : [{ field, claimed: page[field], signed: text, source: 'page' }];
  });
}
