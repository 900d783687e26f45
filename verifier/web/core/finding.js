// @ts-check
/**
 * What a step may end with besides PASSED: each carries a code of the SPEC, never a sentence.
 */

/** FAILED: something is wrong, whatever else may come. */
export class Finding extends Error {
  /**
   * @param {string} code
   * @param {Object<string, string|number|boolean>} [details]
   */
  constructor(code, details) {
    super(code);
    this.code = code;
    this.details = details || {};
  }
}

/** INDETERMINATE: more evidence could decide; `missing` names it. */
export class Undecided extends Error {
  /**
   * @param {string} code
   * @param {string} missing
   * @param {Object<string, string|number|boolean>} [details]
   */
  constructor(code, missing, details) {
    super(code);
    this.code = code;
    this.missing = missing;
    this.details = details || {};
  }
}

/** SKIPPED: what the step needs was not there. */
export class Skipped extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
  }
}

/**
 * End with a finding unless `holds`.
 * @param {unknown} holds
 * @param {string} code
 * @returns {asserts holds}
 */
export function require(holds, code) {
  if (!holds) throw new Finding(code);
}

/**
 * The outcome of `read`, with every finding inside it told as `code`.
 * @template T
 * @param {string} code
 * @param {() => T} read
 * @returns {T}
 */
export function within(code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof Finding) throw new Finding(code);
    throw error;
  }
}
