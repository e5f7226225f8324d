import { KernelError, type Batch } from "../../bindings/index.js";
import { addOnPage, addTo, type Reading } from "./batch-entry.js";
import type { CoreSide } from "./core-side.js";
import { PAGE, type Operation, type Outcome } from "./operation.js";

/** An operation in the batch, and what it gave elsewhere. */
interface Waiting {
  readonly operation: Operation;
  readonly expected: Outcome;
  readonly reading: Reading;
}

/**
 * Performs operations on a core in batches, as many at once as can be: what has no place in a batch ends one, and so
 * does what has to look at a page or a process first that the batch may change or make.
 */
export class BatchSide {
  private readonly batch: Batch;
  private readonly waiting: Waiting[] = [];
  /** Children that the batch makes, by the numbers of their operations. */
  private readonly born: number[] = [];

  constructor(
    private readonly side: CoreSide,
    /** Hears how many operations ran at once. */
    private readonly ran: (operations: number) => void,
  ) {
    this.batch = side.kernel.batch();
  }

  /** Does it now, or later with others; the same must come of it as came elsewhere. */
  perform(operation: Operation, expected: Outcome): void {
    const unborn = "process" in operation && operation.process >= this.side.processes.length;
    if (unborn || this.batch.length === this.batch.capacity || looks(operation)) this.flush();
    try {
      const reading = this.add(operation);
      if (reading !== null) {
        this.waiting.push({ operation, expected, reading });
        return;
      }
    } catch (error) {
      // Arguments that make no sense are refused before they get into the batch.
      if (!(error instanceof KernelError)) throw error;
      compare(operation, expected, error.code);
      return;
    }
    this.flush();
    compare(operation, expected, this.side.perform(operation));
  }

  /** Runs what waits. */
  flush(): void {
    const { batch, side } = this;
    this.ran(batch.length);
    const failed = batch.run();
    const refused = this.waiting.filter((_, index) => batch.error(index) !== null);
    if (failed !== refused.length) {
      throw new Error(`batch: ${failed} failed, and ${refused.length} have errors`);
    }
    for (const [index, { operation, expected, reading }] of this.waiting.entries()) {
      compare(operation, expected, batch.error(index) ?? reading(batch.result(index)));
    }
    for (const index of this.born) side.processes.push(batch.process(index));
    this.born.length = 0;
    this.waiting.length = 0;
    batch.clear();
  }

  private add(operation: Operation): Reading | null {
    const { batch, side } = this;
    if (operation.op === "fork") {
      if (operation.shareMemory) return null;
      this.born.push(batch.fork(side.process(operation.process)));
      return () => 0;
    }
    if (!looks(operation)) return addTo(batch, operation, side);
    const page = side.process(operation.process).pageAt(operation.address);
    return page === null ? null : addOnPage(batch, operation, page);
  }
}

/** Whether it is about the page at an address, which has to be asked for. */
function looks(
  operation: Operation,
): operation is Extract<Operation, { readonly process: number; readonly address: number }> {
  switch (operation.op) {
    case "page-referenced":
    case "try-to-unmap":
    case "page-mkclean":
    case "test-clear-referenced":
    case "test-clear-changed":
    case "shrink":
      return true;
    case "migrate":
      return operation.length === PAGE;
    default:
      return false;
  }
}

function compare({ op }: Operation, expected: Outcome, actual: Outcome): void {
  if (actual !== expected) {
    throw new Error(`in a batch ${op} gave ${actual}, by itself ${expected}`);
  }
}
