/** How much the property tests do, from the environment; test/README.md says what to set. */
export const size = {
  /** Operations for each index, counted once however many builds perform them. */
  operations: positive("RMAPLAB_PROPERTY_OPERATIONS", 200_000),
  /** Longest sequence. */
  length: positive("RMAPLAB_PROPERTY_LENGTH", 400),
  /** Longest that one property may take, in ms. */
  patience: positive("RMAPLAB_PROPERTY_PATIENCE", 300_000),
  /** Seed of the sequences; the run number of the day would be another way to choose it. */
  seed: positive("RMAPLAB_PROPERTY_SEED", 20_121_210),
};

function positive(name: string, fallback: number): number {
  const text = process.env[name];
  if (text === undefined || text === "") return fallback;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value <= 0) {
    throw new RangeError(`${name} is ${text}: a whole number from 1 is accepted`);
  }
  return value;
}
