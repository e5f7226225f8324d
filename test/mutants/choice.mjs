// Which break of a compiled core is to be: a number in its bytes, so that another break takes no compiler.

/** Stands there as long as nothing is broken: five bytes as LEB128, and found nowhere else. */
export const NO_BREAK = 0x5eed_beef;

/** A signed 32-bit number in five bytes of LEB128, however small it is. */
function leb(number) {
  const low = [0, 7, 14, 21].map((shift) => ((number >> shift) & 0x7f) | 0x80);
  return Uint8Array.from([...low, (number >> 28) & 0x7f]);
}

/**
 * @param {Buffer} core compiled from broken sources
 * @param {number} number of the break that is to be
 */
export function chosen(core, number) {
  const at = core.indexOf(leb(NO_BREAK));
  if (at < 0 || core.indexOf(leb(NO_BREAK), at + 1) >= 0) {
    throw new Error("the compiled core has not one place for the number of a break");
  }
  const result = Buffer.from(core);
  result.set(leb(number), at);
  return result;
}
