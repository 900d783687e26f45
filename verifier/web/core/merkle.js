// @ts-check
/** Inclusion in a Merkle tree (SPEC 6.1; RFC 9162 section 2.1.3.2). */

import { join, same, sha256 } from './bytes.js';
import { require } from './finding.js';

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/**
 * @param {Uint8Array} entry
 * @param {bigint} index
 * @param {Uint8Array[]} path from the leaf's sibling upwards
 * @param {{size: bigint, root: Uint8Array}} tree
 */
export async function checkInclusion(entry, index, path, { size, root }) {
  require(index < size, 'log_index_beyond_tree');
  let hash = await sha256(join(LEAF, entry));
  let [node, last] = [index, size - 1n];
  for (const sibling of path) {
    require(last > 0n, 'log_inclusion');
    if (node & 1n || node === last) {
      hash = await sha256(join(NODE, sibling, hash));
      while (node !== 0n && !(node & 1n)) [node, last] = [node >> 1n, last >> 1n];
    } else {
      hash = await sha256(join(NODE, hash, sibling));
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  require(last === 0n && same(hash, root), 'log_inclusion');
}
