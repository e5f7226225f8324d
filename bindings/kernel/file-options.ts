import { HUGE_PAGES } from "../../assembly/abi/unit.js";
import { checkOptions, integer, PGOFF_END, refused, type OptionTypes } from "./argument.js";
import { kindCode, type Kind } from "./file.js";

/** Options of createFile. */
export interface FileOptions {
  /** Its size, 0 to 2^52. */
  readonly pages: number;
  /** Default "disk". */
  readonly kind?: Kind;
  /** For people. */
  readonly name?: string;
  /** Page i starts with word + i; without it all pages are zero. */
  readonly word?: number;
}

const fileOptions: OptionTypes<FileOptions> = {
  pages: "any",
  kind: "any",
  name: "text",
  word: "any",
};
/** Huge pages start as zero, and there are no parts of them. */
function checkHugetlb(pages: number, word: number): void {
  if (pages % HUGE_PAGES !== 0) {
    const accepted = `multiples of ${HUGE_PAGES} for kind hugetlb`;
    throw refused("createFile", "pages", pages, accepted);
  }
  if (word !== -1) throw refused("createFile", "word", word, "none for kind hugetlb");
}

/** What the core makes a file of. `word` is -1 for none. */
export interface FileArguments {
  readonly kind: number;
  readonly pages: number;
  readonly word: number;
  readonly name: string;
}

/** @throws KernelError EINVAL */
export function fileArguments(options: FileOptions): FileArguments {
  checkOptions("createFile", options, fileOptions);
  const { pages, kind = "disk", name = "", word = -1 } = options;
  integer("createFile", "pages", pages, 0, PGOFF_END);
  if (word !== -1) integer("createFile", "word", word);
  if (kind === "hugetlb") checkHugetlb(pages, word);
  return { kind: kindCode(kind), pages, word, name };
}
