/**
 * What two servers must answer differently, made equal: uids, times, versions, generated names, addresses. What the same server
 * answers twice is named the same twice, so that it still shows whether an object got a new version, or is another.
 */
import { fields, isList, isObject, type Json, type JsonObject, textOf } from "./Json.ts"
import type { Answer } from "./Scenario.ts"

const uid = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const time = /\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)/g
/** Times that requests name lie years away. */
const isRecent = (text: string, now: number) => Math.abs(Date.parse(text) - now) < 6 * 3600_000

/** Of one side, for one scenario. */
export class Normal {
  readonly #uids = new Map<string, string>()
  readonly #versions = new Map<string, string>()
  readonly #now = Date.now()

  #named(known: Map<string, string>, value: string, word: string) {
    const name = known.get(value) ?? `<${word} ${known.size + 1}>`
    known.set(value, name)
    return name
  }

  #version(value: string) {
    return /^0?$/.test(value) ? value : this.#named(this.#versions, value, "version")
  }

  text(value: string) {
    const versioned = [...this.#versions].reduce(
      (text, [version, name]) => text.replace(new RegExp(`([ (])${version}(?=[) ,]|$)`, "g"), `$1${name}`),
      value
    )
    return versioned
      .replace(/\bkube-api-access-[a-z0-9]{5}\b/g, "kube-api-access-<generated>")
      .replace(/\b10\.96\.\d+\.\d+$/, "<clusterIP>")
      .replace(/(resource version: \d+, current: )[^ ,]+( \d+>)?/, "$1<version>")
      .replace(/X509SHA256=[0-9a-f]{64}/g, "X509SHA256=<digest>")
      .replace(uid, (one) => this.#named(this.#uids, one, "uid"))
      .replace(time, (one) => (isRecent(one, this.#now) ? "<time>" : one))
  }

  #field(name: string, value: Json, parent: JsonObject): Json {
    if (name === "resourceVersion" && typeof value === "string")
      // A list's is the store's, which others write to as well.
      return "items" in parent ? "<version>" : this.#version(value)
    if (name === "continue" && value !== "") return "<continue>"
    if (name === "name" && textOf(parent["generateName"]) !== "") return textOf(value).replace(/[a-z0-9]{5}$/, "<generated>")
    if (name === "token" && textOf(value).length > 100) return "<token>"
    if (/^clusterIPs?$|^nodePort$|^healthCheckNodePort$/.test(name) && value !== "None" && value !== "") return `<${name}>`
    return this.value(value)
  }

  value(value: Json): Json {
    if (typeof value === "string") return this.text(value)
    if (isList(value)) return value.map((one) => this.value(one))
    if (!isObject(value)) return value
    const isListMeta = "items" in value || "rows" in value
    return Object.fromEntries(
      Object.entries(value).map(([name, inside]) => {
        if (name === "metadata" && isListMeta) {
          const { resourceVersion, ...rest } = fields(inside)
          const kept = resourceVersion === undefined ? {} : { resourceVersion: "<version>" }
          return [name, { ...fields(this.value(rest)), ...kept, ...("continue" in rest && { continue: "<continue>" }) }]
        }
        return [name, this.#field(name, inside, value)]
      })
    )
  }

  answer(answer: Answer): Answer {
    return {
      code: answer.code,
      type: answer.type,
      warnings: answer.warnings.map((one) => this.text(one)),
      body: this.value(answer.body)
    }
  }
}
