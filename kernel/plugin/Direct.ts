/**
 * Calls with one answer, the short way: in the messages of `effect/rpc`, so that the other end may be one that knows nothing of it, but
 * without the fibers, spans and promises that streams need. Where somebody has brought a tracer, calls go the long way and are seen.
 */
import { Context, Effect, Exit, Fiber, Schema, type Scope, Tracer } from "effect"
import { Rpc, type RpcSerialization } from "effect/rpc"
import * as Outgoing from "./Outgoing.ts"

type AnyMethod = Rpc.Rpc<string, Schema.Codec<unknown>, Schema.Codec<unknown>, Schema.Codec<unknown>>
type Codecs = RpcSerialization.CodecFor
type Id = string | number

export interface Request {
  readonly _tag: "Request"
  readonly id: Id
  readonly tag: string
  readonly payload: unknown
  readonly headers: ReadonlyArray<never>
}
/** No answer will come. */
export class Lost extends Error {
  readonly isSent: boolean
  constructor(isSent: boolean, cause: unknown) {
    super(isSent ? "the other end is gone" : "there is no connection", { cause })
    this.isSent = isSent
  }
}

/** A call under way. */
export interface Begun {
  /** Asks for the next chunk of a stream. */
  readonly acknowledge: () => void
  readonly giveUp: () => void
}

/** The end of a wire at which calls are made. */
export class Calls extends Context.Service<
  Calls,
  {
    readonly codecFor: Codecs
    /** `settle` is called once, `hear` with each chunk before that: only what has it is a stream. */
    readonly begin: (tag: string, payload: unknown, settle: Settle, hear?: Hear) => Begun
  }
>()("kernel/Direct/Calls") {}

type Hear = (values: unknown) => void
type Settle = (exit: unknown) => void
interface Waiting {
  readonly settle: Settle
  /** Of a stream. */
  readonly hear: Hear | undefined
}

/** What waits for answers on a wire. */
export const waiting = () => {
  const all = new Map<Id, Waiting>()
  let last = 0
  return {
    /** The ids of `effect/rpc` are not negative. */
    begin: (settle: Settle, hear?: Hear) => {
      const id = --last
      all.set(id, { settle, hear })
      return id
    },
    forget: (id: Id) => all.delete(id),
    has: (id: Id) => all.has(id),
    /** Whether it was an answer that somebody waits for. */
    hear: (message: {
      readonly _tag: string
      readonly requestId?: Id
      readonly exit?: unknown
      readonly values?: unknown
    }) => {
      const { _tag, requestId } = message
      if (requestId === undefined) return false
      const found = all.get(requestId)
      if (found === undefined) return false
      if (_tag === "Exit") {
        all.delete(requestId)
        found.settle(message.exit)
      } else if (_tag === "Chunk") found.hear?.(message.values)
      return true
    },
    end: (lost: Lost) => {
      const left = [...all.values()]
      all.clear()
      for (const { settle } of left) settle(lost)
    }
  }
}

const isSuccess = (exit: unknown): exit is { readonly _tag: "Success"; readonly value?: unknown } =>
  typeof exit === "object" && exit !== null && "_tag" in exit && exit._tag === "Success"

/** A schema of a contract needs nothing to be read by, which the type of a method does not say. */
const exitOf = (rpc: AnyMethod) => Rpc.exitSchema(rpc) as unknown as Schema.Codec<Exit.Exit<unknown, unknown>>

export const isTraced = ({ context }: Fiber.Fiber<unknown, unknown>) =>
  Context.getOrUndefined(context, Tracer.Tracer) !== undefined

type Broken = (cause: unknown, isSent: boolean) => unknown

/** Reads how an answer ended. */
export const exitReader = ({ codecFor }: Pick<Calls["Service"], "codecFor">, rpc: AnyMethod, broken: Broken) => {
  const decodeExit = Schema.decodeUnknownSync(codecFor(exitOf(rpc)))
  return (exit: unknown): Exit.Exit<unknown, unknown> => {
    if (exit instanceof Lost) return Exit.fail(broken(exit, exit.isSent))
    try {
      const read = decodeExit(exit)
      if (Exit.isSuccess(read)) return read
      const defect = read.cause.reasons.find((reason) => reason._tag === "Die")
      return defect === undefined ? read : Exit.fail(broken(defect.defect, true))
    } catch (error) {
      return Exit.fail(broken(error, true))
    }
  }
}

/** `broken` makes the error that stands for an answer which cannot come, or be read. */
export const caller = (
  { begin, codecFor }: Calls["Service"],
  rpc: AnyMethod,
  broken: Broken,
  traced: (payload: unknown) => Effect.Effect<unknown, unknown>
) => {
  const encode = Schema.encodeUnknownSync(codecFor(rpc.payloadSchema))
  const decode = Schema.decodeUnknownSync(codecFor(rpc.successSchema))
  const readExit = exitReader({ codecFor }, rpc, broken)
  const read = (exit: unknown): Exit.Exit<unknown, unknown> => {
    if (!isSuccess(exit) || exit.value === undefined || exit.value === null) return readExit(exit)
    try {
      return Exit.succeed(decode(exit.value))
    } catch (error) {
      return Exit.fail(broken(error, true))
    }
  }
  return (payload: unknown): Effect.Effect<unknown, unknown> =>
    Effect.callback((resume) => {
      const fiber = Fiber.getCurrent()
      if (fiber !== undefined && isTraced(fiber)) return resume(traced(payload))
      let encoded: unknown
      try {
        encoded = encode(payload)
      } catch (error) {
        return resume(Exit.fail(broken(error, false)))
      }
      const { giveUp } = begin(rpc._tag, encoded, (exit) => resume(read(exit)))
      return Effect.sync(giveUp)
    })
}

type Run = (payload: unknown) => Effect.Effect<unknown, unknown>

/** The end of a wire at which calls are answered: whoever serves a contract says here by what. */
export class Answers extends Context.Service<
  Answers,
  {
    readonly codecFor: Codecs
    readonly serve: (methods: ReadonlyMap<string, Answer>) => void
  }
>()("kernel/Direct/Answers") {}

/** Begins an answer, and says it when it is there, written when it is asked for. What is returned breaks it off. */
export type Answer = (payload: unknown, say: (exit: () => unknown) => void) => (() => void) | undefined

export const answerOf = (codecFor: Codecs, rpc: AnyMethod, run: Run, context: Context.Context<never>): Answer => {
  const decode = Schema.decodeUnknownSync(codecFor(rpc.payloadSchema))
  const encode = Schema.encodeUnknownSync(codecFor(rpc.successSchema))
  const encodeExit = Schema.encodeUnknownSync(codecFor(exitOf(rpc)))
  const fork = Effect.runForkWith(context)
  const written = (exit: Exit.Exit<unknown, unknown>): unknown => {
    try {
      return Exit.isSuccess(exit) && exit.value !== undefined
        ? { _tag: "Success", value: encode(exit.value) }
        : encodeExit(exit)
    } catch (error) {
      return encodeExit(Exit.die(error))
    }
  }
  return (payload, say) => {
    let answer: Effect.Effect<unknown, unknown>
    try {
      answer = run(decode(payload))
    } catch (error) {
      say(() => written(Exit.die(error)))
      return undefined
    }
    const fiber = fork(answer)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) {
      say(() => written(exit))
      return undefined
    }
    fiber.addObserver((exit) => say(() => written(exit)))
    return () => fiber.interruptUnsafe()
  }
}

/** The answers under way for one who asks. While the way to it is full nothing is begun, and nothing that is done is written. */
export const answering = (out: Outgoing.Outgoing) => {
  const running = new Map<Id, () => void>()
  let isOver = false
  const begin = (id: Id, answer: Answer, payload: unknown) => {
    if (isOver) return
    const stop = answer(payload, (write) => {
      running.delete(id)
      out.whenRoom(() => {
        if (isOver) return
        const exit = write()
        out.say({ _tag: "Exit", requestId: id, exit }, Outgoing.sizeOf(exit))
      }, true)
    })
    if (stop !== undefined) running.set(id, stop)
  }
  return {
    /** Whether it was a call, or the end of one, that is answered here. */
    hear: (
      methods: ReadonlyMap<string, Answer>,
      message: {
        readonly _tag: string
        readonly id?: Id
        readonly tag?: string
        readonly payload?: unknown
        readonly requestId?: Id
      }
    ) => {
      if (message._tag === "Interrupt" && message.requestId !== undefined) {
        const stop = running.get(message.requestId)
        stop?.()
        running.delete(message.requestId)
        return stop !== undefined
      }
      const { id } = message
      if (message._tag !== "Request" || id === undefined || "traceId" in message) return false
      const answer = methods.get(message.tag ?? "")
      if (answer === undefined) return false
      if (!out.isFull()) begin(id, answer, message.payload)
      else {
        const giveUp = out.whenRoom(() => {
          running.delete(id)
          begin(id, answer, message.payload)
        })
        running.set(id, () => {
          giveUp()
          out.say({ _tag: "Exit", requestId: id, exit: { _tag: "Failure", cause: [{ _tag: "Interrupt" }] } })
        })
      }
      return true
    },
    end: () => {
      isOver = true
      for (const stop of running.values()) stop()
    }
  }
}

/** Serves the calls of a contract that have one answer, if the wire lets it. */
export const serve = Effect.fnUntraced(function* (
  methods: ReadonlyArray<AnyMethod>,
  runs: { readonly [tag: string]: Run }
): Effect.fn.Return<void, never, Scope.Scope> {
  const answers = yield* Effect.serviceOption(Answers)
  if (answers._tag === "None") return
  const { codecFor, serve } = answers.value
  const context = yield* Effect.context<never>()
  serve(new Map(methods.map((rpc) => [rpc._tag, answerOf(codecFor, rpc, runs[rpc._tag]!, context)])))
})
