// @ts-check
/**
 * The arithmetic of Ed25519 (RFC 8032), loaded only where the browser's own cannot be used (ed25519.js). Nothing secret is
 * handled, so it need not take constant time.
 */

import { byHand, bytesToInteger, join, sha512 } from '../forms.js';

byHand.add(import.meta.url);

const P = (1n << 255n) - 19n;
const L = (1n << 252n) + 27742317777372353535851937790883648493n;
const TOP = 1n << 255n;
const D = mod(-121665n * power(121666n, P - 2n));
const ROOT = power(2n, (P - 1n) / 4n);

/** @typedef {[bigint, bigint, bigint, bigint]} Point in extended coordinates */
/** @type {Point} */
const NEUTRAL = [0n, 1n, 1n, 0n];

/** @param {bigint} value */
function mod(value) {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
}

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let rest = exponent, square = base; rest > 0n; rest >>= 1n, square = mod(square * square)) {
    if (rest & 1n) result = mod(result * square);
  }
  return result;
}

/** @param {Uint8Array} data @returns {bigint} little-endian */
const integer = (data) => bytesToInteger(data.slice().reverse());

/** @param {Point} p @param {Point} q @returns {Point} the complete addition of RFC 8032 section 5.1.4 */
function add(p, q) {
  const a = mod((p[1] - p[0]) * (q[1] - q[0]));
  const b = mod((p[1] + p[0]) * (q[1] + q[0]));
  const c = mod(2n * D * mod(p[3] * q[3]));
  const d = mod(2n * p[2] * q[2]);
  return [mod((b - a) * (d - c)), mod((d + c) * (b + a)), mod((d - c) * (d + c)), mod((b - a) * (b + a))];
}

/** @param {bigint} encoded @returns {Point|undefined} RFC 8032 section 5.1.3 */
function decode(encoded) {
  const y = encoded % TOP;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n));
  if (mod(v * x * x) === mod(-u)) x = mod(x * ROOT);
  if (mod(v * x * x) !== u || (x === 0n && encoded >= TOP)) return undefined;
  if ((x & 1n) !== encoded / TOP) x = mod(-x);
  return [x, y, 1n, mod(x * y)];
}

const BASE = /** @type {Point} */ (decode(mod(4n * power(5n, P - 2n))));

/**
 * Whether S·B − k·A is encoded as R: the verification without cofactor, in arithmetic of our own.
 * @param {Uint8Array} key
 * @param {Uint8Array} signature
 * @param {Uint8Array} message
 */
export async function verifyByHand(key, signature, message) {
  const a = decode(integer(key));
  if (!a) return false;
  const r = signature.subarray(0, 32);
  const k = integer(await sha512(join(r, key, message))) % L;
  const s = integer(signature.subarray(32));
  /** @type {Point} */
  const minus = [mod(-a[0]), a[1], 1n, mod(-a[3])];
  const table = [NEUTRAL, BASE, minus, add(BASE, minus)];
  let sum = NEUTRAL;
  for (let bit = 252n; bit >= 0n; bit -= 1n) {
    const which = Number(((s >> bit) & 1n) | (((k >> bit) & 1n) << 1n));
    sum = add(sum, sum);
    if (which) sum = add(sum, table[which]);
  }
  const inverse = power(sum[2], P - 2n);
  const x = mod(sum[0] * inverse);
  return mod(sum[1] * inverse) + (x & 1n) * TOP === integer(r);
}
