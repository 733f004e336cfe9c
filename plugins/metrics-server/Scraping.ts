/** Asks the kubelet of every node what is used there, again and again, and keeps the last two answers. */
import { Clock, Effect, Schedule } from "effect"
import { Agent, request as httpsRequest } from "node:https"
import { createSecureContext } from "node:tls"
import { Client } from "../../kernel/client/Client.ts"
import { Node } from "../resources/contracts/core/v1.ts"
import { type Counted, parse, type Usage, usage } from "./Samples.ts"

/** PEM: the authority of the kubelets' certificates, and what we show them. */
export interface Kubelet {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** Milliseconds from one count to the next; sooner where there is only one yet, so that there is something to be told. */
const resolution = 15_000
const soon = 3000
const patience = "10 seconds"
const defaultPort = 10250
/** The port of a node that stands for a service. */
const nobody = 0

interface Pair {
  /** When it was asked. */
  readonly asked: number
  readonly before: Counted | undefined
  readonly now: Counted
}

const addressOf = ({ status }: Node) =>
  (["InternalIP", "Hostname", "ExternalIP"] as const)
    .map((type) => status.addresses?.find((address) => address.type === type)?.address)
    .find((address) => address !== undefined)

const get = (agent: Agent, host: string, port: number) =>
  Effect.callback<string, string>((resume) => {
    const request = httpsRequest({ agent, host, port, path: "/metrics/resource" }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
      })
      response.on("error", ({ message }) => resume(Effect.fail(message)))
      response.on("end", () =>
        resume(response.statusCode === 200 ? Effect.succeed(text) : Effect.fail(`it answers with ${response.statusCode}`))
      )
    })
    request.on("error", ({ message }) => resume(Effect.fail(message)))
    request.end()
    return Effect.sync(() => request.destroy())
  }).pipe(Effect.timeoutOrElse({ duration: patience, orElse: () => Effect.fail("it does not answer in time") }))

export interface Scraped {
  readonly node: (name: string) => Usage | undefined
  /** Of each container; nothing, unless something is known of all. */
  readonly pod: (namespace: string, name: string, nodeName: string) => ReadonlyMap<string, Usage> | undefined
}

const ofPod = ({ before, now }: Pair, path: string) => {
  const [earlier, later] = [before?.pods.get(path), now.pods.get(path)]
  if (earlier === undefined || later === undefined) return undefined
  const all = [...later].map(([name, point]) => [name, usage(earlier.get(name), point)] as const)
  const known = all.flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const]))
  return known.length === all.length ? new Map(known) : undefined
}

/** Until the scope closes. */
export const start = Effect.fnUntraced(function* (kubelet: Kubelet) {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const agent = yield* Effect.acquireRelease(
    // One context for all: to read the certificates anew for each connection takes longer than to ask.
    Effect.sync(() => new Agent({ secureContext: createSecureContext(kubelet), keepAlive: true })),
    (agent) => Effect.sync(() => agent.destroy())
  )
  const pairs = new Map<string, Pair>()

  const scrape = Effect.fnUntraced(function* (node: Node) {
    const host = addressOf(node)
    const { Port: port = defaultPort } = node.status.daemonEndpoints?.kubeletEndpoint ?? {}
    if (host === undefined || port === nobody) return
    const text = yield* get(agent, host, port)
    const [{ name }, asked] = [node.metadata, yield* Clock.currentTimeMillis]
    pairs.set(name, { asked, before: pairs.get(name)?.now, now: parse(text, asked) })
  })
  const isDue =
    (now: number) =>
    ({ metadata: { name } }: Node) => {
      const pair = pairs.get(name)
      return pair?.before === undefined || now - pair.asked >= resolution - soon / 2
    }
  const all = Effect.gen(function* () {
    const there = nodes.all()
    const names = new Set(there.map(({ metadata }) => metadata.name))
    for (const name of [...pairs.keys()]) if (!names.has(name)) pairs.delete(name)
    const one = (node: Node) =>
      Effect.catch(scrape(node), (why) => Effect.logDebug(`the kubelet of ${node.metadata.name} tells nothing: ${why}`))
    const due = there.filter(isDue(yield* Clock.currentTimeMillis))
    yield* Effect.forEach(due, one, { concurrency: 16, discard: true })
  })
  yield* Effect.forkScoped(Effect.repeat(all, Schedule.spaced(soon)))

  const scraped: Scraped = {
    node: (name) => {
      const pair = pairs.get(name)
      return pair && usage(pair.before?.node, pair.now.node)
    },
    pod: (namespace, name, nodeName) => {
      const pair = pairs.get(nodeName)
      return pair && ofPod(pair, `${namespace}/${name}`)
    }
  }
  return scraped
})
