/** The report as one page that needs nothing beside it. */
import { titleOf } from "../Adapter.ts"
import type { Found } from "../Alone.ts"
import { style } from "./Style.ts"
import { counts, isGood, outcomeOf, resultOf, type Row, rows, signs, type Summary, versions, words } from "./Summary.ts"

const escape = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const meanings = {
  holds: "holds",
  broken: "is broken",
  deviates: "deviates, for a reason",
  repaired: "holds by now, against the record",
  without: "is optional, and not kept",
  lacking: "cannot be seen on this machine",
  unreached: "was not reached"
}

const card = (found: Found) => {
  const { adapter, failure, lacks, results, seconds } = found
  const { broken, deviates, holds, lacking, without } = counts(found)
  if (lacks.length > 0)
    return `<li class="card lacking"><h3>${escape(adapter.title)}</h3><p>left out: this machine lacks ${escape(lacks.join(", "))}</p></li>`
  const all = Math.max(1, results.length)
  const part = (kind: string, count: number) =>
    count === 0 ? "" : `<i class="${kind}" style="width:${((100 * count) / all).toFixed(2)}%"></i>`
  const more = [
    broken > 0 ? `<b class="broken">${broken} broken</b>` : "",
    deviates > 0 ? `<b class="deviates">${deviates} deviate</b>` : "",
    without > 0 ? `<b class="without">${without} optional not kept</b>` : "",
    lacking > 0 ? `<b class="lacking">${lacking} not seen</b>` : "",
    failure === undefined ? "" : '<b class="broken">did not end well</b>'
  ].join(" ")
  return `<li class="card ${isGood(found) ? "good" : "bad"}"><h3>${escape(adapter.title)}</h3>
<p><strong>${holds}</strong> of ${results.length} laws hold ${more}</p>
<div class="bar">${part("holds", holds)}${part("deviates", deviates)}${part("lacking", lacking + without)}${part("broken", broken)}</div>
<p class="small">${seconds.toFixed(1)} s</p></li>`
}

const cell = (found: Found, row: Row) => {
  const outcome = outcomeOf(found, row)
  const seconds = resultOf(found, row)?.seconds
  const title = `${found.adapter.title}: ${meanings[outcome]}${seconds === undefined ? "" : `, ${seconds.toFixed(2)} s`}`
  return `<td class="${outcome}" title="${escape(title)}">${signs[outcome]}</td>`
}

/** What is to be said of a law, folded under its words. */
const said = (summary: Summary, row: Row) =>
  summary.found
    .flatMap((found) => {
      const result = resultOf(found, row)
      if (result === undefined || result.outcome === "holds") return []
      const open = result.outcome === "broken" || result.outcome === "repaired"
      return [
        `<details${open ? " open" : ""} class="${result.outcome}"><summary>${escape(found.adapter.title)} ${meanings[result.outcome]}</summary><pre>${escape(words(result))}</pre></details>`
      ]
    })
    .join("")

const section = (summary: Summary, contract: string, all: ReadonlyArray<Row>) => {
  const heads = summary.found.map(({ adapter }) => `<th scope="col"><span>${escape(adapter.title)}</span></th>`).join("")
  const body = all
    .filter((row) => row.contract === contract)
    .map(
      (row) =>
        `<tr><th scope="row"><code>${escape(row.law)}${row.isOptional ? " · optional" : ""}</code><span>${escape(row.text)}</span>${said(summary, row)}</th>${summary.found.map((found) => cell(found, row)).join("")}</tr>`
    )
    .join("\n")
  return `<section><div class="wide"><table><thead><tr><th scope="col"><h2>${escape(`${contract} ${versions(summary).get(contract) ?? ""}`.trimEnd())}</h2></th>${heads}</tr></thead><tbody>
${body}
</tbody></table></div></section>`
}

const ends = ({ found }: Summary) =>
  found
    .flatMap(({ adapter, failure }) =>
      failure === undefined
        ? []
        : [
            `<details open class="broken"><summary>${escape(adapter.title)} did not come to an end</summary><pre>${escape(failure)}</pre></details>`
          ]
    )
    .join("")

const legend = (["holds", "broken", "deviates", "without", "lacking", "unreached"] as const)
  .map((outcome) => `<span class="${outcome}"><b>${signs[outcome]}</b> ${meanings[outcome]}</span>`)
  .join("")

export const page = (summary: Summary): string => {
  const all = rows(summary)
  const names = [...new Set(all.map(({ contract }) => contract))]
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escape(summary.contract)} · Keelson conformance</title>
<style>${style}</style>
</head>
<body>
<header><p class="small">Keelson conformance</p><h1>${escape(summary.contract)}</h1><p>${escape(titleOf(summary.contract))}</p>
<p class="small">${escape(summary.when)} · ${escape(summary.machine)}</p>
<p class="small">${escape(summary.suite)} · profile ${summary.profile}</p></header>
<main>
<ul class="cards">${summary.found.map(card).join("\n")}</ul>
${ends(summary)}
<p class="legend">${legend}</p>
${names.map((name) => section(summary, name, all)).join("\n")}
</main>
</body>
</html>
`
}
