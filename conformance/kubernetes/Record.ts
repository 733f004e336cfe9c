/** What is known of the tests so far, kept in a file: a run that was interrupted goes on there. Also in the forms that other tools read. */
import { Schema } from "effect"
import { execFileSync } from "node:child_process"
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { stringify } from "yaml"
import { escape } from "../report/Junit.ts"
import { Result } from "./Suite.ts"

const Line = Schema.fromJsonString(Result)
const decode = Schema.decodeUnknownSync(Line)
const encode = Schema.encodeSync(Line)

const fileOf = (out: string) => join(out, "results.jsonl")

/** The last word on each test. */
export const read = (out: string): ReadonlyMap<string, Result> => {
  if (!existsSync(fileOf(out))) return new Map()
  // The last line may have been cut off.
  const lines = readFileSync(fileOf(out), "utf8").split("\n").slice(0, -1)
  return new Map(lines.map((line) => decode(line)).map((result) => [result.name, result]))
}

export const add = (out: string, results: ReadonlyArray<Result>) =>
  appendFileSync(fileOf(out), results.map((result) => `${encode(result)}\n`).join(""))

const testCase = ({ message, name, outcome, seconds }: Result) => {
  const about = `name="${escape(name)}" classname="Kubernetes e2e suite" time="${seconds.toFixed(3)}"`
  if (outcome === "failed") return `  <testcase ${about}><failure message="${escape(message)}"/></testcase>`
  return `  <testcase ${about}/>`
}
export const junit = (results: ReadonlyArray<Result>) => {
  const failures = results.filter(({ outcome }) => outcome === "failed").length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="Kubernetes e2e suite" tests="${results.length}" failures="${failures}">`,
    ...results.map(testCase),
    "</testsuite>",
    ""
  ].join("\n")
}

/** The tree that Sonobuoy makes of its plugin e2e, and reads with `sonobuoy results`. Source: Sonobuoy's documentation, "Results". */
export const sonobuoy = (out: string, results: ReadonlyArray<Result>) => {
  const plugin = join(out, "sonobuoy", "plugins", "e2e")
  const global = join(plugin, "results", "global")
  mkdirSync(global, { recursive: true })
  writeFileSync(join(global, "junit_01.xml"), junit(results))
  if (existsSync(join(out, "e2e.log"))) copyFileSync(join(out, "e2e.log"), join(global, "e2e.log"))
  const statusOf = ({ outcome }: Result) => (outcome === "failed" ? "failed" : "passed")
  const status = results.some(({ outcome }) => outcome === "failed") ? "failed" : "passed"
  const items = results.map((result) => ({ name: result.name, status: statusOf(result) }))
  const file = { name: "junit_01.xml", status, meta: { file: "results/global/junit_01.xml", type: "file" } }
  const suite = { name: "Kubernetes e2e suite", status, items }
  writeFileSync(
    join(plugin, "sonobuoy_results.yaml"),
    stringify({ name: "e2e", status, meta: { type: "summary" }, items: [{ ...file, items: [suite] }] })
  )
  const archive = join(out, "sonobuoy.tar.gz")
  execFileSync("tar", ["-czf", archive, "-C", join(out, "sonobuoy"), "."])
  return archive
}
