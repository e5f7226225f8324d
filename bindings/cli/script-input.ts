// The text of a script, from a file or standard input, whatever was given for it.

import { open } from "node:fs/promises";
import { MAX_SCRIPT_LENGTH } from "../scenario/script.js";
import { InputError } from "./failure.js";

const PIECE_BYTES = 65_536;

/** Plain words for what open and read report most. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "part of the path is not a directory",
};

/**
 * Reads a script as text, and no more of it than the longest that is accepted.
 * @param path a file, or "-" for standard input
 * @param name what messages call it
 * @throws InputError if it cannot be read, is too long, or is not text
 */
export async function readScript(path: string, name: string): Promise<string> {
  const bytes = await readBytes(path, name);
  const text = decode(bytes);
  if (text === null) {
    throw new InputError(`${name}: not a text file; give a script in UTF-8`);
  }
  return text;
}

async function readBytes(path: string, name: string): Promise<Uint8Array> {
  try {
    if (path === "-") return await collect(process.stdin, name);
    const handle = await open(path, "r");
    try {
      if ((await handle.stat()).isDirectory()) throw new InputError(unreadable(name, "EISDIR"));
      const stream = handle.createReadStream({ highWaterMark: PIECE_BYTES, autoClose: false });
      return await collect(stream, name);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(unreadable(name, errorCode(error)));
  }
}

async function collect(source: AsyncIterable<Uint8Array>, name: string): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of source) {
    length += piece.length;
    if (length > MAX_SCRIPT_LENGTH) {
      throw new InputError(`${name}: too long; a script has at most ${MAX_SCRIPT_LENGTH} bytes`);
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

function decode(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function unreadable(name: string, code: string): string {
  return `${name}: ${REASONS[code] ?? code}; give the file of a script, or - for standard input`;
}

function errorCode(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
