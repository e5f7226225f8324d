// Imports point one way. Each list goes from top to bottom: what stands in a tier may import its own
// tier and all tiers below, never one above. `npm run check` holds this.

const library = [
  { name: "cli-web", path: "^(bindings/cli|web)/" },
  { name: "index", path: "^bindings/index\\.ts$" },
  { name: "tools", path: "^(bindings/(labs|trace|report)|bench)/" },
  { name: "scenario", path: "^bindings/scenario/" },
  { name: "kernel", path: "^bindings/kernel/" },
  { name: "core", path: "^bindings/core/" },
];

const core = [
  { name: "exports", path: "^assembly/index\\.ts$" },
  { name: "check", path: "^assembly/check/" },
  { name: "mm", path: "^assembly/mm/" },
  { name: "rmap", path: "^assembly/rmap/" },
  { name: "notifier", path: "^assembly/notifier/" },
  { name: "index", path: "^assembly/index/" },
  { name: "struct-arch", path: "^assembly/(struct|arch)/" },
  { name: "sync-memory", path: "^assembly/(sync|memory)/" },
  { name: "abi", path: "^assembly/(abi/|(locks|violated)\\.ts$)" },
];

function oneWay(side, tiers) {
  return tiers.slice(1).map(({ name, path }, i) => ({
    name: `${side}-${name}-imports-nothing-above`,
    severity: "error",
    from: { path },
    to: { path: tiers.slice(0, i + 1).map((tier) => tier.path) },
  }));
}

/** A new folder must be given its tier here before anything may be in it. */
function everyFileHasATier(side, folder, tiers) {
  return {
    name: `${side}-has-a-tier`,
    severity: "error",
    from: { path: folder, pathNot: tiers.map((tier) => tier.path) },
    to: {},
  };
}

export default {
  forbidden: [
    ...oneWay("library", library),
    ...oneWay("core", core),
    everyFileHasATier("library", "^(bindings|bench|web)/", library),
    everyFileHasATier("core", "^assembly/", core),
    {
      name: "library-sees-only-the-abi-of-the-core",
      severity: "error",
      from: { path: "^(bindings|bench|web)/" },
      to: { path: "^assembly/", pathNot: "^assembly/(abi/|(locks|violated)\\.ts$)" },
    },
    {
      name: "only-bindings-core-sees-the-build",
      severity: "error",
      from: { path: "^(bindings|bench|web)/", pathNot: "^bindings/core/" },
      to: { path: "^(build|dist)/" },
    },
    {
      name: "core-imports-only-itself",
      severity: "error",
      from: { path: "^assembly/" },
      to: { pathNot: "^assembly/" },
    },
    {
      name: "nothing-imports-tests",
      severity: "error",
      from: { path: "^(assembly|bindings|bench|web)/" },
      to: { path: "^test/" },
    },
    {
      // What the library pulls in must run in a browser and stay small.
      name: "library-needs-the-loader-only",
      severity: "error",
      from: { path: "^bindings/index\\.ts$" },
      to: {
        path: "node_modules/",
        pathNot: "node_modules/@assemblyscript/loader/",
        reachable: true,
      },
    },
    {
      name: "library-needs-no-node",
      severity: "error",
      from: { path: "^bindings/(index\\.ts$|core/|kernel/|labs/|scenario/)" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-circle-in-the-core",
      severity: "error",
      from: { path: "^assembly/" },
      to: { circular: true },
    },
    {
      // Types may refer to each other; values may not.
      name: "no-circle-in-the-library",
      severity: "error",
      from: { path: "^(bindings|bench|web)/" },
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "every-import-is-found",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^build/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
    },
  },
};
