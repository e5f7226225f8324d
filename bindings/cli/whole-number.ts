// Whole numbers as options have them.

import { quoted } from "../scenario/line-error.js";
import { InputError } from "./failure.js";

/** The number that `text` writes in decimal digits; null if it is none or out of range. */
export function wholeNumber(text: string, low: number, high: number): number | null {
  const value = /^\d{1,10}$/.test(text.trim()) ? Number(text) : NaN;
  return value >= low && value <= high ? value : null;
}

/** What reads an option that is one such number. It throws InputError, naming what is accepted. */
export function numberOption(option: string, low: number, high: number): (text: string) => number {
  return (text) => {
    const value = wholeNumber(text, low, high);
    if (value !== null) return value;
    const accepted = `accepted: a whole number from ${low} to ${high}`;
    throw new InputError(`${option}: ${quoted(text)}; ${accepted}`);
  };
}
