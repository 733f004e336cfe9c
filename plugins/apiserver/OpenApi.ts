/** `/openapi/v3`: an index, and one document for each group and version, made when it is first asked for. Source: KEP-2896. */
import { SubscriptionRef } from "effect"
import { createHash } from "node:crypto"
import { apiVersion } from "../../kernel/resource/Kind.ts"
import type { Kinds } from "../../kernel/resource/Kinds.ts"
import { document } from "../../kernel/resource/OpenApi.ts"
import { type Answer, failure, json, jsonType, whole } from "./Answer.ts"
import type { Backends } from "./contracts/Backends.ts"
import type { Exchange } from "./Exchange.ts"
import { notFound } from "./Refused.ts"

const root = "/openapi/v3"
/** A hash in the URL names one text for ever. */
const immutable = { "cache-control": "public, immutable", expires: "Thu, 31 Dec 2037 23:55:55 GMT" }

export const serves = (path: string) => path === root || path.startsWith(`${root}/`)

const pathOf = (group: string, version: string) => (group === "" ? `api/${version}` : `apis/${group}/${version}`)

export const make = (kinds: Kinds["Service"], release: string, backends: Backends["Service"]) => {
  const texts = new Map<string, string>()
  let generation = -1
  const versions = () =>
    new Map(
      kinds
        .all()
        .flatMap(({ kind }) => kind.versions.map((version) => [pathOf(version.group, version.version), version] as const))
    )
  /** Names the kinds that stand in it: the text itself would have to be made for that. */
  const hashOf = (path: string, group: string, version: string) => {
    const name = apiVersion({ group, version })
    const inIt = kinds.all().filter(({ kind }) => kind.versions.some((other) => apiVersion(other) === name))
    const what = inIt.map(({ kind }) => `${kind.storage} ${kind.verbs} ${kind.subresources}`).toSorted()
    return createHash("sha256").update(`${release} ${generation} ${path} ${what}`).digest("hex").toUpperCase()
  }
  const index = () =>
    Object.fromEntries(
      [...versions()].map(([path, { group, version }]) => [
        path,
        { serverRelativeURL: `${root}/${path}?hash=${hashOf(path, group, version)}` }
      ])
    )
  /** Their documents are theirs to give: the door leads there. */
  const remote = () =>
    Object.fromEntries(
      backends
        .now()
        .backends.flatMap(({ group, openApi, version }) =>
          openApi === undefined ? [] : [[pathOf(group, version), { serverRelativeURL: openApi }] as const]
        )
    )
  const textOf = (path: string) => {
    const found = texts.get(path)
    if (found !== undefined) return found
    const version = versions().get(path)
    if (version === undefined) return undefined
    const text = JSON.stringify(document(kinds.all(), version.group, version.version))
    texts.set(path, text)
    return text
  }
  return ({ path, query }: Exchange): Answer => {
    const now = SubscriptionRef.getUnsafe(kinds.generation)
    if (now !== generation) texts.clear()
    generation = now
    const below = path.slice(root.length + 1).replace(/\/$/, "")
    if (below === "") return json(200, { paths: { ...index(), ...remote() } })
    const text = textOf(below)
    if (text === undefined) return failure(notFound)
    return whole(200, text, query.has("hash") ? immutable : undefined, jsonType)
  }
}
