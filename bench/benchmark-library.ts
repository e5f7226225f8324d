// benchmark.js finds lodash and its platform description through globals that a bundled worker
// does not have: here both are handed to it, so Node, a page and a worker all get the same library.
import "./worker-window.js";
import Benchmark from "benchmark";
import lodash from "lodash";
import platform from "platform";

/** The `benchmark` package, bound to its two helpers. */
export const BenchmarkLibrary = Benchmark.runInContext({ _: lodash, platform }) as typeof Benchmark;
