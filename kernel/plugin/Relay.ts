/**
 * A contract known by the names of its methods alone, as one plugin has made it for others: what is said over it is passed on as it
 * stands, and read at both ends, where the contract's own value is. So none of its maker's code has to be loaded between them.
 */
import { Schema, SemVer } from "effect"
import { Rpc } from "effect/rpc"
import * as Contract from "./Contract.ts"

type AnyContract = Contract.Contract<unknown, unknown>

export interface Known {
  readonly key: string
  readonly version: SemVer.VersionString
  /** Methods with one answer, and those whose answer is a stream. */
  readonly methods: ReadonlyArray<string>
  readonly streams: ReadonlyArray<string>
}

/** Of all schemas the only one that is left alone when it goes over a wire. */
const Passed: Schema.Codec<unknown> = Schema.Any
const failure = Schema.Union([Contract.Unavailable, Passed])

export const isVersion = (text: string): text is SemVer.VersionString => SemVer.parse(text)._tag === "Success"

export interface Relay extends AnyContract {
  readonly isRelay: true
}
export const isRelay = (contract: AnyContract): contract is Relay => "isRelay" in contract

/** Any version of its major serves: who needs a newer one than there is has to be told so by whoever leads it there. */
export const make = ({ key, methods, streams, version }: Known): Relay => {
  const oldest = `${SemVer.parseUnsafe(version).major}.0.0`
  const said = { payload: Passed, success: Passed, error: failure }
  const relay = Contract.make<unknown>()(
    key,
    { version, ...(isVersion(oldest) && { since: oldest }), laws: {} },
    ...methods.map((tag) => Rpc.make(tag, said)),
    ...streams.map((tag) => Rpc.make(tag, { ...said, stream: true }))
  )
  return Object.assign(relay, { isRelay: true } as const)
}
