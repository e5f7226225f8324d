/** A refused operation: an errno name, or the signal that the access would raise. */
export type FailureCode =
  | "E2BIG"
  | "EAGAIN"
  | "EBADF"
  | "EBUSY"
  | "EEXIST"
  | "EFAULT"
  | "EINVAL"
  | "ENOMEM"
  | "EPERM"
  | "ESRCH"
  | "ESTALE"
  | "SIGBUS"
  | "SIGSEGV";

export class Failure extends Error {
  constructor(readonly code: FailureCode) {
    super(code);
  }
}

export function fail(code: FailureCode): never {
  throw new Failure(code);
}
