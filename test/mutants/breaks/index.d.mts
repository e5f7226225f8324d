/** One rule that is broken on purpose: see index.mjs. */
export interface Break {
  readonly group: string;
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export const breaks: readonly Break[];
