/**
 * What upstream's programs cannot tell from nothing: they are written in Go, where a field that is no pointer always has a value.
 * `omitted`: an empty text, zero or false there is as good as none. `parts`: it is there before anybody has said anything of it, so
 * that nobody comes to own it by that. Taken from the published types' JSON tags, because the API description does not say it.
 */
import { readFileSync } from "node:fs"

interface Zeroes {
  readonly omitted?: string
  readonly parts?: string
}
const file = new URL("../description/kubernetes-1.36.zeroes.json", import.meta.url)
const all: { readonly [definition: string]: Zeroes } = JSON.parse(readFileSync(file, "utf8"))

const words = (text = "") => (text === "" ? [] : text.split(" "))

/** As the last parameter of `define`; empty if there is nothing to say. */
export const zeroesOf = (definition: string): ReadonlyArray<string> => {
  const { omitted, parts } = all[definition] ?? {}
  return [
    ...(omitted === undefined ? [] : [`omitted: ${JSON.stringify(words(omitted))}`]),
    ...(parts === undefined ? [] : [`parts: ${JSON.stringify(words(parts))}`])
  ]
}
