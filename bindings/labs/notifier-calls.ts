import { KernelError } from "../core/kernel-error.js";
import type { NotifierOptions } from "../kernel/mmu-notifier.js";
import { stateAround } from "./history.js";
import { latePaths, lateness, type Lateness } from "./late-client.js";
import type { Lab, MakeKernel, Sight } from "./lab.js";
import { isUnderPtl, toldAt, toldWords } from "./notifier-log.js";
import { notifierPicture } from "./notifier-picture.js";
import { notifierSites, type NotifierSite } from "./notifier-sites.js";

const moved = notifierSites.filter((site) => site.moved);
const unmoved = notifierSites.filter((site) => !site.moved);

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

/** A network card, which sleeps in all that it is told of, at each of these sites. */
async function sleepers(makeKernel: MakeKernel, sites: readonly NotifierSite[]): Promise<Sight> {
  const shown: string[] = [];
  let atomic = 0;
  for (const site of sites) {
    const wrong = await sleepsAt(makeKernel, site, { model: "rdma" });
    if (wrong !== null) atomic++;
    shown.push(`${site.name}: ${wrong ?? "may sleep"}`);
  }
  return { observables: { sites: sites.length, sleepInAtomicContext: atomic }, shown };
}

/** All calls at all sites, and how many of them are under the page-table lock. */
async function calls(makeKernel: MakeKernel): Promise<Sight> {
  const shown: string[] = [];
  let inside = 0;
  let outside = 0;
  let ranges = 0;
  for (const site of notifierSites) {
    const told = toldAt(await makeKernel(site.machine), site);
    for (const call of told) {
      if (call.call === "start") ranges++;
      // Questions and change_pte are under the lock on both sides.
      if (call.call === "young" || call.call === "change") continue;
      if (isUnderPtl(call)) inside++;
      else outside++;
    }
    shown.push(`${site.name}:`, ...told.map((call) => `  ${toldWords(call)}`));
  }
  return {
    observables: { invalidationsUnderPtl: inside, invalidationsOutside: outside, ranges },
    shown,
  };
}

/** Clients that sleep where both sides call them under the lock. */
async function underTheLock(makeKernel: MakeKernel): Promise<Sight> {
  const site = (name: string): NotifierSite => notifierSites.find((it) => it.name === name)!;
  const clearFlushYoung = await sleepsAt(makeKernel, site("page_referenced"), {
    clearFlushYoung: () => false,
    sleeps: true,
  });
  const changePte = await sleepsAt(makeKernel, site("do_wp_page"), {
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
async function withoutChangePte(makeKernel: MakeKernel): Promise<Sight> {
  const site = moved.find(({ name }) => name === "do_wp_page")!;
  const told = toldAt(await makeKernel(site.machine), site, { changePte: false });
  return {
    observables: { told: told.map(({ call }) => call).join(", ") },
    shown: told.map(toldWords),
  };
}

/** Moments in which a guest can write to a page whose entry is gone or protected, on all paths. */
async function lateWrites(makeKernel: MakeKernel): Promise<Sight> {
  const { options } = await makeKernel();
  const found: (Lateness & { readonly name: string })[] = [];
  for (const late of latePaths) found.push({ name: late.name, ...(await lateness(options, late)) });
  const sum = (of: (it: Lateness) => number): number =>
    found.reduce((total, it) => total + of(it), 0);
  return {
    observables: {
      lateMoments: sum(({ moments }) => moments),
      writesToFreeFrames: sum(({ toFreeFrames }) => toFreeFrames),
      survivors: sum(({ survives }) => (survives ? 1 : 0)),
    },
    shown: found.map(({ name, moments }) => `${name}: ${moments}`),
  };
}

export const notifierCalls: Lab = {
  name: "notifier-calls",
  kind: "commit",
  commit: "2ec74c3ef2d8",
  title: "MMU notifiers are told outside the page-table lock",
  ...stateAround("notifierCalls", "outside-ptl"),
  problem:
    "KVM and RDMA keep page tables of their own beside a process's, and are told when its entries change. Many of these calls " +
    "came while the kernel held the page-table lock, a spinlock. A network card has to wait until its hardware has let a page " +
    "go, and a spinlock must not be held by who sleeps: such a client could not be written at all.",
  beforeText:
    "Helpers such as ptep_clear_flush_notify clear an entry, flush the TLB and tell the clients in one step under the lock. So " +
    "nobody ever sees a page that the process has lost and the client still shows. A copy on write has no range; a client " +
    "without change_pte hears invalidate_page in its place, under the lock too.",
  afterText:
    "Changes of ranges begin before the first lock and end after the last, with the same arguments, also if nothing was " +
    "changed after all. try_to_unmap and page_mkclean call invalidate_page when the lock was let go. Clients may sleep in all " +
    "of these. clear_flush_young and change_pte stay under the lock. In exchange there is a moment in which the entry is gone " +
    "and the client does not know yet: whoever unmaps has to keep the frame until the call has returned.",
  lookFor:
    "The sites at which a client that sleeps is told under a spinlock: all of those that were changed, and none. Then the " +
    "log, with the locks that are held at each call.",
  invariant:
    "No call in which a client may sleep is made under a spinlock; a range begins before the first change and ends after the " +
    "last with the same arguments; a frame stays until its clients have heard of it, and after that none of them shows it.",
  mutants: [
    "a client that is told too early maps the old page again",
    "whoever unmaps holds the page until its clients have heard of it",
    "the end of a range has the arguments of its start",
    "the two ends of a huge page's range have the same arguments",
    "a range ends also when the entry was not what it had been",
    "a copy of a huge page ends its range also when somebody else was faster",
    "a copy on write begins its range before the page-table lock",
    "try_to_unmap tells under the page-table lock where that is the kernel's way",
  ],
  scenarios: [
    {
      name: "sleeping-client",
      shows:
        "A network card, which sleeps when it is told of a change, at each site that the commit moved.",
      expected: {
        before: { sites: 13, sleepInAtomicContext: 13 },
        after: { sites: 13, sleepInAtomicContext: 0 },
      },
      experiment: (makeKernel) => sleepers(makeKernel, moved),
    },
    {
      name: "calls-and-locks",
      shows: "What a client hears at each site, which locks are held then, and what the entry is.",
      expected: {
        before: { invalidationsUnderPtl: 16, invalidationsOutside: 10, ranges: 10 },
        after: { invalidationsUnderPtl: 0, invalidationsOutside: 38, ranges: 17 },
      },
      experiment: calls,
    },
    {
      name: "late-writes",
      shows:
        "The price: moments in which no lock is held and a guest can write to a page that the process has lost.",
      expected: {
        before: { lateMoments: 0, writesToFreeFrames: 0, survivors: 0 },
        after: { lateMoments: 6, writesToFreeFrames: 0, survivors: 0 },
      },
      experiment: lateWrites,
    },
    {
      name: "without-change-pte",
      shows: "A copy on write, as a client hears of it that has no change_pte.",
      expected: { before: { told: "page" }, after: { told: "start, end" } },
      experiment: withoutChangePte,
    },
    {
      name: "never-moved",
      shows:
        "Control: fork, mremap, mprotect, munmap and page_referenced tell the card nothing under a spinlock.",
      expected: {
        before: { sites: 5, sleepInAtomicContext: 0 },
        after: { sites: 5, sleepInAtomicContext: 0 },
      },
      experiment: (makeKernel) => sleepers(makeKernel, unmoved),
    },
    {
      name: "still-under-the-lock",
      shows: "Control: who sleeps in clear_flush_young or change_pte is wrong on both sides.",
      expected: {
        before: { clearFlushYoungMaySleep: false, changePteMaySleep: false },
        after: { clearFlushYoungMaySleep: false, changePteMaySleep: false },
      },
      experiment: underTheLock,
    },
  ],
  picture: (run) => notifierPicture(run, "calls-and-locks"),
};
