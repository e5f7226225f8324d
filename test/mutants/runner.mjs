// A process that runs test files when it is told to, each time with modules of their own: starting vitest takes longer
// than most of the tests.
//
//   node test/mutants/runner.mjs FOLDER     to be forked: { files } in; { failure } and at the end { failure, times } out

import { relative } from "node:path";
import { createVitest } from "vitest/node";

const [folder] = process.argv.slice(2);

/** In the order in which they are named: first those that should notice. */
class AsNamed {
  sort(specifications) {
    return specifications;
  }
  shard(specifications) {
    return specifications;
  }
}

/** What is known of a run: the test that failed first, and how long each file took, in milliseconds. */
let verdict;

/** The first failure is enough. */
function fail(module, what) {
  if (verdict.failure) return;
  verdict.failure = `${relative(`${folder}/test`, module.moduleId)}: ${what}`;
  // Already now, as the run may not come to an end in time.
  process.send({ failure: verdict.failure });
  void vitest.cancelCurrentRun("test-failure");
}

const reporter = {
  onTestCaseResult(test) {
    if (test.result().state === "failed") fail(test.module, test.fullName);
  },
  onTestModuleEnd(module) {
    const [error] = module.errors();
    if (error) fail(module, error.message.split("\n")[0]);
    const { collectDuration, duration } = module.diagnostic();
    verdict.times.push([relative(folder, module.moduleId), collectDuration + duration]);
  },
  onTestRunEnd(modules, errors) {
    if (errors.length > 0) verdict.failure ||= "(the test run breaks off)";
  },
};

const vitest = await createVitest(
  "test",
  {
    ...{ root: folder, config: false, watch: false, reporters: [reporter], environment: "node" },
    ...{ include: ["test/**/*.test.ts"], testTimeout: 30_000 },
    // One thread for all files of a run, and another for the next run.
    ...{ pool: "threads", isolate: false, maxWorkers: 1, sequence: { sequencer: AsNamed } },
  },
  { cacheDir: `${folder}/cache` },
);

// Whoever presses Ctrl-C means the parent, which ends this one.
process.on("SIGINT", () => undefined);
process.once("disconnect", () => process.exit());
process.on("message", async ({ files }) => {
  verdict = { failure: "", times: [] };
  const project = vitest.getRootProject();
  const specifications = files.map((file) => project.createSpecification(`${folder}/${file}`));
  await vitest.runTestSpecifications(specifications);
  process.send(verdict);
});
