// What KSM gets wrong in its own records.

import { Violated } from "../../../assembly/violated.js";
import { place, times, type Wordings } from "./words.js";

export const ksmWordings = {
  [Violated.KsmLink]: (pid, address) =>
    "KSM's records do not agree" + (pid || address ? `, at ${place(pid, address)}` : ""),
  [Violated.KsmPagesShared]: (counter, found) =>
    `KSM counts ${times(counter, "shared page")}, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.KsmPagesSharing]: (counter, found) =>
    `KSM counts ${times(counter, "place")} that share beside the first, there ${found === 1 ? "is" : "are"} ${found}`,
  [Violated.KsmPin]: (pid, address) =>
    `the place of KSM at ${place(pid, address)} shares without an anon_vma, or pins one without sharing`,
} satisfies Wordings;
