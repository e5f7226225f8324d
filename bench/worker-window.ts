// benchmark.js takes `window` for the global object. A worker calls it `self`; Node has neither and needs nothing.
const scope = globalThis as { self?: unknown; window?: unknown };
if (scope.self !== undefined && scope.window === undefined) scope.window = scope.self;
