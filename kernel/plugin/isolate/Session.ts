/**
 * The host's side of every level: it tells the guest what to run, serves what it needs, and watches over it. A guest that ends,
 * is silent, uses more than its budgets or does not speak the protocol is dead: the host of plugins ends it and starts another.
 */
import { Clock, Deferred, Effect, Layer, Option } from "effect"
import * as Contract from "../Contract.ts"
import * as Plugin from "../Plugin.ts"
import type * as Wire from "../Wire.ts"
import * as Channels from "./Channels.ts"
import { type AnyContract, clientAt, serverAt } from "./Guest.ts"
import * as Protocol from "./Protocol.ts"
import type { Budgets, Open, Settings } from "./Settings.ts"

const silence = 30_000
const flood = 50_000
/** How long a guest may take to undo what it has done, when it is not wanted any more. */
const patience = 2000
const mebibytes = (bytes: number) => `${Math.ceil(bytes / 1024 ** 2)} MiB`

/** Counts what the guest sends beyond what it is sent: answers are asked for, streams are acknowledged. */
const metered = (wire: Wire.Wire, limit: number, refuse: (why: string) => void) => {
  let [excess, second, isRefused] = [0, 0, false]
  const count = (messages: number) => {
    const now = Math.floor(performance.now() / 1000)
    if (now !== second) [excess, second] = [0, now]
    excess += messages
    if (excess <= limit || isRefused) return
    isRefused = true
    refuse(`it sends more than ${limit} messages a second that nobody has asked for`)
  }
  const sizeOf = (frame: unknown) => (Array.isArray(frame) ? frame.length : 1)
  const metered: Wire.Wire = {
    ...wire,
    post: (frame, bytes) => {
      excess = Math.max(0, excess - sizeOf(frame[1]))
      wire.post(frame, bytes)
    },
    listen: (heard, closed) =>
      wire.listen((frame) => {
        count(sizeOf(frame[1]))
        if (!isRefused) heard(frame)
      }, closed)
  }
  return metered
}

/** Asks the guest how it is. In real time, whatever time it is here: the guest lives in no other. */
const pulseOf = (post: (told: Protocol.Told) => void, budgets: Budgets, die: (why: string) => void) => {
  const limit = budgets.silentMillis ?? silence
  let asked: number | undefined
  const beat = () => {
    if (asked === undefined) {
      asked = performance.now()
      post({ _tag: "ping" })
    } else if (performance.now() - asked > limit) die(`it has not answered for ${limit} ms`)
  }
  const hear = (memory: number) => {
    asked = undefined
    const { memoryBytes } = budgets
    if (memoryBytes !== undefined && memory > memoryBytes)
      die(`it uses ${mebibytes(memory)} of memory, ${mebibytes(memoryBytes)} are granted`)
  }
  const isSilent = () => asked !== undefined && performance.now() - asked > patience
  const beating = Effect.acquireRelease(
    Effect.sync(() => setInterval(beat, Math.min(1000, limit / 4)).unref()),
    (timer) => Effect.sync(() => clearInterval(timer))
  )
  return { hear, isSilent, beating }
}

/** Calls end after their time, at the guest too. */
export const timely = (contract: AnyContract, millis: number | undefined) => {
  if (millis === undefined) return (layer: Layer.Layer<unknown, unknown, unknown>) => layer
  const late = new Contract.Unavailable({
    contract: contract.key,
    applied: "unknown",
    cause: new Error(`the call took longer than ${millis} ms`)
  })
  const limited = Effect.map(contract, (service) => {
    // A service is its methods by their tags.
    const methods = service as { readonly [tag: string]: (payload: unknown) => Effect.Effect<unknown, unknown> }
    return Contract.derive(contract, (tag, streams) => {
      const method = methods[tag]!
      if (streams) return method
      return (payload) => Effect.timeoutOrElse(method(payload), { duration: millis, orElse: () => Effect.fail(late) })
    })
  })
  return (layer: Layer.Layer<unknown, unknown, unknown>) => Layer.provide(Layer.effect(contract)(limited), layer)
}

/** What the guest offers, by clients of it. The layer's end is the guest's. */
export const layer = (settings: Settings, open: Open) => {
  const { budgets = {}, name, needs, offers } = settings
  const build = Effect.gen(function* () {
    const lifeline = yield* Plugin.Lifeline
    const run = Effect.runForkWith(yield* Effect.context())
    const ready = yield* Deferred.make<void, Protocol.IsolateFailed>()
    const gone = yield* Deferred.make<void>()
    let isWanted = true
    const die = (reason: string) => {
      if (!isWanted) return
      isWanted = false
      const failed = new Protocol.IsolateFailed({ plugin: name, reason: Protocol.words(reason) })
      if (!Deferred.doneUnsafe(ready, Effect.fail(failed))) run(lifeline(failed))
    }
    const link = metered(yield* open(settings, die), budgets.messages ?? flood, die)
    const keys = [...offers, ...needs].map(({ key }) => key)
    const channel = Channels.over(link, { keys, refuse: die })
    const control = channel(Channels.control)
    const tell = (told: Protocol.Told) => control.post([told], 0)
    const pulse = pulseOf(tell, budgets, die)
    const hear = (said: Protocol.Said) => {
      if (said._tag === "ready") Deferred.doneUnsafe(ready, Effect.void)
      else if (said._tag === "pong") pulse.hear(said.memory)
      else die(said.reason)
    }
    control.listen(
      (frame) => {
        for (const message of frame) {
          Option.match(Protocol.decodeSaid(message), {
            onSome: hear,
            onNone: () => die("it does not speak the protocol of isolates")
          })
        }
      },
      (why) => {
        die(String(why))
        Deferred.doneUnsafe(gone, Effect.void)
      }
    )
    const servers = needs.map((contract) => serverAt(contract, channel(contract.key)))
    yield* Layer.build(Layer.mergeAll(Layer.empty, ...servers))
    /** Who still answers may undo what it has done. */
    const farewell = Effect.suspend(() => {
      if (!isWanted) return Effect.void
      isWanted = false
      if (pulse.isSilent()) return Effect.void
      tell({ _tag: "stop" })
      return Effect.timeoutOption(Deferred.await(gone), patience)
    })
    yield* Effect.addFinalizer(() => farewell)
    tell({
      _tag: "start",
      module: settings.module.href,
      options: settings.options,
      offers: offers.map(({ key }) => key),
      needs: needs.map(({ key }) => key)
    })
    yield* Effect.timeoutOrElse(Deferred.await(ready), {
      duration: "60 seconds",
      orElse: () => Effect.fail(new Protocol.IsolateFailed({ plugin: name, reason: "it does not say that it is ready" }))
    })
    yield* pulse.beating
    const clients = offers.map((contract) =>
      timely(contract, budgets.callMillis)(clientAt(contract, channel(contract.key), Contract.instance(contract, name).key))
    )
    return yield* Layer.build(Layer.mergeAll(Layer.empty, ...clients))
  })
  // What is in a thread or process lives by the machine's clock, whichever one a test has given to this side.
  return Layer.effectContext(Effect.provideService(build, Clock.Clock, Clock.Clock.defaultValue()))
}
