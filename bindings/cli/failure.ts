/**
 * Bad input: a missing file, a malformed line, a value out of range. The message is the one clear
 * line people see (file, line, what was wrong, what is accepted); the command prints it after
 * `rmaplab: ` on standard error and exits with 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}
