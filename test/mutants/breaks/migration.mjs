const migrate = "assembly/mm/migrate.ts";
const entry = "assembly/rmap/migration-entry.ts";

export default {
  group: "migration",
  tests: [
    "test/api/migration",
    "test/api/file-migration",
    "test/explore/races",
    "test/explore/outcomes",
  ],
  breaks: [
    {
      rule: "a migration entry keeps the writable bit",
      file: "assembly/rmap/unmap-one.ts",
      from: "return pteOfMigration(frame, (entry & PTE_WRITE) != 0);",
      to: "return pteOfMigration(frame, false);",
    },
    {
      rule: "a restored entry is writable only if it was",
      file: entry,
      from: "if (pteMigrationIsWritable(entry)) bits |= PTE_WRITE;",
      to: "bits |= PTE_WRITE;",
    },
    {
      rule: "only entries of the page that moved are restored",
      file: entry,
      from: "pteIsMigration(entry) && pteFrame(entry) == old;",
      to: "pteIsMigration(entry);",
    },
    {
      rule: "a page that somebody holds stays where it is",
      file: migrate,
      from: "return pageRefcount(frame) != <i32>(1 + cached + buffers);",
      to: "return false;",
    },
    {
      rule: "what could not move gets its entries back",
      file: migrate,
      from: "removeMigrationPtes(frame, moved ? target : frame);",
      to: "moved ? removeMigrationPtes(frame, target) : 0;",
    },
    {
      rule: "KSM's pages are refused",
      file: migrate,
      from: "if (pageIsKsm(frame)) return MigrateResult.Refused;",
      to: "",
    },
    {
      rule: "the swap slot follows the page",
      file: migrate,
      from: "slotAt(<usize>pagePrivate(frame)).frame = target;",
      to: "",
    },
    {
      rule: "contents go over",
      file: migrate,
      from: "pageSetWord(target, pageReadWord(frame));",
      to: "",
    },
    {
      rule: "the anon_vma is pinned while nothing maps the page",
      file: migrate,
      from: "const pinned = pageIsAnon(frame) ? pageGetAnonVma(frame) : null;",
      to: "const pinned = null;",
    },
  ],
};
