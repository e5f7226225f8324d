// Who runs tests in a sandbox, and ends those that don't end by themselves.

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("runner.mjs", import.meta.url));

/** What is said of a run that was ended, as patience was over. */
export const ENDLESS = "(does not end)";
const BROKEN_OFF = "(the test run breaks off)";

export class Tester {
  #folder;
  #signal;
  #child;

  /** @param {AbortSignal} signal ends a run */
  constructor(folder, signal) {
    this.#folder = folder;
    this.#signal = signal;
  }

  /**
   * Runs test files, in their order, until the first test fails.
   *
   * @param {number} patience milliseconds that they may take
   * @returns {Promise<{ failure: string, times: [string, number][] }>} the test that failed, "" if none did; and
   *   milliseconds that each file took
   */
  async run(files, patience) {
    this.#signal.throwIfAborted();
    const verdict = await this.#ask(files, patience);
    this.#signal.throwIfAborted();
    if (verdict.failure === BROKEN_OFF) this.stop();
    return verdict;
  }

  stop() {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #ask(files, patience) {
    const stdio = ["ignore", "ignore", "inherit", "ipc"];
    const child = (this.#child ??= fork(program, [this.#folder], { stdio }));
    return new Promise((resolve) => {
      let failure = "";
      const abort = () => this.stop();
      const timer = setTimeout(() => {
        failure ||= ENDLESS;
        this.stop();
      }, patience);
      const settle = (verdict) => {
        clearTimeout(timer);
        this.#signal.removeEventListener("abort", abort);
        child.removeAllListeners();
        resolve(verdict);
      };
      this.#signal.addEventListener("abort", abort, { once: true });
      child.on("message", (message) => {
        if (message.times) settle(message);
        else failure = message.failure;
      });
      child.once("exit", () => {
        this.#child = undefined;
        settle({ failure: failure || BROKEN_OFF, times: [] });
      });
      child.send({ files });
    });
  }
}
