/** The table for people at a terminal. */
import { counts, isGood, outcomeOf, type Row, rows, signs, type Summary, versions, words } from "./Summary.ts"

const width = 100
const shorten = (text: string, most: number) => (text.length <= most ? text : `${text.slice(0, most - 1)}…`)
const indent = (text: string, by: string) =>
  text
    .split("\n")
    .map((line) => `${by}${line}`)
    .join("\n")

const head = ({ found }: Summary) => found.map(({ adapter }, index) => `${"│ ".repeat(index)}┌ ${adapter.title}`)

const sections = (all: ReadonlyArray<Row>) => [...new Set(all.map(({ contract }) => contract))]

const lined = (summary: Summary) => {
  const all = rows(summary)
  return sections(all).flatMap((section) => [
    `${" ".repeat(2 * summary.found.length)} ${section} ${versions(summary).get(section) ?? ""}`.trimEnd(),
    ...all
      .filter(({ contract }) => contract === section)
      .map((row) => {
        const cells = summary.found.map((one) => signs[outcomeOf(one, row)]).join(" ")
        const law = `${row.law}${row.isOptional ? " (optional)" : ""}`
        return `${cells}  ${shorten(`${law}: ${row.text}`, width)}`
      })
  ])
}

const tally = (summary: Summary) =>
  summary.found.map((found) => {
    const { broken, deviates, holds, lacking, without } = counts(found)
    if (found.lacks.length > 0) return `– ${found.adapter.title}: this machine lacks ${found.lacks.join(", ")}`
    const more = [
      deviates > 0 ? `, ${deviates} deviate` : "",
      without > 0 ? `, ${without} optional not kept` : "",
      lacking > 0 ? `, ${lacking} not to be seen here` : ""
    ].join("")
    const end = found.failure === undefined ? "" : ", and it did not come to an end"
    const laws = `${holds} laws hold, ${broken} are broken${more}${end}, in ${found.seconds.toFixed(1)} s`
    return `${isGood(found) ? "✓" : "✗"} ${found.adapter.title}: ${laws}`
  })

/** Each law with its words, where something is to be said. */
const details = (summary: Summary) =>
  summary.found.flatMap((found) => [
    ...found.results
      .filter(({ outcome }) => outcome !== "holds")
      .map(
        (one) => `${signs[one.outcome]} ${found.adapter.title}, ${one.contract}, ${one.law}\n${indent(words(one), "    ")}`
      ),
    ...(found.failure === undefined
      ? []
      : [`✗ ${found.adapter.title} did not come to an end:\n${indent(found.failure, "    ")}`])
  ])

export const text = (summary: Summary): string => {
  const about = [`${summary.suite}, profile ${summary.profile}`]
  const parts = [head(summary), lined(summary), details(summary), tally(summary), about]
  return `${parts
    .filter((part) => part.length > 0)
    .map((part) => part.join("\n"))
    .join("\n\n")}\n`
}
