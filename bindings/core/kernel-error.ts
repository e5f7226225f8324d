/** What a failed operation throws. */
export class KernelError extends Error {
  override readonly name = "KernelError";

  /**
   * @param code an errno name ("ENOMEM", "EINVAL", "ESTALE"...), "SIGSEGV" or "SIGBUS" for an access, or
   *   "BUG" for an assertion of a checked build: the machine is unusable afterwards
   * @param operation the call that failed, with its arguments
   * @param detail what was wrong, with the value, or where the assertion stands
   */
  constructor(
    readonly code: string,
    readonly operation: string,
    readonly detail: string,
  ) {
    super(`${operation}: ${code}${detail ? `: ${detail}` : ""}`);
  }
}
