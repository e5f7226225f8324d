// Where linear memory holds what both sides read and write, and how large the records there are.
//
//   submission record (SUBMISSION_BYTES)           completion record (COMPLETION_BYTES)
//   +0   op      f64   one of Op                   +0  result  f64   value, or -errno
//   +8   args[7] f64   see Op                      +8  extra   f64   see Op
//
// Addresses and lengths are bytes, pgoff and file sizes are pages. Handles are f64: see memory/handle.ts.

export const SUBMISSION_BYTES = 64;
export const COMPLETION_BYTES = 16;
/** Records that the submission buffer holds. */
export const BATCH_CAPACITY = 256;
/** A page of a client's own table: address f64, frame f64 (0: the zero page), then u32 1 writable, u32 1 young. */
export const DEVICE_RECORD = 24;
/** Sizes of the records that bulk queries leave in scratch memory; see assembly/mm/report.ts. */
export const VMA_RECORD = 80;
export const ENTRY_RECORD = 16;
export const MAPPING_RECORD = 96;
export const EVENT_RECORD = 32;
/** Where a snapshot begins: what is below are buffers, worthless between calls. */
export const SNAPSHOT_START = 0x5800;
export const SUBMISSIONS_AT = 0x0400;
export const COMPLETIONS_AT = 0x4400;
/** Where the f64 counters are. */
export const COUNTERS_AT = 0x7800;
/** Where the f64 block of VmStat is. */
export const VMSTAT_AT = 0x7c00;
