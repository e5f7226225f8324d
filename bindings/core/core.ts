import { instantiate, instantiateSync } from "@assemblyscript/loader";
import type { instantiate as generated } from "../../build/release.js";
import { KernelError } from "./kernel-error.js";
import { describeLockFault } from "./lock-fault.js";

/** The core's exports as asc typed them: nothing here is declared twice. */
export type Core = Awaited<ReturnType<typeof generated>>;

/** The builds of the core: see docs/architecture.md. */
export type Build = "release" | "checked" | "explore" | "debug";

/** Called at the yield points of the explore build: kind is a YieldKind, object an address. */
export type YieldPoint = (kind: number, object: number) => void;

/** Called for clients registered with callbacks: `what` is a NotifierCall. 1 is yes. */
export type NotifierCallback = (cookie: number, what: number, a: number, b: number) => number;

/** What an instance calls. */
export interface Host {
  readonly yieldPoint: YieldPoint;
  /** Set by whoever knows the clients. */
  notifierCallback: NotifierCallback;
}

/** Exports that Binaryen's Asyncify pass adds to the explore build. */
export interface Asyncify {
  asyncify_start_unwind(data: number): void;
  asyncify_stop_unwind(): void;
  asyncify_start_rewind(data: number): void;
  asyncify_stop_rewind(): void;
  asyncify_get_state(): number;
}

const places: Record<Build, URL> = {
  release: new URL("../../build/release.wasm", import.meta.url),
  checked: new URL("../../build/checked.wasm", import.meta.url),
  explore: new URL("../../build/explore.wasm", import.meta.url),
  debug: new URL("../../build/debug.wasm", import.meta.url),
};

/** An AssemblyScript string: UTF-16, its length in bytes in the word before it. */
function text(memory: WebAssembly.Memory, at: number): string {
  if (!at) return "";
  const length = new DataView(memory.buffer).getUint32(at - 4, true);
  return String.fromCharCode(...new Uint16Array(memory.buffer, at, length >>> 1));
}

function imports(memory: () => WebAssembly.Memory, host: Host) {
  return {
    env: {
      abort(message: number, file: number, line: number, column: number): never {
        const place = `${text(memory(), file)}:${line}:${column}`;
        const said = text(memory(), message);
        const lock = said.startsWith("lock:") && describeLockFault(new DataView(memory().buffer));
        throw new KernelError("BUG", "kernel", `${said}${lock ? `: ${lock}` : ""} (${place})`);
      },
    },
    host: {
      yieldPoint: host.yieldPoint,
      notifierCallback: (cookie: number, what: number, a: number, b: number) =>
        host.notifierCallback(cookie, what, a, b),
    },
  };
}

const compiled = new Map<Build, Promise<WebAssembly.Module>>();

/** The file's bytes; null when there is none. */
async function bytesAt(place: URL): Promise<Uint8Array<ArrayBuffer> | null> {
  // Node's fetch knows no file: URLs; asking for the built-in keeps node:fs out of bundles.
  const fs = globalThis.process?.getBuiltinModule?.("node:fs/promises");
  if (fs && place.protocol === "file:") {
    return fs.readFile(place).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw error;
    });
  }
  const response = await fetch(place);
  if (response.status === 404 || response.status === 410) return null;
  if (!response.ok) throw new Error(`${place.href}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

/** Servers of single-page applications answer with their page where there is no file. */
function isWasm(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0x61 && bytes[2] === 0x73 && bytes[3] === 0x6d;
}

async function compile(build: Build): Promise<WebAssembly.Module> {
  const place = places[build];
  const bytes = await bytesAt(place);
  if (bytes && isWasm(bytes)) return WebAssembly.compile(bytes);
  const script = build === "debug" ? "build:debug" : "build";
  const detail = `build "${build}" is not there, "npm run ${script}" makes it (${place.href})`;
  throw new KernelError("ENOENT", "compileCore", detail);
}

/**
 * The compiled module of a build: compiled once, shared by all kernels, and can be posted to workers.
 *
 * @throws KernelError EINVAL for a build that does not exist, ENOENT for one that is not there
 * @throws Error when its file can't be read, naming it
 */
export async function compileCore(build: Build = "release"): Promise<WebAssembly.Module> {
  if (!Object.hasOwn(places, build)) {
    const accepted = Object.keys(places).join(", ");
    const value = typeof build === "string" ? `"${build as string}"` : String(build);
    const detail = `build is ${value}, accepted: ${accepted}`;
    throw new KernelError("EINVAL", "compileCore", detail);
  }
  let module = compiled.get(build);
  if (!module) {
    module = compile(build);
    compiled.set(build, module);
    module.catch(() => compiled.delete(build));
  }
  return module;
}

/** An instance of the core with its own memory. Synchronous: in a browser's main thread up to 8 MB of code. */
export function instantiateCore(module: WebAssembly.Module, host: Host): Core {
  const { instance } = instantiateSync<Core>(
    module,
    imports(() => core.memory, host),
  );
  const core = instance.exports as unknown as Core;
  return core;
}

/** instantiateCore for main threads: asynchronous. */
export async function instantiateCoreAsync(module: WebAssembly.Module, host: Host): Promise<Core> {
  const { instance } = await instantiate<Core>(
    module,
    imports(() => core.memory, host),
  );
  const core = instance.exports as unknown as Core;
  return core;
}
