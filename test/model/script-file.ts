import { fileRead, fileWrite, invalidate, punch, truncate, writeback } from "./file-call.js";
import type { OpenFile } from "./file.js";
import type { Words } from "./script.js";

/** One operation of a script on a file, or undefined if it is none. */
export function onFile(file: OpenFile, operation: string, words: Words): number | undefined {
  const { inode } = file;
  switch (operation) {
    case "truncate":
      truncate(inode, words.number(1));
      return 0;
    case "file-read":
      return fileRead(inode, words.number(1));
    case "file-write":
      fileWrite(inode, words.number(1), words.numberOr(2, words.line));
      return 0;
    case "writeback":
      return writeback(inode);
    case "punch":
      punch(inode, words.number(1), words.number(2));
      return 0;
    case "invalidate":
      return invalidate(
        inode,
        words.number(1),
        words.number(2),
        words.optional(3) === "all" ? "all" : "idle",
      );
    default:
      return undefined;
  }
}
