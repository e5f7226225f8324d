// The Chromium of the browser tests: the one named by $CHROMIUM, else an installed one, else the
// one that the npm package @sparticuz/chromium carries, unpacked once beside it.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

/** How to start a Chromium. */
export interface LaunchOptions {
  executablePath: string;
  env: Record<string, string>;
  args: string[];
}

interface Choice {
  launchOptions: LaunchOptions;
  /** Where it comes from, for messages. */
  origin: string;
}

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const VERSION_TIMEOUT = 10_000;
const LAUNCH_TIMEOUT = 60_000; // a cold start of a 200 MB binary on a slow disk
const CACHE = fileURLToPath(new URL("../node_modules/.cache/", import.meta.url));

function environment(extra: Record<string, string>): Record<string, string> {
  return { ...(process.env as Record<string, string>), ...extra };
}

function choice(origin: string, executablePath: string, env: Record<string, string> = {}): Choice {
  // No GPU is needed, and /dev/shm is small in a container.
  const args = ["--disable-gpu", "--disable-dev-shm-usage"];
  return { origin, launchOptions: { executablePath, env: environment(env), args } };
}

/** Ubuntu's `chromium-browser`, say, only tells how to install a snap. */
function answers(path: string): boolean {
  try {
    execFileSync(path, ["--version"], { stdio: "ignore", timeout: VERSION_TIMEOUT });
    return true;
  } catch {
    return false;
  }
}

function installed(): string | undefined {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name)))
    .filter((path) => existsSync(path))
    .find(answers);
}

/** The package's version; its exports hide package.json, so look upwards from its entry. */
function carriedVersion(): string {
  let folder = dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium"));
  for (;;) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) {
      const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version?: string };
      if (version !== undefined) return version;
    }
    folder = dirname(folder);
  }
}

function carriedFolder(): string {
  return join(CACHE, `chromium-${carriedVersion()}`);
}

function carried(): Choice {
  const folder = carriedFolder();
  return choice("carried by @sparticuz/chromium", join(folder, "chromium"), {
    LD_LIBRARY_PATH: join(folder, "al2023", "lib"),
    FONTCONFIG_PATH: join(folder, "fonts"),
  });
}

function choose(): Choice {
  const named = process.env["CHROMIUM"];
  if (named) return choice("$CHROMIUM", named);
  const found = installed();
  return found ? choice("installed", found) : carried();
}

/** Which Chromium the tests are going to start; nothing is unpacked or started yet. */
export function chromiumLaunchOptions(): LaunchOptions {
  return choose().launchOptions;
}

/**
 * Unpacks the carried binary with its libraries. The package unpacks into the temporary folder of
 * its process and takes what is there for complete, so it gets a folder of its own, and the result
 * is moved into place when it is whole.
 */
function unpack(): void {
  const folder = carriedFolder();
  if (existsSync(folder)) return;
  mkdirSync(CACHE, { recursive: true });
  const fresh = mkdtempSync(join(CACHE, "unpacking-"));
  const script = 'import("@sparticuz/chromium").then((c) => c.default.executablePath())';
  execFileSync(process.execPath, ["--eval", script], {
    cwd: import.meta.dirname,
    // The second variable makes it unpack the shared libraries of a bare Linux too.
    env: environment({ TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: "nodejs20.x" }),
    stdio: "pipe",
  });
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    // Another run was faster.
    if (!existsSync(folder)) throw error;
  }
}

/**
 * Makes sure that the chosen Chromium starts.
 * @throws Error that says in one line how to get one
 */
export async function prepareChromium(): Promise<void> {
  const { launchOptions, origin } = choose();
  try {
    if (launchOptions.executablePath === carried().launchOptions.executablePath) unpack();
    const browser = await chromium.launch({ ...launchOptions, timeout: LAUNCH_TIMEOUT });
    await browser.close();
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).split("\n", 1)[0];
    const message =
      `The browser tests found no Chromium that runs (${launchOptions.executablePath}, ${origin}: ` +
      `${reason}). Install one (apt-get install chromium) or set CHROMIUM to the path of one.`;
    throw new Error(message, { cause: error });
  }
}
