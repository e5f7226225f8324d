// The scripts that a live kernel ran, and what it reported.

import { readFileSync, readdirSync } from "node:fs";
import type { DumpDocument } from "../../bindings/scenario/dump.js";
import { parseScript, type Script } from "../../bindings/scenario/script.js";

const FOLDER = new URL("../fixtures/cases/", import.meta.url);

export interface LiveCase {
  readonly name: string;
  readonly script: Script;
  /** The document as it was recorded, as text. */
  readonly text: string;
  readonly document: DumpDocument;
}

export function liveCases(): LiveCase[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".script"))
    .sort()
    .map((file) => {
      const script = parseScript(readFileSync(new URL(file, FOLDER), "utf8"), file);
      const text = readFileSync(new URL(file.replace(/script$/, "json"), FOLDER), "utf8");
      return {
        name: file.replace(".script", ""),
        script,
        text,
        document: JSON.parse(text) as DumpDocument,
      };
    });
}
