/**
 * Answers `/api`, `/apis` and what is directly below: which groups, versions and resources there are. Documents are made when they
 * are first asked for, and again when kinds come or go.
 */
import { SubscriptionRef } from "effect"
import { createHash } from "node:crypto"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import { ranges } from "../Accept.ts"
import { type Answer, failure, jsonType, whole } from "../Answer.ts"
import type { Backends } from "../contracts/Backends.ts"
import { type Exchange, header } from "../Exchange.ts"
import { noPage, notFound } from "../Refused.ts"
import * as Aggregated from "./Aggregated.ts"
import * as Legacy from "./Legacy.ts"
import * as Resources from "./Resources.ts"

interface Document {
  readonly body: string
  readonly etag: string
  readonly type: string
}

const documentOf = (value: unknown, type = jsonType): Document => {
  const body = JSON.stringify(value)
  return { body, type, etag: `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"` }
}

export const answerOf = (exchange: Exchange, { body, etag, type }: Document): Answer => {
  const headers = { etag, vary: "Accept", "cache-control": "public" }
  return header(exchange.incoming, "if-none-match") === etag
    ? whole(304, "", headers, type)
    : whole(200, body, headers, type)
}

const aggregated = (accept: string): "v2" | "v2beta1" | undefined => {
  for (const { parameters, type } of ranges(accept)) {
    if (type !== jsonType && type !== "*/*") continue
    if (parameters.get("as") === undefined) return undefined
    const version = parameters.get("v")
    if (parameters.get("g") === "apidiscovery.k8s.io" && (version === "v2" || version === "v2beta1")) return version
  }
  return undefined
}

type Built = (name: string, make: () => Document | undefined) => Document | undefined

const level = (groups: ReadonlyArray<Resources.Group>, path: string, accept: string, address: string, built: Built) => {
  const isCore = path === "/api" || path.startsWith("/api/")
  const [, , first = "", second = "", ...rest] = path.split("/")
  if (rest.length > 0) return undefined
  const mine = groups.filter(({ name }) => (name === "") === isCore)
  if (first === "") {
    const form = aggregated(accept)
    if (form !== undefined) {
      const type = `${jsonType};g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`
      return built(`${path} ${form}`, () => documentOf(Aggregated.document(mine, form), type))
    }
    return built(path, () => {
      if (!isCore) return documentOf(Legacy.groups(mine))
      return mine[0] === undefined ? undefined : documentOf(Legacy.versions(mine[0], address))
    })
  }
  const group = isCore ? mine[0] : mine.find(({ name }) => name === first)
  if (group === undefined) return undefined
  const wanted = isCore ? first : second
  if (wanted === "") return built(path, () => documentOf(Legacy.group(group)))
  const version = group.versions.find(({ version }) => version === wanted)
  return version && built(path, () => documentOf(Legacy.resources(group.name, version)))
}

/** `address`: where clients reach this server, as `host:port`. */
export const make = (kinds: Kinds["Service"], address: () => string, backends: Backends["Service"]) => {
  let generation = ""
  let groups: ReadonlyArray<Resources.Group> = []
  const documents = new Map<string, Document>()
  const built: Built = (name, make) => {
    const found = documents.get(name) ?? make()
    if (found !== undefined) documents.set(name, found)
    return found
  }
  const refresh = () => {
    const now = `${SubscriptionRef.getUnsafe(kinds.generation)} ${backends.generation()}`
    if (now === generation) return
    generation = now
    groups = Resources.groups(kinds, backends.now())
    documents.clear()
  }
  return (exchange: Exchange): Answer => {
    refresh()
    const path = exchange.path.endsWith("/") ? exchange.path.slice(0, -1) : exchange.path
    const document = level(groups, path, header(exchange.incoming, "accept") ?? "", address(), built)
    if (document !== undefined) return answerOf(exchange, document)
    const [, , group] = path.split("/")
    return failure(path.startsWith("/api/") || groups.some(({ name }) => name === group) ? notFound : noPage)
  }
}
