import { ratios } from "../../bench/crossover.js";
import {
  rowAt,
  rowsOf,
  sizesOf,
  type BenchDocument,
  type BenchOperation,
  type BenchRow,
  type BenchSuite,
} from "../../bench/document.js";
import { timeChart, visitsChart } from "./bench-charts.js";
import { benchTables, type BenchTable } from "./bench-tables.js";
import { crossoverWords, operationWords, sampledWords, suiteWords } from "./bench-words.js";
import { Html, html, htmlPage } from "./html.js";
import { formatCount, formatRatio, formatTime, formatVmas } from "./numbers.js";

/** The report of a run as one HTML file that needs nothing else: no script, no network. */
export function benchPage(document: BenchDocument): string {
  const { rows, run } = document;
  const suites = [...new Set(rows.map((row) => row.suite))];
  return htmlPage(
    "rmaplab bench",
    html`
      <header>
        <h1>${title(rows)}</h1>
        <p class="lede">${headline(document)}</p>
        ${
          run.complete
            ? null
            : html`<p class="note">The run was stopped early: what it had measured is here.</p>`
        }
      </header>
      ${suites.map((suite) => suiteSection(document, suite))} ${readingSection(rows)}
      ${machineSection(document)}
    `,
  );
}

function title(rows: readonly BenchRow[]): string {
  const measured = new Set(rows.map((row) => row.index));
  const indexes = [
    ...(measured.has("list") ? ["on a list"] : []),
    ...(measured.has("prio-tree") || measured.has("prio-tree-3.4") ? ["on prio trees"] : []),
    ...(measured.has("interval-tree") ? ["on an interval tree"] : []),
  ];
  return `The reverse map ${new Intl.ListFormat("en-GB").format(indexes)}`.trimEnd();
}

/** The one finding to take away: of anonymous memory, or if only files were measured, of those. */
function headline(document: BenchDocument): Html {
  return (
    splitHeadline(document) ??
    fileHeadline(document) ??
    html`What a reverse-map walk of Linux v3.7 costs, by the number of VMAs in the index that it
    searches.`
  );
}

/** The largest size of the whole path on both indexes. */
function splitHeadline({ rows, crossover }: BenchDocument): Html | null {
  const operation = "page-referenced";
  const own = rowsOf(rows, "split", operation);
  const largest = ratios(own, "list").at(-1);
  const list = largest && rowAt(own, "list", largest.vmas);
  const tree = largest && rowAt(own, "interval-tree", largest.vmas);
  if (largest === undefined || list === undefined || tree === undefined) return null;
  const crossing = crossover.find((one) => one.suite === "split" && one.operation === operation);
  return html`One mapping, split into ${formatVmas(largest.vmas)}:
    <code>page_referenced</code> takes <span class="list">${formatTime(list.ns.median)}</span> on
    the list of earlier kernels and <span class="tree">${formatTime(tree.ns.median)}</span> on the
    interval tree of v3.7 (${formatRatio(largest.ratio)} to
    1)${crossing === undefined ? null : html`; ${crossoverWords(crossing)}`}.`;
}

/** The whole walk at the largest size that all three have. */
function fileHeadline({ rows }: BenchDocument): Html | null {
  const own = rowsOf(rows, "file", "rmap-walk");
  const sizes = sizesOf(own).reverse();
  for (const vmas of sizes) {
    const prio = rowAt(own, "prio-tree", vmas);
    const unpruned = rowAt(own, "prio-tree-3.4", vmas);
    const tree = rowAt(own, "interval-tree", vmas);
    if (prio === undefined || unpruned === undefined || tree === undefined) continue;
    return html`${formatVmas(vmas)} of one file: <code>rmap_walk</code> takes
      <span class="prio">${formatTime(prio.ns.median)}</span> on the prio tree of kernels up to
      v3.3, <span class="prio-unpruned">${formatTime(unpruned.ns.median)}</span> on that of v3.4 to
      v3.6, which lost part of its pruning, and
      <span class="tree">${formatTime(tree.ns.median)}</span> on the interval tree of v3.7.`;
  }
  return null;
}

function suiteSection({ rows, crossover }: BenchDocument, suite: BenchSuite): Html {
  const tables = benchTables(rows).filter((table) => table.suite === suite);
  const visits = visitsChart(rows, suite);
  const sampled = sampledWords(rows.filter((row) => row.suite === suite));
  const crossingOf = (operation: BenchOperation) =>
    crossover.find((one) => one.suite === suite && one.operation === operation);
  const charts = tables.map(({ operation }) => {
    const crossing = crossingOf(operation);
    return html`<figure>
      <figcaption>
        <b>${operation}</b>
        <span
          >${capital(operationWords[operation].about)}.${
            crossing === undefined ? null : ` ${capital(crossoverWords(crossing))}.`
          }</span
        >
      </figcaption>
      ${new Html(timeChart(rowsOf(rows, suite, operation), crossing))}
    </figure>`;
  });
  return html`<section>
    <h2>${suiteWords[suite].title} <span class="soft">(${suite})</span></h2>
    <p>${suiteWords[suite].about}</p>
    <div class="charts">
      ${charts}
      ${
        visits === null
          ? null
          : html`<figure>
              <figcaption>
                <b>nodes visited</b>
                <span
                  >Exact counts, the same on every machine.
                  ${
                    suite === "file"
                      ? "The lines are whole walks (rmap_walk)."
                      : "The solid lines are whole walks (rmap_walk), the dashed one page_referenced, which may stop early."
                  }</span
                >
              </figcaption>
              ${new Html(visits)}
            </figure>`
      }
    </div>
    ${tables.map(tableBlock)} ${sampled === null ? null : html`<p class="soft">${sampled}</p>`}
  </section>`;
}

function tableBlock({ operation, head, groups }: BenchTable): Html {
  const kind = (column: number): string => {
    if (head[column] === "index") return "name";
    return head[column] === "median" || head[column] === "÷ tree" ? "strong" : "";
  };
  return html`<h3>${operation}, per ${operationWords[operation].unit}</h3>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            ${head.map((name, i) => html`<th scope="col" class="${kind(i)}">${name}</th>`)}
          </tr>
        </thead>
        ${groups.map(
          (lines) =>
            html`<tbody>
              ${lines.map(
                (cells) =>
                  html`<tr>
                    ${cells.map((cell, i) => html`<td class="${kind(i)}">${cell}</td>`)}
                  </tr>`,
              )}
            </tbody>`,
        )}
      </table>
    </div>`;
}

function readingSection(rows: readonly BenchRow[]): Html {
  const sizes = sizesOf(rows);
  return html`<section>
    <h2>How to read this</h2>
    <ul>
      <li>
        Both axes are logarithmic: on a list, or on the prio tree of v3.4, the time grows with the
        number of VMAs and the curve becomes a straight slope; on a tree that leaves out what it can
        it grows with the logarithm and stays nearly flat.
      </li>
      <li>
        A point is the median of its samples, the thin line through it runs from the fastest to the
        slowest. A ring in place of a dot is a sampled point.
      </li>
      <li>
        <b>Visited</b> nodes became the current node of a search; <b>touched</b> nodes had any field
        read, a child’s maximum for one; <b>irrelevant</b> VMAs were handed out and turned out not
        to hold the page. All three are exact means per operation, counted apart from the timing.
      </li>
      <li>
        <b>bytes/VMA</b> is the linear memory that building the state took (VMAs, index nodes, page
        tables, processes), divided by the VMAs. At small sizes it is mostly the first page of each
        kind of record.
      </li>
      <li><b>÷ tree</b> is how many times as long as on the interval tree it takes.</li>
      <li>
        The times are those of the model compiled to WebAssembly, on this machine: compare the
        indexes with each other, not with a kernel. The visits are the ones that v3.7’s structures
        make.
      </li>
    </ul>
    <p class="soft">Sizes measured: ${sizes.map(formatCount).join(", ")} VMAs.</p>
  </section>`;
}

function machineSection({ machine, run }: BenchDocument): Html {
  const facts: readonly (readonly [string, string])[] = [
    ["processor", `${machine.cpu}, ${machine.cores} cores`],
    ["system", machine.os],
    ["Node", `${machine.node} (V8 ${machine.v8})`],
    ["rmaplab", `${machine.rmaplab}, ${machine.build} build`],
    ["seed", String(run.seed)],
    ["measuring", run.quick ? "quick: short samples" : "full"],
  ];
  return html`<section>
    <h2>Machine, and how to run it again</h2>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    <pre>${run.command}</pre>
  </section>`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
