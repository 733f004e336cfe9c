/**
 * Two servers outside the cluster, which the server that is checked asks further. Both know the same names, below `laws.test`; each can
 * be told to be silent. They count who is asked for what.
 */
import { type Answer, decode, encode, type Packet, RECURSION_AVAILABLE, TRUNCATED_RESPONSE } from "dns-packet"
import { Context, Effect, Layer, Schema } from "effect"
import { createSocket } from "node:dgram"
import { createServer } from "node:net"
import { endpoint, framed, unframed } from "./Ask.ts"

export const zone = "laws.test"
const nameError = 3

export class NotServed extends Schema.TaggedError<NotServed>()("NotServed", { at: Schema.String, detail: Schema.String }) {}

/** `ttl-30.…` is one address that holds for so long, `none.…` nothing, `long.…` more than a datagram takes. */
const answersTo = (name: string): Array<Answer> => {
  const [first = ""] = name.toLowerCase().split(".")
  const ttl = Number(/^ttl-(\d+)$/.exec(first)?.[1] ?? 30)
  const count = first === "long" ? 60 : 1
  return Array.from({ length: count }, (_, index) => ({ type: "A" as const, name, ttl, data: `192.0.2.${index + 1}` }))
}

const soa: Answer = {
  type: "SOA",
  name: zone,
  ttl: 20,
  data: { mname: `ns.${zone}`, rname: `root.${zone}`, serial: 1, refresh: 60, retry: 60, expire: 60, minimum: 20 }
}

const reply = (bytes: Buffer, transport: "udp" | "tcp") => {
  const asked: Packet = decode(bytes)
  const [question] = asked.questions ?? []
  const name = question?.name ?? ""
  const isKnown = name.toLowerCase().endsWith(`.${zone}`) && !name.toLowerCase().startsWith("none.")
  const answers = isKnown && question?.type === "A" ? answersTo(name) : []
  const head = { type: "response" as const, id: asked.id ?? 0, questions: asked.questions ?? [] }
  const flags = RECURSION_AVAILABLE | (isKnown || name === "" || name === "." ? 0 : nameError)
  const whole = encode({ ...head, flags, answers, authorities: answers.length === 0 ? [soa] : [] })
  if (transport === "tcp" || whole.length <= 512) return { name, answer: whole }
  return { name, answer: encode({ ...head, flags: flags | TRUNCATED_RESPONSE }) }
}

export interface Server {
  readonly address: string
  readonly silence: (silent: boolean) => void
}

const open = Effect.fnUntraced(function* (at: string, seen: (name: string) => void) {
  const { host, port } = endpoint(at)
  let silent = false
  const respond = (bytes: Buffer, transport: "udp" | "tcp", send: (answer: Buffer) => void) => {
    if (silent) return
    const { answer, name } = reply(bytes, transport)
    seen(name.toLowerCase())
    send(answer)
  }
  const refused = (cause: Error) => Effect.fail(new NotServed({ at, detail: cause.message }))
  const socket = yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createSocket>, NotServed>((resume) => {
      const socket = createSocket("udp4", (bytes, { address, port }) =>
        respond(bytes, "udp", (answer) => socket.send(answer, port, address, () => undefined))
      )
      socket.once("error", (error) => resume(refused(error)))
      socket.bind(port, host, () => resume(Effect.succeed(socket)))
    }),
    (socket) => Effect.sync(() => socket.close())
  )
  const taken = socket.address().port
  yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>, NotServed>((resume) => {
      const server = createServer((connection) => {
        let received = Buffer.alloc(0)
        connection.on("error", () => connection.destroy())
        connection.on("data", (data) => {
          const { messages, rest } = unframed(Buffer.concat([received, data]))
          received = Buffer.from(rest)
          for (const bytes of messages) respond(bytes, "tcp", (answer) => connection.write(framed(answer)))
        })
        connection.unref()
      })
      server.once("error", (error) => resume(refused(error)))
      server.listen(taken, host, () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.sync(() => server.close())
  )
  const server: Server = { address: `${host}:${taken}`, silence: (value) => void (silent = value) }
  return server
})

/** A port that the kernel has chosen for datagrams may be taken for connections: then another. */
const serve = (at: string, seen: (name: string) => void) =>
  Effect.retry(open(at, seen), { times: at.endsWith(":0") ? 20 : 0 })

export class Outside extends Context.Service<
  Outside,
  {
    readonly servers: ReadonlyArray<Server>
    /** How often the servers together were asked for a name. */
    readonly asked: (name: string) => number
  }
>()("conformance/Outside") {}

/** By default on ports that are free. */
export const layer = (addresses: readonly [string, string] = ["127.0.0.1:0", "127.0.0.1:0"]) =>
  Layer.effect(
    Outside,
    Effect.gen(function* () {
      const counts = new Map<string, number>()
      const seen = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1)
      const servers = yield* Effect.forEach(addresses, (at) => serve(at, seen))
      return { servers, asked: (name) => counts.get(name.toLowerCase()) ?? 0 }
    })
  )
