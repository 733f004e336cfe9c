/**
 * Reads a stream from a seq on, by a push consumer of our own. The client's ordered consumer would wait for a server that is
 * gone; this one ends with `Lost` when nothing is heard, when the connection was made anew or when a message is missing, and
 * whoever reads opens another where it has got to.
 */
import { createInbox, type Msg } from "@nats-io/transport-node"
import { Effect, Latch, Schema } from "effect"
import type { Kept } from "./Message.ts"
import type { Nats } from "./Nats.ts"

export class Lost extends Schema.TaggedError<Lost>()("Lost", { reason: Schema.String }) {}

/** Its bytes are a copy: the client's own are a slice of what came in one read of the socket, which they would keep alive. */
export interface Message extends Kept {
  readonly subject: string
}

const second = 1e9
/** Longer than two heartbeats. */
const silence = "2500 millis"

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>…`, in newer servers after a domain and an account. */
const placeOf = (reply: string) => {
  const tokens = reply.split(".")
  const at = tokens.length > 9 ? 7 : 5
  return { seq: Number(tokens[at]), count: Number(tokens[at + 1]) }
}

const messageOf = (msg: Msg, seq: number): Message => ({
  seq,
  subject: msg.subject,
  header: (name) => msg.headers?.get(name) ?? "",
  bytes: () => new Uint8Array(msg.data)
})

/** What has come and is not read yet. */
class Arrivals {
  readonly news = Latch.makeUnsafe()
  broken: string | undefined
  private messages: Array<Message> = []
  private count = 0
  private isTelling = false
  /** Where the server wants to hear that we got this far, before it sends more. */
  private credit: string | undefined

  take() {
    const { credit, messages } = this
    this.messages = []
    this.credit = undefined
    this.news.closeUnsafe()
    return { credit, messages }
  }
  lose(reason: string) {
    this.broken ??= reason
    this.news.openUnsafe()
  }
  onMessage(msg: Msg) {
    if (msg.headers?.code === 100) this.onStatus(msg)
    else if (msg.reply !== undefined) {
      const { count, seq } = placeOf(msg.reply)
      if (count !== this.count + 1) this.lose("a message is missing")
      this.count = count
      this.messages.push(messageOf(msg, seq))
    }
    this.tell()
  }
  /** Once for all that one read of the socket brought: who is woken runs at once. */
  private tell() {
    if (this.isTelling) return
    this.isTelling = true
    queueMicrotask(() => {
      this.isTelling = false
      this.news.openUnsafe()
    })
  }
  private onStatus({ headers, reply }: Msg) {
    if (reply) this.credit = reply
    const stalled = headers?.get("Nats-Consumer-Stalled")
    if (stalled) this.credit = stalled
    const last = headers?.get("Nats-Last-Consumer")
    if (last && Number(last) !== this.count) this.lose("a message is missing")
  }
}

const Created = Schema.Struct({
  name: Schema.String,
  cluster: Schema.optionalKey(Schema.Struct({ leader: Schema.optionalKey(Schema.String) }))
})

const About = Schema.Struct({ num_pending: Schema.Int })

export interface From {
  readonly stream: string
  /** From this seq on; or first of each subject the last message, in the order of their seqs, and then all that comes. */
  readonly seq: number | "last of each"
  readonly headersOnly?: boolean
}

/** The messages as they come, a batch a pull; an empty one is a heartbeat. */
export const open = Effect.fnUntraced(function* (nats: Nats, { headersOnly = false, seq, stream }: From) {
  const { connection } = nats
  const arrivals = new Arrivals()
  const deliver = createInbox()
  const onReconnect = () => arrivals.lose("the connection was made anew")
  yield* Effect.acquireRelease(
    Effect.sync(() => {
      nats.onReconnect.add(onReconnect)
      return connection.subscribe(deliver, {
        callback: (error, msg) => (error ? arrivals.lose(error.message) : arrivals.onMessage(msg))
      })
    }),
    (subscription) =>
      Effect.sync(() => {
        nats.onReconnect.delete(onReconnect)
        if (!connection.isClosed()) subscription.unsubscribe()
      })
  )
  const name = deliver.slice(deliver.lastIndexOf(".") + 1)
  const config = {
    name,
    deliver_subject: deliver,
    ...(seq === "last of each"
      ? { deliver_policy: "last_per_subject", filter_subject: ">" }
      : { deliver_policy: "by_start_sequence", opt_start_seq: Math.max(1, seq) }),
    ack_policy: "none",
    replay_policy: "instant",
    mem_storage: true,
    num_replicas: 1,
    flow_control: true,
    idle_heartbeat: second,
    inactive_threshold: 10 * second,
    headers_only: headersOnly
  }
  const create = nats.api(`CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config, action: "create" }, Created)
  const drop = Effect.ignore(nats.api(`CONSUMER.DELETE.${stream}.${name}`, null, Schema.Json))
  const { cluster } = yield* Effect.acquireRelease(create, () =>
    connection.isClosed() ? Effect.void : Effect.forkDetach(drop)
  )

  const pull = Effect.gen(function* () {
    const heard = yield* Effect.timeoutOption(arrivals.news.await, silence)
    if (heard._tag === "None") return yield* new Lost({ reason: "nothing is heard" })
    if (arrivals.broken !== undefined) return yield* new Lost({ reason: arrivals.broken })
    const { credit, messages } = arrivals.take()
    if (credit !== undefined) connection.publish(credit)
    return messages
  })
  /** How many messages are there to come. */
  const pending = Effect.map(nats.api(`CONSUMER.INFO.${stream}.${name}`, null, About), ({ num_pending }) => num_pending)
  /** Of several servers, the one whose replica is read. */
  return { pull, pending, server: cluster?.leader ?? connection.getServer() }
})
