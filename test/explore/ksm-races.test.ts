// KSM's paths meet others: whatever one of them has done when the other begins, both come to their end, no
// rule of the locks is broken, and the invariants hold.

import { BASE, PAGE, race, share } from "./race.js";

race("a KSM scan and a write", (ground) => {
  const { a } = ground;
  a.mmap({ address: BASE, length: 4 * PAGE, fixed: true });
  for (let i = 0; i < 4; i++) a.write(BASE + i * PAGE, 5);
  a.madvise(BASE, 4 * PAGE, "mergeable");
  ground.scheduler.kernel.ksm.scan();
  return [(batch) => batch.ksmScan(), (batch) => batch.write(a, BASE + PAGE, 6)];
});

race("a KSM scan and the exit of a child whose pages it merges", (ground) => {
  const { child } = share(ground);
  ground.a.madvise(BASE, 4 * PAGE, "mergeable");
  for (let i = 0; i < 4; i++) ground.a.write(BASE + i * PAGE, 5);
  child.madvise(BASE, 4 * PAGE, "mergeable");
  ground.scheduler.kernel.ksm.scan();
  return [(batch) => batch.ksmScan(), (batch) => batch.exit(child)];
});
