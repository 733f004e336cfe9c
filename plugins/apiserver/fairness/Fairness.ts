/**
 * API Priority and Fairness: every request but the endless ones takes seats of a priority level before it is looked at, or waits
 * for them in a queue. What an exempt level or free seats let in is let in at once, by plain synchronous code.
 * Source: KEP-1040, flowcontrol.apiserver.k8s.io/v1.
 */
import { Effect } from "effect"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { Rows } from "../../../kernel/table/Rows.ts"
import type { Tables } from "../../../kernel/table/Tables.ts"
import { FlowSchema, PriorityLevelConfiguration } from "../../resources/contracts/flowcontrol/v1.ts"
import { type Answer, whole } from "../Answer.ts"
import type { ObjectPath } from "../Path.ts"
import { Configuration, type Flow } from "./Configuration.ts"
import { hashOf } from "./Dealing.ts"
import { type Asked, matches } from "./Matching.ts"
import { ticketOf } from "./Queue.ts"
import { RetryAfter } from "./RetryAfter.ts"
import { Seat } from "./Seat.ts"
import { Watching } from "./Watching.ts"
import { narrow, type Stored, widthOf } from "./Width.ts"

/** As upstream by default: 400 requests that read and 200 that write. */
const total = 600
/** Milliseconds: how often seats are shared out anew, and how long a count is good. */
const times = { adjust: 10_000, count: 5000 }
/** Requests that are known, of each user. */
const remembered = 256

export interface Request {
  readonly user: User
  readonly method: string
  readonly text: string
  readonly path: ObjectPath | undefined
  readonly query: URLSearchParams
  readonly isWatch: boolean
}

const verbs: { readonly [method: string]: string } = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" }

export const verbOf = ({ isWatch, method, path }: Pick<Request, "isWatch" | "method" | "path">): string => {
  if (path === undefined) return method.toLowerCase()
  if (isWatch) return "watch"
  if (method === "DELETE" && path.name === "") return "deletecollection"
  return verbs[method] ?? (path.name === "" ? "list" : "get")
}

const resourceOf = ({ resource, subresource }: ObjectPath) => (subresource === "" ? resource : `${resource}/${subresource}`)

const askedOf = ({ path, text }: Request, verb: string): Asked =>
  path === undefined
    ? { verb, group: "", resource: "", namespace: "", path: text }
    : { verb, group: path.group, resource: resourceOf(path), namespace: path.namespace, path: "" }

const tooMany = "Too many requests, please try again later.\n"

export interface Fairness {
  readonly enter: (request: Request) => Seat
  readonly refusal: (seat: Seat) => Answer
  readonly watching: Watching
  /** As it is now, for those who report of it. */
  readonly configuration: () => Configuration
  readonly waiting: ReadonlySet<Seat>
}

/** By which clients and people see what a request was taken for. */
export const headersOf = ({ flow: { schema, standing } }: Seat) =>
  [
    ["x-kubernetes-pf-flowschema-uid", schema.metadata.uid],
    ["x-kubernetes-pf-prioritylevel-uid", standing.uid]
  ] as const

/** What is stored of each resource, counted now and then. */
const countingOf = (tables: Tables["Service"], kinds: Kinds["Service"], now: () => number) => {
  const known = new Map<Rows, Stored & { readonly at: number }>()
  return ({ group, resource, version }: ObjectPath): Stored => {
    const kind = kinds.find(group, version, resource)?.served.kind
    if (kind === undefined) return { count: 0, bytes: 0 }
    const rows = tables.of(kind)
    const before = known.get(rows)
    if (before !== undefined && now() - before.at < times.count) return before
    let [sampled, bytes] = [0, 0]
    for (const row of rows.list("")) {
      sampled++
      bytes += row.size
      if (sampled === 20) break
    }
    const counted = { count: rows.size, bytes: sampled === 0 ? 0 : (bytes / sampled) * rows.size, at: now() }
    known.set(rows, counted)
    return counted
  }
}

/** What is stored is read again when it has changed, by the next request. */
const configured = Effect.fnUntraced(function* (tables: Tables["Service"], now: () => number) {
  const configuration = new Configuration(total, now)
  const [schemas, levels] = [tables.of(FlowSchema), tables.of(PriorityLevelConfiguration)]
  let isStale = true
  const changed = () => {
    isStale = true
  }
  for (const rows of [schemas, levels]) {
    yield* Effect.acquireRelease(
      Effect.sync(() => rows.watch({ changed, reset: changed })),
      (stop) => Effect.sync(stop)
    )
  }
  const current = () => {
    if (isStale) configuration.read(schemas, levels)
    isStale = false
    return configuration
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => setInterval(() => current().adjust(), times.adjust).unref()),
    (timer) => Effect.sync(() => clearInterval(timer))
  )
  return current
})

/** What a user asks again and again is looked up once. */
const flowing = (current: () => Configuration) => {
  let flows: ReadonlyArray<Flow> = []
  let known = new WeakMap<User, Map<string, Flow>>()
  return (user: User, asked: Asked): Flow => {
    const configuration = current()
    if (configuration.flows !== flows) {
      flows = configuration.flows
      known = new WeakMap()
    }
    const place = configuration.namesNamespaces || asked.namespace === "" ? asked.namespace : "*"
    const key = `${asked.verb} ${asked.group} ${asked.resource} ${place} ${asked.path}`
    const mine = known.get(user) ?? new Map<string, Flow>()
    const before = mine.get(key)
    if (before !== undefined) return before
    // Nobody is without: whom no schema means is taken for one of the last, which is the catch-all.
    const found = flows.find(({ schema }) => matches(schema, user, asked)) ?? configuration.last
    if (mine.size >= remembered) mine.clear()
    known.set(user, mine.set(key, found))
    return found
  }
}

export const make = Effect.fnUntraced(function* (tables: Tables["Service"], kinds: Kinds["Service"]) {
  const now = () => performance.now()
  const current = yield* configured(tables, now)
  const flowOf = flowing(current)
  const watching = new Watching()
  const kept = { stored: countingOf(tables, kinds, now), watches: watching.of }
  const waiting = new Set<Seat>()
  const retries = new Map<string, RetryAfter>()

  const enter = (request: Request): Seat => {
    const { isWatch, path, query, text, user } = request
    const verb = verbOf(request)
    const asked = askedOf(request, verb)
    const flow = flowOf(user, asked)
    const { by, schema, standing } = flow
    const { isExempt, queuing } = standing.level
    const distinguisher = by === "ByUser" ? user.name : by === "ByNamespace" ? asked.namespace : ""
    const ticket = ticketOf({
      schema: schema.metadata.name,
      distinguisher,
      hash: queuing === undefined ? 0 : hashOf(schema.metadata.name, distinguisher),
      width: isExempt || path === undefined ? narrow : widthOf(verb, path, query, standing.widest, kept),
      about: { user: user.name, verb, path, text }
    })
    return new Seat(flow, ticket, isWatch, waiting)
  }

  const refusal = ({ flow: { standing } }: Seat): Answer => {
    const { name } = standing.level
    const retry = retries.get(name) ?? new RetryAfter()
    retries.set(name, retry)
    const headers = { "retry-after": `${retry.refused(Date.now())}`, "x-content-type-options": "nosniff" }
    return whole(429, tooMany, headers, "text/plain; charset=utf-8")
  }

  const fairness: Fairness = { enter, refusal, watching, configuration: current, waiting }
  return fairness
})
