/** The report for machines that build: JUnit's XML, one suite for each adapter and contract. */
import { counts, type Summary, versions, words } from "./Summary.ts"
import type { Result } from "../Adapter.ts"
import type { Found } from "../Alone.ts"

/** Characters that XML has no way to write are left out. */
export const escape = (text: string) =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to go
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")

const testCase = (adapter: string, result: Result) => {
  const { contract, law, outcome, seconds, text } = result
  const name = `name="${escape(`${law}: ${text}`)}" classname="${escape(`${adapter}.${contract}`)}" time="${seconds.toFixed(3)}"`
  if (outcome === "holds") return `    <testcase ${name}/>`
  const said = escape(words(result))
  const first = said.split("\n")[0] ?? ""
  const inner =
    outcome === "broken" || outcome === "repaired"
      ? `<failure message="${first}">${said}</failure>`
      : `<skipped message="${outcome}: ${first}"/>`
  return `    <testcase ${name}>${inner}</testcase>`
}

const property = (name: string, value: string) => `<property name="${name}" value="${escape(value)}"/>`

/** Which checks it was, and where. */
const properties = (summary: Summary) => {
  const contracts = [...versions(summary)].map(([key, version]) => `${key} ${version}`).join(", ")
  const { machine, profile, suite } = summary
  const all = Object.entries({ suite, profile, contracts, machine }).map(([name, value]) => property(name, value))
  return `    <properties>${all.join("")}</properties>`
}

const suite = (summary: Summary, found: Found) => {
  const { adapter, failure, lacks, results, seconds } = found
  const { broken, deviates, lacking, without } = counts(found)
  const name = escape(adapter.name)
  const ended =
    failure === undefined
      ? []
      : [`    <testcase name="comes to an end" classname="${name}"><error>${escape(failure)}</error></testcase>`]
  const left =
    lacks.length === 0
      ? []
      : [
          `    <testcase name="all laws" classname="${name}"><skipped message="${escape(`this machine lacks ${lacks.join(", ")}`)}"/></testcase>`
        ]
  const cases = [...results.map((result) => testCase(adapter.name, result)), ...ended, ...left]
  const skipped = deviates + lacking + without + left.length
  const numbers = `tests="${cases.length}" failures="${broken}" errors="${ended.length}" skipped="${skipped}"`
  return [
    `  <testsuite name="${name}" ${numbers} time="${seconds.toFixed(3)}">`,
    properties(summary),
    ...cases,
    "  </testsuite>"
  ]
}

export const xml = (summary: Summary): string =>
  [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="${escape(summary.contract)}">`,
    ...summary.found.flatMap((found) => suite(summary, found)),
    "</testsuites>",
    ""
  ].join("\n")
