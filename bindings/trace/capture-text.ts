// A file of a capture as text: gzipped or plain, told apart by its first bytes.

import { closeSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import { LineError } from "../scenario/line-error.js";

/** Most bytes of text a file may have; the default. A compressed file that unpacks to more is refused. */
export const TEXT_LIMIT = 256 * 1024 * 1024;

/** The text of one file, a byte a character, so that paths in any encoding keep their bytes. */
export interface CaptureText {
  /** The file's name as the caller gave it: messages name it. */
  name: string;
  text: string;
}

const STANDARD_INPUT = "-";

/** What messages call a file of a capture. */
export function captureName(path: string): string {
  return path === STANDARD_INPUT ? "standard input" : path;
}

/**
 * Reads a file of a capture, gzipped or plain.
 * @param path a file, or "-" for standard input
 * @throws {LineError} when it cannot be read, is damaged, or holds more than `limit` bytes of text
 */
export function readCaptureText(path: string, limit = TEXT_LIMIT): CaptureText {
  let bytes: Buffer;
  try {
    bytes = readUpTo(path, limit);
  } catch (error) {
    throw new LineError(captureName(path), 0, readProblem(error), "a readable file is expected");
  }
  const name = captureName(path);
  return { name, text: decode(name, bytes, limit).toString("latin1") };
}

const PIECE = 1 << 20;

/** The bytes of a file, one more than the limit at most: a device can be endless. */
function readUpTo(path: string, limit: number): Buffer {
  const file = path === STANDARD_INPUT ? 0 : openSync(path, "r");
  try {
    const pieces: Buffer[] = [];
    for (let left = limit + 1; left > 0;) {
      const piece = Buffer.allocUnsafe(Math.min(PIECE, left));
      const length = readSync(file, piece);
      if (length === 0) break;
      pieces.push(piece.subarray(0, length));
      left -= length;
    }
    return Buffer.concat(pieces);
  } finally {
    closeSync(file);
  }
}

/** Calls `each` for every line that is not blank, with its number from 1. `last` tells a line that no newline ends. */
export function forEachLine(
  { text }: CaptureText,
  each: (line: string, number: number, cut: boolean) => void,
): void {
  let number = 0;
  for (let at = 0; at < text.length;) {
    number++;
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline;
    const stop = end > at && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
    if (stop > at) each(text.slice(at, stop), number, newline < 0);
    at = end + 1;
  }
}

function decode(name: string, bytes: Buffer, limit: number): Buffer {
  if (bytes.length > limit) throw tooLong(name, limit);
  const packed = bytes.length > 1 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!packed) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: limit });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLong(name, limit);
    }
    const cut = (error as NodeJS.ErrnoException).code === "Z_BUF_ERROR";
    throw new LineError(
      name,
      0,
      cut ? "the gzip file ends too early" : "the gzip file is damaged",
      "a whole gzip file or plain text is expected",
    );
  }
}

function tooLong(name: string, limit: number): LineError {
  const mebibytes = Math.floor(limit / (1024 * 1024));
  return new LineError(name, 0, "too much text", `at most ${mebibytes} MiB are accepted`);
}

function readProblem(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOENT":
      return "no such file";
    case "EACCES":
      return "permission denied";
    case "EISDIR":
      return "is a directory";
    default:
      return `cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown error"})`;
  }
}
