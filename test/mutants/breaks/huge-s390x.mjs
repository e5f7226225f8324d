export default {
  group: "huge pages of an s390x",
  tests: ["test/api/storage-keys", "test/api/huge-page", "test/api/notifier-huge-pages"],
  breaks: [
    {
      rule: "an entry has no marks when its page is populated",
      file: "assembly/mm/populate.ts",
      from: "setHugeEntry(pmd, entry | pteBits(PTE_YOUNG | PTE_DIRTY));",
      to: "setHugeEntry(pmd, entry | PTE_YOUNG | PTE_DIRTY);",
    },
    {
      rule: "clearing a huge page changes the keys of all its pages",
      file: "assembly/struct/huge-page.ts",
      from: "for (let n: u32 = 0; n < <u32>HUGE_PAGES; n++) pageSetWord(head + n, 0);",
      to: "pageSetWord(head, 0);",
    },
    {
      rule: "a collapse changes the keys of what it fills with zeros",
      file: "assembly/mm/collapse.ts",
      from: "pageSetWord(head + <u32>n, 0);",
      to: "",
    },
  ],
};
