/**
 * `/openapi/v3`: an index, and one document for each group and version; `/openapi/v2`: one of all. Each is made when it is first asked
 * for. Source: KEP-2896.
 */
import { Effect, SubscriptionRef } from "effect"
import { createHash } from "node:crypto"
import type { OutgoingHttpHeaders } from "node:http"
import { apiVersion, type Version } from "../../kernel/resource/Kind.ts"
import type { Kinds, Served } from "../../kernel/resource/Kinds.ts"
import { document } from "../../kernel/resource/OpenApi.ts"
import { ranges } from "./Accept.ts"
import { type Answer, failure, jsonType, whole } from "./Answer.ts"
import type { Backends } from "./contracts/Backends.ts"
import { type Exchange, header } from "./Exchange.ts"
import { find as describe } from "../resources/contracts/Descriptions.ts"
import { find as enumerate } from "../resources/contracts/Enums.ts"
import * as Gnostic from "./openapi/Gnostic.ts"
import * as V2 from "./openapi/V2.ts"
import { notFound } from "./Refused.ts"
import { nextTurn } from "./Slices.ts"

const root = "/openapi/v3"
/** A hash in the URL names one text for ever. */
const immutable = { "cache-control": "public, immutable", expires: "Thu, 31 Dec 2037 23:55:55 GMT" }

const whole2 = "/openapi/v2"

export const serves = (path: string) => path === whole2 || path === root || path.startsWith(`${root}/`)

const pathOf = (group: string, version: string) => (group === "" ? `api/${version}` : `apis/${group}/${version}`)

const etagOf = (body: string | Uint8Array) => `"${createHash("sha512").update(body).digest("hex").toUpperCase()}"`

interface Text {
  readonly body: string | Uint8Array
  readonly type: string
  readonly etag: string
}
const textOf = (body: string | Uint8Array, type = jsonType): Text => ({ body, type, etag: etagOf(body) })

const answerOf = (exchange: Exchange, { body, etag, type }: Text, further: OutgoingHttpHeaders = {}): Answer => {
  const headers = { etag, vary: "Accept", ...further }
  const isKnown = header(exchange.incoming, "if-none-match") === etag
  return isKnown ? whole(304, "", headers, type) : whole(200, body, headers, type)
}

const v2Types: { readonly [type: string]: "json" | "protobuf" } = {
  [jsonType]: "json",
  "application/*": "json",
  "*/*": "json",
  [Gnostic.mediaType]: "protobuf",
  [Gnostic.answered]: "protobuf"
}
/** The first that we have, as upstream takes it. */
const v2Form = (accept = "*/*") => {
  for (const { type } of ranges(accept)) if (v2Types[type] !== undefined) return v2Types[type]
  return undefined
}

export const make = (kinds: Kinds["Service"], release: string, backends: Backends["Service"]) => {
  const texts = new Map<string, Text>()
  const documents = new Map<string, { readonly of: ReadonlyArray<Served>; readonly text: Text }>()
  let generation = -1
  const versions = () =>
    new Map(
      kinds
        .all()
        .flatMap(({ kind }) => kind.versions.filter(({ served }) => served !== false))
        .map((version) => [pathOf(version.group, version.version), version] as const)
    )
  const kindsOf = (version: Pick<Version, "group" | "version">) =>
    kinds.all().filter(({ kind }) => kind.versions.some((other) => apiVersion(other) === apiVersion(version)))
  /** Nothing if one of the kinds in it is another than before. */
  const known = (path: string, inIt: ReadonlyArray<Served>) => {
    const found = documents.get(path)
    const isSame = found?.of.length === inIt.length && found.of.every((one, at) => one === inIt[at])
    return isSame ? found.text : undefined
  }
  const documentOf = (path: string, { group, version }: Version) => {
    const inIt = kindsOf({ group, version })
    const found = known(path, inIt)
    if (found !== undefined) return found
    const text = textOf(JSON.stringify(document(inIt, group, version, describe, enumerate)))
    documents.set(path, { of: inIt, text })
    return text
  }
  /** What the index needs, one document a turn of the event loop: to make all of them holds it for too long. */
  const prepare = Effect.fnUntraced(function* (path: string) {
    if (path.replace(/\/$/, "") !== root) return
    for (const [path, version] of versions()) {
      if (known(path, kindsOf(version)) !== undefined) continue
      documentOf(path, version)
      yield* nextTurn
    }
  })
  /** The hash is of the text, because clients keep what it names for ever, also when another server comes to that address. */
  const index = () =>
    Object.fromEntries(
      [...versions()].map(([path, version]) => [
        path,
        { serverRelativeURL: `${root}/${path}?hash=${documentOf(path, version).etag.replaceAll('"', "")}` }
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
  const built = (name: string, make: () => Text) => {
    const found = texts.get(name) ?? make()
    texts.set(name, found)
    return found
  }
  const swagger = () =>
    V2.document(
      [...versions().values()].map(({ group, version }) => document(kinds.all(), group, version, describe, enumerate)),
      { title: "Kubernetes", version: release }
    )
  const v2 = (exchange: Exchange): Answer => {
    const form = v2Form(header(exchange.incoming, "accept"))
    if (form === undefined) return whole(406, "", { vary: "Accept" })
    if (form === "json")
      return answerOf(
        exchange,
        built(whole2, () => textOf(JSON.stringify(swagger())))
      )
    return answerOf(
      exchange,
      built(`${whole2} protobuf`, () => textOf(Gnostic.encode(swagger()), Gnostic.answered))
    )
  }
  const answer = (exchange: Exchange): Answer => {
    const { path, query } = exchange
    const now = SubscriptionRef.getUnsafe(kinds.generation)
    if (now !== generation) {
      generation = now
      texts.clear()
      const there = versions()
      for (const path of documents.keys()) if (!there.has(path)) documents.delete(path)
    }
    if (path === whole2) return v2(exchange)
    const below = path.slice(root.length + 1).replace(/\/$/, "")
    if (below === "") return answerOf(exchange, textOf(JSON.stringify({ paths: { ...index(), ...remote() } })))
    const version = versions().get(below)
    if (version === undefined) return failure(notFound)
    const text = documentOf(below, version)
    const isThat = query.get("hash") === text.etag.replaceAll('"', "")
    return answerOf(exchange, text, isThat ? immutable : undefined)
  }
  return (exchange: Exchange) => Effect.map(prepare(exchange.path), () => answer(exchange))
}
