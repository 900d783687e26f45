// @ts-check
/** Whether the hours meet the rule set that the record names (SPEC 7.6). */

import { Finding, Skipped } from './finding.js';

/**
 * Step 10.
 * @param {Object<string, any>} subject of an authentic record
 * @param {any[]} ruleSets of the trust list
 * @returns {Object<string, string>} details
 */
export function judgeHours(subject, ruleSets) {
  if (subject.ruleSet === undefined) throw new Skipped('no_rule');
  const rule = ruleSets.find((one) => one.id === subject.ruleSet);
  const minima = rule && rule.grades[subject.grade];
  if (!minima) throw new Skipped('rule_unknown');
  const { professionalHours, publicHours } = subject;
  const missing = {
    missingTotal: Math.max(0, minima.total - professionalHours - publicHours),
    missingProfessional: Math.max(0, minima.professional - professionalHours),
    missingPublic: Math.max(0, minima.public - publicHours),
  };
  const details = { ruleSet: rule.id, source: rule.source, article: rule.article };
  if (Object.values(missing).some((hours) => hours > 0)) {
    throw new Finding('hours_short', Object.assign({}, details, missing));
  }
  return details;
}
