/** A cluster whose API is asked over HTTPS, as whoever a token speaks for, and packages of `examples/` loaded into it. */
import { Effect, Schedule } from "effect"
import { request } from "node:https"
import { fileURLToPath } from "node:url"
import type { Client } from "../../../kernel/client/Client.ts"
import { Plugin, PluginConfiguration } from "../../../plugins/packages/contracts/v1alpha1.ts"
import { TestCluster } from "../../../testing/TestCluster.ts"

export interface Answered {
  readonly code: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly text: string
  /** Of JSON. */
  readonly body: Readonly<Record<string, unknown>>
}

export interface Question {
  readonly method?: string
  readonly path: string
  readonly token?: string
  /** Without a token: as the administrator, by certificate. */
  readonly isAnonymous?: boolean
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

const parsed = (text: string) => {
  try {
    return Object(JSON.parse(text))
  } catch {
    // It is no JSON; whoever asks looks at the text.
    return {}
  }
}

export const make = Effect.gen(function* () {
  const cluster = yield* TestCluster.make({ nodes: 0 })
  const { api, client } = cluster
  const ask = ({ body, headers, isAnonymous = false, method = "GET", path, token }: Question) =>
    Effect.callback<Answered, Error>((resume) => {
      const shown = token === undefined && !isAnonymous ? { cert: api.cert, key: api.key } : {}
      const options = {
        method,
        ca: api.ca,
        ...shown,
        agent: false as const,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
          ...headers
        }
      }
      const sent = request(`${api.server}${path}`, options, (answer) => {
        const chunks: Array<Buffer> = []
        answer.on("data", (chunk: Buffer) => chunks.push(chunk))
        answer.on("error", (error) => resume(Effect.fail(error)))
        answer.on("end", () => {
          const text = Buffer.concat(chunks).toString()
          resume(Effect.succeed({ code: answer.statusCode ?? 0, headers: answer.headers, text, body: parsed(text) }))
        })
      })
      sent.on("error", (error) => resume(Effect.fail(error)))
      sent.end(body === undefined ? undefined : JSON.stringify(body))
      return Effect.sync(() => sent.destroy())
    })
  return { ...cluster, ask, client }
})
export type Asking = Effect.Success<typeof make>

export const pause = Schedule.spaced("100 millis")

/** Asked again until the answer is as it should be: what was loaded may take a moment to be taken in. */
export const until = <E>(what: string, asked: Effect.Effect<Answered, E>, holds: (answer: Answered) => boolean) =>
  Effect.flatMap(asked, (answer) =>
    holds(answer) ? Effect.succeed(answer) : Effect.fail(new Error(`${what}: ${answer.code} ${answer.text}`))
  ).pipe(Effect.retry({ schedule: pause, times: 600 }))

const example = (name: string) => fileURLToPath(new URL(`../../../examples/${name}`, import.meta.url))

export interface Loading {
  readonly directory?: string
  readonly values?: object
}

/** Resolves when it runs; fails with its reason. */
export const load = Effect.fnUntraced(function* (
  client: Client["Service"],
  name: string,
  { directory = example(name), values }: Loading = {}
) {
  if (values !== undefined)
    yield* client.create(PluginConfiguration, { metadata: { name }, spec: { values: JSON.parse(JSON.stringify(values)) } })
  yield* client.create(Plugin, { metadata: { name }, spec: { source: { path: directory } } })
  const look = Effect.flatMap(client.get(Plugin, { namespace: "", name }), ({ status }) =>
    status.state === "Running" ? Effect.succeed(status) : Effect.fail(new Error(`${name}: ${JSON.stringify(status)}`))
  )
  return yield* Effect.retry(look, { schedule: pause, times: 600 })
})
