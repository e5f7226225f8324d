// Runs once before the browser tests, and only when they are asked for.

import { prepareChromium } from "./chromium.js";

/** Fails the whole run, with one line and no stack: what is wrong is the machine. */
export default async function setup(): Promise<void> {
  try {
    await prepareChromium();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
