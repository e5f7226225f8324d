import { Invalidate } from "../../assembly/abi/argument.js";
import { FileField } from "../../assembly/abi/field.js";
import { FileKind } from "../../assembly/abi/machine.js";
import { Op } from "../../assembly/abi/operation.js";
import { Errno } from "../../assembly/abi/result.js";
import { integer, PGOFF_END, refused, word as oneOf } from "./argument.js";
import { failed, type Context } from "./context.js";
import { Held } from "./held.js";
import { exhausted } from "./reason.js";

/** What a file is kept on. `shmem` is the object behind a shared anonymous mapping; `hugetlb` the pool of huge pages. */
export type Kind = "disk" | "tmpfs" | "shmem" | "ramfs" | "hugetlb";

const kinds: readonly Kind[] = ["disk", "tmpfs", "shmem", "ramfs", "hugetlb"];

/** The core's number of a kind. @throws KernelError EINVAL */
export function kindCode(kind: Kind): FileKind {
  if (kind === "disk") return FileKind.Disk;
  if (kind === "tmpfs") return FileKind.Tmpfs;
  if (kind === "ramfs") return FileKind.Ramfs;
  if (kind === "hugetlb") return FileKind.Hugetlb;
  throw refused("createFile", "kind", kind, "disk, tmpfs, ramfs, hugetlb");
}

const NOT_FOR_HUGE =
  "of a hugetlb file, accepted: truncate() to multiples of 512 pages, read() and writeback()";

const invalidations = ["idle", "all"] as const;

/** An open file. VMAs of two opens of one inode never merge. */
export class File extends Held {
  /** @internal */
  static readonly accepted = "a File of this kernel";
  readonly kind: Kind;
  /** Equal for all opens of one inode. */
  readonly inode: number;

  /** Made by createFile(), open() and whoever meets a file: not for users. */
  constructor(
    context: Context,
    handle: number,
    readonly name: string,
  ) {
    super(context, handle);
    this.inode = context.machine.core.fileField(handle, FileField.Inode);
    this.kind = kinds[context.machine.core.fileField(handle, FileField.Kind)] ?? "disk";
  }

  protected override get label(): string {
    return `file ${this.name || `of inode ${this.inode}`}`;
  }

  /** Size in pages. @throws KernelError ESTALE */
  get pages(): number {
    const pages = this.context.machine.core.fileField(this.handle, FileField.Pages);
    if (pages < 0) throw failed(pages, this.label, "it was closed");
    return pages;
  }

  /** Pages of it in the page cache. @throws KernelError ESTALE */
  get cached(): number {
    const cached = this.context.machine.core.fileField(this.handle, FileField.Cached);
    if (cached < 0) throw failed(cached, this.label, "it was closed");
    return cached;
  }

  /**
   * Sets the size. Pages beyond it go, private copies of them too; new pages are zero.
   *
   * @param pages 0 to 2^52; of a `hugetlb` file a multiple of 512
   * @throws KernelError EINVAL, ESTALE
   */
  truncate(pages: number): void {
    integer("truncate", "pages", pages, 0, PGOFF_END);
    this.#run(Op.Truncate, `truncate(${pages})`, pages);
  }

  #run(op: Op, name: string, a = 0, b = 0, c = 0): number {
    return this.#done(this.context.machine.call(op, this.handle, a, b, c), name);
  }

  #done(result: number, name: string): number {
    if (result >= 0) return result;
    throw failed(result, `${name} of ${this.label}`, this.#why(-result));
  }

  #why(errno: Errno): string {
    if (errno === Errno.ESTALE) return "it was closed";
    if (errno === Errno.EINVAL && this.kind === "hugetlb") return NOT_FOR_HUGE;
    return errno === Errno.EBUSY ? "a dirty page had to stay" : exhausted(this.context);
  }

  /** read(2) of a page's first word, through the page cache; 0 beyond the end. @throws KernelError EINVAL, ENOMEM, ESTALE */
  read(pgoff: number): number {
    integer("read", "pgoff", pgoff, 0, PGOFF_END - 1);
    return this.#run(Op.FileRead, `read(${pgoff})`, pgoff);
  }

  /** write(2) of a page's first word; the file grows if it has to. @throws KernelError EINVAL, ENOMEM, ESTALE */
  write(pgoff: number, word: number): void {
    integer("write", "pgoff", pgoff, 0, PGOFF_END - 1);
    integer("write", "word", word);
    this.#run(Op.FileWrite, `write(${pgoff}, ${word})`, pgoff, word);
  }

  /** Writes dirty pages to the disk, protecting their entries first; how many. Memory has nothing to write. @throws KernelError ESTALE */
  writeback(): number {
    return this.#run(Op.Writeback, "writeback()");
  }

  /**
   * Drops cached pages of a range: "idle" ones that are clean and not mapped, or "all", which are unmapped
   * first (private copies stay); how many.
   *
   * @throws KernelError EBUSY when one of "all" had to stay, EINVAL, ESTALE
   */
  invalidate(pgoff: number, pages: number, how: "idle" | "all" = "idle"): number {
    integer("invalidate", "pgoff", pgoff, 0, PGOFF_END);
    integer("invalidate", "pages", pages, 0, PGOFF_END - pgoff);
    oneOf("invalidate", "how", how, invalidations);
    const code = how === "all" ? Invalidate.All : Invalidate.Idle;
    return this.#run(Op.Invalidate, `invalidate(${pgoff}, ${pages})`, pgoff, pages, code);
  }

  /** Frees the pages of a range: they read as zero. Size and private copies stay. @throws KernelError EINVAL, ENOMEM, ESTALE */
  punchHole(pgoff: number, pages: number): void {
    integer("punchHole", "pgoff", pgoff, 0, PGOFF_END);
    integer("punchHole", "pages", pages, 0, PGOFF_END - pgoff);
    this.#run(Op.PunchHole, `punchHole(${pgoff}, ${pages})`, pgoff, pages);
  }

  /** Another open of the same inode. @throws KernelError ENOMEM, ESTALE */
  open(): File {
    this.context.machine.assertIdle();
    const handle = this.#done(this.context.machine.core.fileReopen(this.handle), "open()");
    const opened = new File(this.context, handle, this.name);
    this.context.adopt(handle, opened);
    return opened;
  }

  /** Lets go of it: its mappings keep it open until they are gone. @throws KernelError ESTALE */
  close(): void {
    this.context.machine.assertIdle();
    this.#done(this.context.machine.core.fileRelease(this.handle), "close()");
  }
}
