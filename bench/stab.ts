// `npm run bench:stab`: point queries of the interval tree in WebAssembly and in C, taking turns in one run.
// Both hold the same VMAs, made by the same splits, and are asked for the same pages.

import { walksOf, type Walks } from "./walks.js";
import { NativeTree } from "./native-tree.js";
import { Random } from "./random.js";
import { splitWorkload } from "./suites/split.js";

const SIZES = [1e3, 1e4, 1e5, 1e6];
const SEED = 1;
const QUERIES = 65_536;
/** Queries in one turn: few milliseconds, so that most turns end before another program gets the processor. */
const BATCH = 16_384;
/** Turns of each side. */
const TURNS = 101;
/** The most that WebAssembly may take, in native times. */
const LIMIT = 1.3;

const native = NativeTree.start();
if (native === null) {
  console.error("bench:stab: no C compiler (cc), so there is no native side to compare with");
}
console.log("      VMAs   wasm ns   native ns   wasm ÷ native   fastest ÷ fastest");
for (const vmas of SIZES) {
  const state = await splitWorkload.build(vmas, "interval-tree");
  state.kernel.setSample(samePagesAsNative(state.frames));
  const line = await compare(vmas, walksOf(state.kernel, "stab"));
  state.kernel.dispose();
  console.log(line);
}
native?.stop();

async function compare(vmas: number, walks: Walks): Promise<string> {
  await native?.build(vmas, SEED, QUERIES);
  const wasm: number[] = [];
  const inC: number[] = [];
  for (let turn = -1; turn < TURNS; turn++) {
    const offset = ((turn + 1) * BATCH) % QUERIES;
    const wasmTime = wasmTurn(walks, offset);
    const nativeTime = await nativeTurn(offset);
    if (turn < 0) continue; // the first turn warms both up
    wasm.push(wasmTime);
    inC.push(nativeTime);
  }
  const start = String(vmas).padStart(10) + median(wasm).toFixed(1).padStart(10);
  if (native === null) return start;
  const ratio = median(wasm.map((time, turn) => time / (inC[turn] as number)));
  if (ratio > LIMIT) process.exitCode = 1;
  return [
    start,
    median(inC).toFixed(1).padStart(12),
    ratio.toFixed(2).padStart(16),
    (Math.min(...wasm) / Math.min(...inC)).toFixed(2).padStart(20),
    ratio > LIMIT ? `   over ${LIMIT}` : "",
  ].join("");
}

/** Nanoseconds per query. */
function wasmTurn(walks: Walks, offset: number): number {
  const start = performance.now();
  const found = walks(BATCH, offset);
  const elapsed = performance.now() - start;
  assertFound(found);
  return (elapsed * 1e6) / BATCH;
}

/** Nanoseconds per query; nothing without a native side. */
async function nativeTurn(offset: number): Promise<number> {
  if (native === null) return NaN;
  const { ns, found } = await native.run(BATCH, offset);
  assertFound(found);
  return ns / BATCH;
}

/** Every page is in exactly one VMA. */
function assertFound(found: number): void {
  if (found !== BATCH) throw new Error(`${BATCH} queries found ${found} VMAs`);
}

/** Frames by page; the native side draws its page offsets with the same generator. */
function samePagesAsNative(frames: Uint32Array): Uint32Array {
  const random = new Random(SEED);
  return Uint32Array.from({ length: QUERIES }, () => frames[random.below(frames.length)] as number);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
