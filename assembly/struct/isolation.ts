// A page leaves the lists of reclaim for whoever works on it, who holds a reference meanwhile.

import { lruIsolate, lruPutback } from "./lru";
import { getPage, putPage } from "./page-frame";

/** isolate_lru_page: true if the page was on a list; it is the caller's to put back. */
export function isolateLruPage(frame: u32): bool {
  if (!lruIsolate(frame)) return false;
  getPage(frame);
  return true;
}

/** putback_lru_page: to the list that the page belongs on now. Drops isolation's reference. */
export function putbackLruPage(frame: u32): void {
  lruPutback(frame);
  putPage(frame);
}
