/** A thread in which long texts of YAML are read: it tells JSON, or why there is none. */
import { parentPort } from "node:worker_threads"
import { parse } from "./Text.ts"

/** What it tells of each text. */
export type Told = { readonly json: string } | { readonly why: string }

const told = (text: string): Told => {
  try {
    return { json: JSON.stringify(parse(text)) ?? "null" }
  } catch (why) {
    return { why: why instanceof Error ? why.message : String(why) }
  }
}
parentPort?.on("message", (text: string) => parentPort?.postMessage(told(text)))
