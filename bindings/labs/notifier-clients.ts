// Clients of mmu notifiers at the sites where the kernel calls them: who may sleep there, what they hear, and under which
// locks.

import { KernelError } from "../core/kernel-error.js";
import type { NotifierOptions } from "../kernel/mmu-notifier.js";
import { latePaths, lateness, type Lateness } from "./late-client.js";
import type { MakeKernel, Observables, Sight } from "./lab.js";
import { callNames, isUnderPtl, type ToldCall, toldAt, toldWords } from "./notifier-log.js";
import { notifierSites, type NotifierSite } from "./notifier-sites.js";

const moved = notifierSites.filter((site) => site.moved);
const unmoved = notifierSites.filter((site) => !site.moved);

function siteNamed(name: string): NotifierSite {
  const found = notifierSites.find((site) => site.name === name);
  if (found === undefined) throw new RangeError(`there is no site ${name}`);
  return found;
}

/** What becomes of a change when a client that sleeps is told: null, or what the checked build says. */
async function sleepsAt(
  makeKernel: MakeKernel,
  site: NotifierSite,
  client: NotifierOptions,
): Promise<string | null> {
  const kernel = await makeKernel(site.machine);
  const process = kernel.spawn();
  const change = site.prepare(kernel, process);
  process.registerNotifier(client);
  try {
    change();
    return null;
  } catch (error) {
    if (!(error instanceof KernelError) || error.code !== "BUG") throw error;
    const [, what = error.detail] = /(something sleeps while the [^(]*)/.exec(error.detail) ?? [];
    return what.replace(/ at 0x[0-9a-f]+ $/, " is held");
  }
}

/** A network card, which sleeps in all that it is told of: at how many places of the kernel is that under a spinlock? */
async function sleepers(
  makeKernel: MakeKernel,
  sites: readonly NotifierSite[],
): Promise<{ readonly counts: Observables; readonly shown: readonly string[] }> {
  const wrong = new Set<string>();
  const shown: string[] = [];
  for (const site of sites) {
    const what = await sleepsAt(makeKernel, site, { model: "rdma" });
    if (what !== null) wrong.add(site.place);
    const way = site.place.includes(site.name) ? "" : `, ${site.name}`;
    shown.push(`${site.place}${way}: ${what ?? "may sleep"}`);
  }
  const places = new Set(sites.map(({ place }) => place));
  return {
    counts: { places: places.size, placesThatSleepUnderSpinlock: wrong.size },
    shown,
  };
}

/** The card, at each place that the commit changed. */
export async function sleepingClient(makeKernel: MakeKernel): Promise<Sight> {
  const { counts, shown } = await sleepers(makeKernel, moved);
  return { observables: counts, shown };
}

/** Calls in which a client may sleep after the commit: questions and change_pte are under the lock on both sides. */
function mayOnceSleep({ call }: ToldCall): boolean {
  return call !== "young" && call !== "change";
}

/** All calls where the commit changed them, with the locks that are held. */
export async function callsAndLocks(makeKernel: MakeKernel): Promise<Sight> {
  const shown: string[] = [];
  let inside = 0;
  let outside = 0;
  let ranges = 0;
  for (const site of moved) {
    const told = toldAt(await makeKernel(site.machine), site);
    const counted = told.filter(mayOnceSleep);
    const under = counted.filter(isUnderPtl).length;
    inside += under;
    outside += counted.length - under;
    ranges += counted.filter(({ call }) => call === "start").length;
    shown.push(`${site.name}:`, ...told.map((call) => `  ${toldWords(call)}`));
  }
  return {
    observables: { callsUnderSpinlock: inside, callsOutside: outside, rangesTold: ranges },
    shown,
  };
}

/** "munmap of a huge page" as munmapOfAHugePage. */
function camel(words: string): string {
  return words.replace(/[ _](\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Where the commit changed nothing: what is called in which order, and that nobody sleeps under a spinlock. */
export async function neverMoved(makeKernel: MakeKernel): Promise<Sight> {
  const { counts } = await sleepers(makeKernel, unmoved);
  const orders: Record<string, string> = {};
  const shown: string[] = [];
  for (const site of unmoved) {
    const told = toldAt(await makeKernel(site.machine), site);
    orders[camel(site.name)] = told.map(({ call }) => call).join(", ");
    shown.push(`${site.name}:`, ...told.map((call) => `  ${toldWords(call)}`));
  }
  return { observables: { ...counts, ...orders }, shown };
}

/** Clients that sleep where both sides call them under the lock. */
export async function stillUnderTheLock(makeKernel: MakeKernel): Promise<Sight> {
  const clearFlushYoung = await sleepsAt(makeKernel, siteNamed("page_referenced"), {
    clearFlushYoung: () => false,
    sleeps: true,
  });
  const changePte = await sleepsAt(makeKernel, siteNamed("do_wp_page"), {
    changePte: () => undefined,
    sleeps: true,
  });
  return {
    observables: {
      clearFlushYoungMaySleep: clearFlushYoung === null,
      changePteMaySleep: changePte === null,
    },
    shown: [`clear_flush_young: ${clearFlushYoung}`, `change_pte: ${changePte}`],
  };
}

/** What a client hears of a copy on write that has no change_pte. */
export async function withoutChangePte(makeKernel: MakeKernel): Promise<Sight> {
  const site = siteNamed("do_wp_page");
  const told = toldAt(await makeKernel(site.machine), site, { changePte: false });
  return {
    observables: { callsOfACopy: told.map(({ call }) => callNames[call]).join(", ") },
    shown: told.map(toldWords),
  };
}

/** On which paths can a guest write to a page whose entry is gone or protected? */
export async function lateWrites(makeKernel: MakeKernel): Promise<Sight> {
  const { options } = await makeKernel();
  const found: (Lateness & { readonly name: string })[] = [];
  for (const late of latePaths) found.push({ name: late.name, ...(await lateness(options, late)) });
  return {
    observables: {
      paths: found.length,
      pathsWithLateWrites: found.filter(({ writesLate }) => writesLate).length,
      writesToFreeFrames: found.reduce((sum, { toFreeFrames }) => sum + toFreeFrames, 0),
      pathsThatLeaveThePage: found.filter(({ survives }) => survives).length,
    },
    shown: found.map(
      ({ name, writesLate }) =>
        `${name}: the guest ${writesLate ? "writes too late" : "hears in time"}`,
    ),
  };
}
