// What one step of a search gives: the node it stopped at, and what it cost on the way, in one number,
// so that a walk adds up its costs in locals and stores them once.
//
//   63 .... 48   47 .... 32   31 .... 0
//   touched      visited      node, 0 when there is none
//
// A step of a balanced tree passes fewer than a hundred nodes. One of v3.4's prio tree may pass nearly all of them: what
// has no room in the step waits in the header for the end of the walk (rmap/walk-cost.ts).

import { header } from "../memory/header";

const MOST: u32 = 0xffff;

export function makeStep(node: u32, visited: u32, touched: u32): u64 {
  return ((<u64>touched) << 48) | ((<u64>visited) << 32) | node;
}

/** A step that may have passed any number of nodes. */
export function makeLongStep(node: u32, visited: u32, touched: u32): u64 {
  if (touched > MOST) {
    header().longVisited += visited & ~MOST;
    header().longTouched += touched & ~MOST;
    return makeStep(node, visited & MOST, touched & MOST);
  }
  return makeStep(node, visited, touched);
}

/** Of a step that is no part of a walk. */
export function forgetLongStep(): void {
  header().longVisited = 0;
  header().longTouched = 0;
}

export function stepNode(step: u64): u32 {
  return <u32>step;
}

/** Nodes that became the current node, the returned one included. */
export function stepVisited(step: u64): u32 {
  return (<u32>(step >> 32)) & 0xffff;
}

/** Nodes of which a field was read. */
export function stepTouched(step: u64): u32 {
  return <u32>(step >> 48);
}
