/** A thread in which long texts of YAML are read: it tells JSON, or why there is none. */
import { parentPort } from "node:worker_threads"
import { parse } from "./Text.ts"

/** What it tells of each text. */
export type Told = { readonly json: string } | { readonly why: string }

/** A list in a list, and so on: nobody who goes through it later needs a stack that deep. */
const deepest = 1000
const isTooDeep = (value: unknown): boolean => {
  let level: ReadonlyArray<unknown> = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > deepest) return true
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []))
  }
  return false
}

const told = (text: string): Told => {
  try {
    const value = parse(text)
    if (isTooDeep(value)) return { why: `exceeded max depth of ${deepest}` }
    return { json: JSON.stringify(value) ?? "null" }
  } catch (why) {
    return { why: why instanceof Error ? why.message : String(why) }
  }
}
parentPort?.on("message", (text: string) => parentPort?.postMessage(told(text)))
