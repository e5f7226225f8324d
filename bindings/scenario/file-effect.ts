// What an operation on a file changed, in words.

import type { File } from "../kernel/file.js";
import type { FileOperation, OfFileOperation } from "./operation.js";
import { outcomeInWords } from "./outcome.js";
import type { Before } from "./scene.js";
import { counted } from "./wording.js";

/** What an operation did with a file, whose size and cache were as `before` says. */
export function fileEffect(
  file: File,
  operation: Exclude<OfFileOperation, FileOperation>,
  value: number,
  before: Before,
): string {
  const cached = file.cached - before.cached;
  switch (operation.op) {
    case "truncate":
      return truncated(file, before.pages, -cached);
    case "file-read":
      return read(file, operation.pgoff, value, cached > 0);
    case "file-write":
      return written(file, operation.pgoff, before.pages, cached > 0);
    case "punch":
      return punched(file, operation.pgoff, operation.count, -cached);
    case "writeback":
    case "invalidate":
      return outcomeInWords(operation.op, value) ?? "";
  }
}

function truncated({ name, pages }: File, before: number, dropped: number): string {
  if (pages === before) return `${name} has ${counted(pages, "page")} already`;
  const size = `from ${before} to ${counted(pages, "page")}`;
  if (pages > before) return `${name} grows ${size}, the new ones are zero`;
  return `${name} shrinks ${size}${leaving(dropped)}`;
}

function leaving(dropped: number): string {
  return dropped > 0 ? `, ${dropped} left the page cache` : ", none was in the page cache";
}

function read(file: File, pgoff: number, value: number, fresh: boolean): string {
  if (pgoff >= file.pages) return `${value}, ${file.name} ends at ${file.pages}`;
  if (!fresh) return `${value}, found in the page cache`;
  return file.kind === "disk"
    ? `${value}, read from disk into the page cache`
    : `${value}, in a new page of the page cache`;
}

function written(file: File, pgoff: number, before: number, fresh: boolean): string {
  const { name, pages, kind } = file;
  const reads = fresh && kind === "disk" && pgoff < before ? "read into the page cache and " : "";
  const dirty = kind === "disk" ? ", dirty until it is written back" : "";
  const size = pages > before ? `; ${name} grows from ${before} to ${counted(pages, "page")}` : "";
  return `page ${pgoff} of ${name} ${reads}written${dirty}${size}`;
}

function punched({ name, pages }: File, pgoff: number, count: number, dropped: number): string {
  const end = Math.min(pgoff + count, pages);
  if (count === 0) return "nothing to change";
  if (end <= pgoff) return `nothing to change, ${name} ends at ${pages}`;
  const hole = end - pgoff === 1 ? `page ${pgoff}` : `pages ${pgoff}-${end - 1}`;
  const reads = end - pgoff === 1 ? "reads" : "read";
  return `${hole} of ${name} ${reads} as zero now${leaving(dropped)}`;
}
