import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import { InputError } from "./failure.js";

/**
 * Fails now if `path` could not be written later, so that nobody waits for a result that has no
 * place to go. Nothing is created.
 *
 * @param option the option that named it, for the message.
 * @throws InputError
 */
export function assertWritable(option: string, path: string): void {
  const folder = dirname(path);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    throw new InputError(`${option}: ${path} is a folder; accepted: a file to write`);
  }
  if (found === undefined && statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new InputError(`${option}: cannot write ${path}: there is no folder ${folder}`);
  }
  try {
    accessSync(found === undefined ? folder : path, constants.W_OK);
  } catch {
    throw new InputError(`${option}: no permission to write ${path}`);
  }
}
