// The clock that the files of one capture share.

/**
 * Nanoseconds since a whole second of a capture: seconds since 1970 need 61 bits as nanoseconds, the
 * length of a capture does not.
 */
export class Clock {
  #epoch: number | null = null;

  /**
   * The time of `seconds` and a fraction of 1 to 9 digits. The first call sets the second that the
   * others count from.
   */
  at(seconds: string, fraction: string): number {
    const whole = Number(seconds);
    this.#epoch ??= whole;
    return (whole - this.#epoch) * 1e9 + Number(fraction.padEnd(9, "0"));
  }
}
