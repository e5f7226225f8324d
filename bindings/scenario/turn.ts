// What runs long gives way to whoever waits for an interrupt, an abort or a frame of the browser.

/** Longest time for which something runs in one turn of the event loop. */
const TURN_MS = 100;

/** A turn of the event loop, in parts of what runs. */
export class Turn {
  #began = performance.now();

  /** Between two parts: lets others have their turn if this one has lasted. */
  async pass(signal?: AbortSignal): Promise<void> {
    if (performance.now() - this.#began > TURN_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      this.#began = performance.now();
    }
    signal?.throwIfAborted();
  }
}
