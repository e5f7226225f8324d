// The operations of the script language, one type an operation. Page numbers count from the start of
// the arena; lengths and file sizes are pages.

/** Protection of a range, as a script writes it. */
export type ScriptProt = "r" | "rw" | "rwx" | "none";

/** What a scripted file is kept on. */
export type ScriptFileKind = "tmpfs" | "disk" | "ramfs" | "hugetlb";

/** Advice that the language knows. */
export type ScriptAdvice = "dontneed" | "mergeable" | "unmergeable" | "hugepage" | "nohugepage";

/** What every operation carries: its line, from 1, and its words as written, without comment. */
interface Written {
  readonly line: number;
  readonly text: string;
}

/** `file F npages [tmpfs|disk|ramfs|hugetlb]` */
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

/** `spawn P [G]` */
export interface SpawnOperation extends Written {
  readonly op: "spawn";
  readonly process: string;
  /** null: the root's. */
  readonly cgroup: string | null;
}

/** `memcg G [parent|root] [hierarchy]` */
export interface MemcgOperation extends Written {
  readonly op: "memcg";
  readonly cgroup: string;
  /** null: the root. */
  readonly parent: string | null;
  readonly hierarchy: boolean;
}

/** `limit G pages|none` */
export interface LimitOperation extends Written {
  readonly op: "limit";
  readonly cgroup: string;
  readonly pages: number | null;
}

/** `empty G`, `rmdir G` */
export interface CgroupOperation extends Written {
  readonly op: "empty" | "rmdir";
  readonly cgroup: string;
}

/** `move P G|root` */
export interface MoveOperation extends Written {
  readonly op: "move";
  readonly process: string;
  /** null: the root. */
  readonly cgroup: string | null;
}

/** `exit P` */
export interface ExitOperation extends Written {
  readonly op: "exit";
  readonly process: string;
}

/** `hold P`: it stays inside a page fault; `let-go P` */
export interface HoldOperation extends Written {
  readonly op: "hold" | "let-go";
  readonly process: string;
}

/** `exec P [n [page]]` */
export interface ExecOperation extends Written {
  readonly op: "exec";
  readonly process: string;
  /** Pages of arguments, and the page at which the stack ends; null: there is no stack. */
  readonly stack: { readonly pages: number; readonly end: number } | null;
}

/** `poison P page [early]` */
export interface PoisonOperation extends Written {
  readonly op: "poison";
  readonly process: string;
  readonly page: number;
  readonly early: boolean;
}

/** `fork P Q` : Q is the child. */
export interface ForkOperation extends Written {
  readonly op: "fork";
  readonly process: string;
  readonly child: string;
}

/** `mmap P page n prot anon|file:F:pgoff private|shared [huge]` */
export interface MmapOperation extends Written {
  readonly op: "mmap";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly prot: ScriptProt;
  /** null: anonymous memory. */
  readonly backing: { readonly file: string; readonly pgoff: number } | null;
  readonly shared: boolean;
  /** Anonymous memory in huge pages of the pool. */
  readonly huge: boolean;
}

/** `munmap P page n`, and whatever else needs only a range of one process */
export interface RangeOperation extends Written {
  readonly op: "munmap" | "stack" | "mlock" | "munlock" | "swap-out" | "migrate";
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

/** `remap_file_pages P page n pgoff [nonblock]` */
export interface RemapOperation extends Written {
  readonly op: "remap_file_pages";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly pgoff: number;
  readonly nonBlock: boolean;
}

/** `madvise P page n dontneed|mergeable|unmergeable|hugepage|nohugepage` */
export interface MadviseOperation extends Written {
  readonly op: "madvise";
  readonly process: string;
  readonly page: number;
  readonly count: number;
  readonly advice: ScriptAdvice;
}

/** `mlockall P [current|future|both]`, `munlockall P` */
export interface LockAllOperation extends Written {
  readonly op: "mlockall" | "munlockall";
  readonly process: string;
  readonly current: boolean;
  readonly future: boolean;
}

/** `referenced P page [Q]` : Q asks, or nobody of the script. */
export interface ReferencedOperation extends Written {
  readonly op: "referenced";
  readonly process: string;
  readonly page: number;
  readonly by: string | null;
}

/** `read P page`, and whatever else needs only a page of one process */
export interface PageOperation extends Written {
  readonly op: "read" | "rmap" | "pin" | "unpin" | "collapse" | "split";
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

/** `file-read F pgoff` */
export interface FileReadOperation extends Written {
  readonly op: "file-read";
  readonly file: string;
  readonly pgoff: number;
}

/** `file-write F pgoff [value]` */
export interface FileWriteOperation extends Written {
  readonly op: "file-write";
  readonly file: string;
  readonly pgoff: number;
  /** The line number where the script leaves it out. */
  readonly value: number;
}

/** `writeback F` */
export interface WritebackOperation extends Written {
  readonly op: "writeback";
  readonly file: string;
}

/** `punch F pgoff n` */
export interface PunchOperation extends Written {
  readonly op: "punch";
  readonly file: string;
  readonly pgoff: number;
  readonly count: number;
}

/** `invalidate F pgoff n [idle|all]` */
export interface InvalidateOperation extends Written {
  readonly op: "invalidate";
  readonly file: string;
  readonly pgoff: number;
  readonly count: number;
  readonly how: "idle" | "all";
}

/** `reclaim n [direct|background] [P]` : P reclaims, or nobody of the script. */
export interface ReclaimOperation extends Written {
  readonly op: "reclaim";
  readonly count: number;
  readonly background: boolean;
  readonly by: string | null;
}

/** `hugepages n` : the size of the pool of huge pages. */
export interface HugePagesOperation extends Written {
  readonly op: "hugepages";
  readonly count: number;
}

/** `io hold|release` */
export interface IoOperation extends Written {
  readonly op: "io";
  readonly hold: boolean;
}

/** `swapon n [priority]` */
export interface SwapOnOperation extends Written {
  readonly op: "swapon";
  readonly count: number;
  readonly priority: number;
}

/** `swapoff area` */
export interface SwapOffOperation extends Written {
  readonly op: "swapoff";
  readonly area: number;
}

/** `notifier P D kvm|rdma` : D comes to the memory of P by itself. */
export interface NotifierOperation extends Written {
  readonly op: "notifier";
  readonly process: string;
  readonly newDevice: string;
  readonly model: "kvm" | "rdma";
}

/** `device-read D page` */
export interface DeviceReadOperation extends Written {
  readonly op: "device-read";
  readonly device: string;
  readonly page: number;
}

/** `device-write D page [value]` */
export interface DeviceWriteOperation extends Written {
  readonly op: "device-write";
  readonly device: string;
  readonly page: number;
  /** The line number where the script leaves it out. */
  readonly value: number;
}

/** `unregister D` */
export interface UnregisterOperation extends Written {
  readonly op: "unregister";
  readonly device: string;
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
  | MemcgOperation
  | LimitOperation
  | CgroupOperation
  | MoveOperation
  | ExitOperation
  | HoldOperation
  | ExecOperation
  | PoisonOperation
  | ForkOperation
  | MmapOperation
  | RangeOperation
  | MprotectOperation
  | MremapOperation
  | RemapOperation
  | MadviseOperation
  | LockAllOperation
  | PageOperation
  | ReferencedOperation
  | WriteOperation
  | FileReadOperation
  | FileWriteOperation
  | WritebackOperation
  | PunchOperation
  | InvalidateOperation
  | ReclaimOperation
  | HugePagesOperation
  | IoOperation
  | SwapOnOperation
  | SwapOffOperation
  | NotifierOperation
  | DeviceReadOperation
  | DeviceWriteOperation
  | UnregisterOperation
  | KsmOperation
  | DumpOperation;

/** First words of the language. */
export type OperationName = Operation["op"];

/** Operations on one process: what they are called, they all have it. */
export type ProcessOperation = Extract<Operation, { readonly process: string }>;
/** Operations on one file. */
export type OfFileOperation = Extract<Operation, { readonly file: string }>;
/** Operations of one device. */
export type OfDeviceOperation = Extract<Operation, { readonly device: string }>;
