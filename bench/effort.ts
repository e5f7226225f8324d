/** How long a measurement may take. Times are seconds. */
export interface Effort {
  /** One call of the core runs as many walks as take at least this long. */
  readonly callTime: number;
  /** A sample of the `benchmark` package repeats that call for at least this long. */
  readonly sampleTime: number;
  /** Samples are taken for about this long. */
  readonly maxTime: number;
  /** Samples taken even if that takes longer. */
  readonly minSamples: number;
}

/** A few minutes for all sizes of a suite. */
export const fullEffort: Effort = {
  callTime: 0.0005,
  sampleTime: 0.02,
  maxTime: 1,
  minSamples: 10,
};

/** Well under a minute for all suites. */
export const quickEffort: Effort = {
  callTime: 0.0002,
  sampleTime: 0.005,
  maxTime: 0.12,
  minSamples: 5,
};
