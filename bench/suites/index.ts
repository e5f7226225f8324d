import type { BenchSuite } from "../document.js";
import { fileWorkload } from "./file.js";
import { forkWorkload } from "./fork.js";
import { splitWorkload } from "./split.js";
import type { Workload } from "./workload.js";

/** Every suite, by its name. */
export const workloads: Readonly<Record<BenchSuite, Workload>> = {
  split: splitWorkload,
  fork: forkWorkload,
  file: fileWorkload,
};
