/** The style of every report page: readable in light and dark, and on paper. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #fdfcfa;
  --ink: #1c1b1a;
  --soft: #68635d;
  --line: #e2ddd5;
  --panel: #f5f2ec;
  --list: #c2410c;
  --tree: #0f766e;
  --prio: #1d4ed8;
  --prio-unpruned: #a21caf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #161514;
    --ink: #e9e6e1;
    --soft: #a29c94;
    --line: #35322e;
    --panel: #1f1d1b;
    --list: #fb923c;
    --tree: #2dd4bf;
    --prio: #7aa7ff;
    --prio-unpruned: #e879f9;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 3rem 1.5rem 4rem;
  background: var(--page);
  color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", sans-serif;
}
h1 { margin: 0 0 .75rem; font-size: 2rem; line-height: 1.15; letter-spacing: -.015em; text-wrap: balance; }
h2 { margin: 3.25rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: 1.4rem; letter-spacing: -.01em; }
h3 { margin: 2rem 0 .25rem; font-size: 1.05rem; }
p, ul, dl { max-width: 46rem; margin: .5rem 0; }
li { margin: .3rem 0; }
code, pre { font: .92em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { overflow-x: auto; padding: .7rem 1rem; border-radius: .4rem; background: var(--panel); }
.lede { max-width: 50rem; font-size: 1.2rem; line-height: 1.5; }
.soft { color: var(--soft); }
.list { color: var(--list); font-weight: 600; }
.tree { color: var(--tree); font-weight: 600; }
.prio { color: var(--prio); font-weight: 600; }
.prio-unpruned { color: var(--prio-unpruned); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 29rem), 1fr)); gap: 2.25rem 2rem; margin: 1.5rem 0; }
figure { margin: 0; display: flex; flex-direction: column; justify-content: space-between; }
figcaption { margin-bottom: .25rem; }
figcaption b { font-size: 1.05rem; }
figcaption span { display: block; color: var(--soft); font-size: .88rem; line-height: 1.45; }
.chart { display: block; width: 100%; max-width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0 1rem; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .16rem .7rem; text-align: right; white-space: nowrap; }
th:first-child, td:first-child { padding-left: 0; }
th { color: var(--soft); font-weight: 500; border-bottom: 1px solid var(--ink); }
tbody + tbody tr:first-child > * { border-top: 1px solid var(--line); }
td.name, th.name { text-align: left; }
td.strong { font-weight: 650; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.25rem; font-size: .95rem; }
dt { color: var(--soft); }
dd { margin: 0; }
.note { padding: .55rem .9rem; border-left: 3px solid var(--soft); background: var(--panel); font-size: .92rem; }
@media print { body { max-width: none; padding: 0; } figure, tbody { break-inside: avoid; } }
`.trim();
