// The operations of the script language, one type an operation. Page numbers count from the start of
// the arena; lengths and file sizes are pages.

/** Protection of a range, as a script writes it. */
export type ScriptProt = "r" | "rw" | "rwx" | "none";

/** What a scripted file is kept on. */
export type ScriptFileKind = "tmpfs" | "disk";

/** Advice that the language knows; see `firstUnsupported` for what this version runs. */
export type ScriptAdvice = "dontneed" | "mergeable" | "unmergeable";

/** What every operation carries: its line, from 1, and its words as written, without comment. */
interface Written {
  readonly line: number;
  readonly text: string;
}

/** `file F npages [tmpfs|disk]` */
export interface FileOperation extends Written {
  readonly op: "file";
  readonly file: string;
  readonly pages: number;
  readonly kind: ScriptFileKind;
}

/** `truncate F npages` */
export interface TruncateOperation extends Written {
  readonly op: "truncate";
  readonly file: string;
  readonly pages: number;
}

/** `spawn P` */
export interface SpawnOperation extends Written {
  readonly op: "spawn";
  readonly process: string;
}

/** `exit P` */
export interface ExitOperation extends Written {
  readonly op: "exit";
  readonly process: string;
}

/** `fork P Q` : Q is the child. */
export interface ForkOperation extends Written {
  readonly op: "fork";
  readonly process: string;
  readonly child: string;
}

/** `mmap P page n prot anon|file:F:pgoff private|shared` */
export interface MmapOperation extends Written {
  readonly op: "mmap";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly prot: ScriptProt;
  /** null: anonymous memory. */
  readonly backing: { readonly file: string; readonly pgoff: number } | null;
  readonly shared: boolean;
}

/** `munmap P page n`, `mlock P page n`, `munlock P page n` */
export interface RangeOperation extends Written {
  readonly op: "munmap" | "mlock" | "munlock";
  readonly process: string;
  readonly page: number;
  readonly count: number;
}

/** `mprotect P page n prot` */
export interface MprotectOperation extends Written {
  readonly op: "mprotect";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly prot: ScriptProt;
}

/** `mremap P old n newpage [newn]` : may move, and then exactly to newpage. */
export interface MremapOperation extends Written {
  readonly op: "mremap";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly newPage: number;
  /** The same as `count` where the script leaves it out. */
  readonly newCount: number;
}

/** `madvise P page n dontneed|mergeable|unmergeable` */
export interface MadviseOperation extends Written {
  readonly op: "madvise";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly advice: ScriptAdvice;
}

/** `read P page` */
export interface ReadOperation extends Written {
  readonly op: "read";
  readonly process: string;
  readonly page: number;
}

/** `write P page [value]` */
export interface WriteOperation extends Written {
  readonly op: "write";
  readonly process: string;
  readonly page: number;
  /** The line number where the script leaves it out. */
  readonly value: number;
}

/** `ksm` : scan until nothing changes any more. */
export interface KsmOperation extends Written {
  readonly op: "ksm";
}

/** `dump [label]` */
export interface DumpOperation extends Written {
  readonly op: "dump";
  /** "line N" where the script leaves it out. */
  readonly label: string;
}

/** One line of a script that is not empty. */
export type Operation =
  | FileOperation
  | TruncateOperation
  | SpawnOperation
  | ExitOperation
  | ForkOperation
  | MmapOperation
  | RangeOperation
  | MprotectOperation
  | MremapOperation
  | MadviseOperation
  | ReadOperation
  | WriteOperation
  | KsmOperation
  | DumpOperation;

/** First words of the language. */
export type OperationName = Operation["op"];
