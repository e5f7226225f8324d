import { Presets, SingleBar } from "cli-progress";
import type { BenchProgress } from "../../bench/run.js";
import { formatVmas } from "../report/numbers.js";

/** Shows where a benchmark run stands. */
export interface ProgressView {
  show(at: BenchProgress): void;
  /** Takes the bar away; harmless when there is none. */
  stop(): void;
}

/** A bar on a terminal; elsewhere one line for each state that is measured. */
export function startProgress(stream: NodeJS.WriteStream): ProgressView {
  return stream.isTTY ? new BarView(stream) : new LineView(stream);
}

class BarView implements ProgressView {
  readonly #bar: SingleBar;
  #started = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#bar = new SingleBar(
      {
        stream,
        format: "{bar} {value}/{total}  {what}",
        barsize: 24,
        clearOnComplete: true,
        hideCursor: true,
      },
      Presets.shades_classic,
    );
  }

  show(at: BenchProgress): void {
    const what = `${placeOf(at)}: ${at.operation}`;
    if (this.#started) this.#bar.update(at.done, { what });
    else this.#bar.start(at.total, at.done, { what });
    this.#started = true;
  }

  stop(): void {
    if (this.#started) this.#bar.stop();
    this.#started = false;
  }
}

class LineView implements ProgressView {
  readonly #stream: NodeJS.WriteStream;
  #last = "";

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  show(at: BenchProgress): void {
    const place = placeOf(at);
    if (place === this.#last) return;
    this.#last = place;
    this.#stream.write(`${at.done} of ${at.total} measured; now ${place}\n`);
  }

  stop(): void {
    this.#last = "";
  }
}

function placeOf({ suite, index, vmas }: BenchProgress): string {
  return `${suite}, ${formatVmas(vmas)}, ${index}`;
}
