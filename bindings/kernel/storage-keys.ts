import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { checkOptions, flag, integer, type OptionTypes } from "./argument.js";
import { failed, type Context } from "./context.js";
import { Page } from "./page.js";
import { encodeKey, type StorageKey } from "./storage-key.js";

/** Frames of a bulk operation: all, unless options say otherwise. */
export interface FrameRange {
  /** From 1. Default 1. */
  readonly first?: number;
  /** Default: all from `first` on. */
  readonly frames?: number;
}

const keyParts: OptionTypes<StorageKey> = { referenced: "any", changed: "any", access: "any" };
const frameRange: OptionTypes<FrameRange> = { first: "any", frames: "any" };

const MOST_ACCESS = 15;
const NONE = "this machine is an x86-64; accepted: storage keys of an s390x (arch)";

/**
 * The storage keys of an s390x. Walks and system calls ask and set them by themselves: this is for looking at what
 * they would find. A change whose mark is taken away here is one that the kernel does not come to know of.
 */
export class StorageKeys {
  readonly #context: Context;

  /** Made by createKernel(): not for users. */
  constructor(context: Context) {
    this.#context = context;
  }

  #call(name: string, op: Op, page: Page, key = 0): number {
    const { machine } = this.#context;
    const result = machine.call(op, Page.handleOf(this.#context, page, name, "page"), key);
    if (result >= 0) return result;
    const why = result === -Errno.EINVAL ? NONE : "it was freed";
    throw failed(result, `${name}(page ${page.frame})`, why);
  }

  /**
   * page_set_storage_key: what is not named stays as it is.
   *
   * @throws KernelError EINVAL, ESTALE
   */
  set(page: Page, key: Partial<StorageKey>): void {
    checkOptions("storageKeys.set", key as StorageKey, keyParts);
    const handle = Page.handleOf(this.#context, page, "storageKeys.set", "page");
    const present = page.storageKey;
    if (!present) throw failed(-Errno.EINVAL, `storageKeys.set(page ${page.frame})`, NONE);
    const { referenced, changed, access } = { ...present, ...given(key) };
    flag("storageKeys.set", "referenced", referenced);
    flag("storageKeys.set", "changed", changed);
    integer("storageKeys.set", "access", access, 0, MOST_ACCESS);
    this.#context.machine.call(
      Op.SetStorageKey,
      handle,
      encodeKey({ referenced, changed, access }),
    );
  }

  /** page_test_and_clear_young: was the page touched? @throws KernelError EINVAL, ESTALE */
  testAndClearReferenced(page: Page): boolean {
    return this.#call("storageKeys.testAndClearReferenced", Op.TestClearReferenced, page) === 1;
  }

  /** page_test_and_clear_dirty: was the page written to? @throws KernelError EINVAL, ESTALE */
  testAndClearChanged(page: Page): boolean {
    return this.#call("storageKeys.testAndClearChanged", Op.TestClearChanged, page) === 1;
  }

  /** Clears the referenced marks of many frames: those that had one. @throws KernelError EINVAL, ENOMEM */
  takeReferenced(range: FrameRange = {}): number[] {
    return this.#take("storageKeys.takeReferenced", Op.TakeReferenced, range);
  }

  /** Clears the changed marks of many frames: those that had one. @throws KernelError EINVAL, ENOMEM */
  takeChanged(range: FrameRange = {}): number[] {
    return this.#take("storageKeys.takeChanged", Op.TakeChanged, range);
  }

  #take(name: string, op: Op, range: FrameRange): number[] {
    const { machine, options } = this.#context;
    const { first, frames } = checkRange(name, range, options.frames);
    const taken = machine.call(op, first, frames);
    if (taken < 0) {
      throw failed(taken, `${name}()`, taken === -Errno.EINVAL ? NONE : "no room for the result");
    }
    return taken > 0 ? this.#framesTaken(first, frames) : [];
  }

  /** Reads the bits that the core has left: the first is that of the first frame of 64 that `first` is in. */
  #framesTaken(first: number, frames: number): number[] {
    const { core, view } = this.#context.machine;
    const base = first - (first % 64);
    const at = core.memoryInUse() >>> 0;
    const found: number[] = [];
    for (let frame = base; frame < first + frames; frame += 32) {
      let bits = view.getUint32(at + (frame - base) / 8, true);
      while (bits) {
        const bit = 31 - Math.clz32(bits & -bits);
        found.push(frame + bit);
        bits &= bits - 1;
      }
    }
    return found;
  }
}

/** The parts of a key that are not undefined. */
function given(key: Partial<StorageKey>): Partial<StorageKey> {
  return Object.fromEntries(Object.entries(key).filter(([, value]) => value !== undefined));
}

/** A range of frames of a machine with so many. @throws KernelError EINVAL */
export function checkRange(name: string, range: FrameRange, most: number): Required<FrameRange> {
  checkOptions(name, range, frameRange);
  const first = integer(name, "first", range.first ?? 1, 1, most);
  const frames = integer(name, "frames", range.frames ?? most + 1 - first, 0, most + 1 - first);
  return { first, frames };
}
