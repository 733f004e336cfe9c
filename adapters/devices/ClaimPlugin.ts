/** A driver of upstream's kind that gets claims ready (DRA), at a socket of its own: version 1 of its service, or v1beta1, which says the same. */
import { Effect } from "effect"
import { type Answer, type Claim, type ClaimDriver, DriverFailed } from "../../plugins/kubelet/contracts/ClaimDriver.ts"
import * as Calls from "./Calls.ts"

/** As upstream's kubelet waits. */
const patience = "45 seconds"

const services = ["v1.DRAPlugin", "v1beta1.DRAPlugin"] as const

/** Which of its services is used; none, if nothing fits. */
export const serviceOf = (versions: ReadonlyArray<string>) => services.find((one) => versions.includes(one))

const inTime = <A>(call: Effect.Effect<A, Calls.CallFailed>) =>
  call.pipe(
    Effect.mapError(({ message }) => new DriverFailed({ message })),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () =>
        Effect.fail(new DriverFailed({ message: "rpc error: code = DeadlineExceeded desc = context deadline exceeded" }))
    })
  )

/** Connects when it is asked for the first time. */
export const make = Effect.fnUntraced(function* (name: string, socket: string, service: (typeof services)[number]) {
  const { call } = yield* Calls.connect(socket)
  const isFirst = service === "v1.DRAPlugin"
  return {
    name,
    prepare: (claims: ReadonlyArray<Claim>) =>
      Effect.map(inTime(call(isFirst ? "prepare" : "prepareV1beta1", { claims })), (reply) => {
        const answers = Object.entries(reply.claims).map(([uid, { devices, error }]): readonly [string, Answer] => {
          if (error !== "") return [uid, { error }]
          return [uid, { devices: devices.map(({ share, ...one }) => (share === "" ? one : { ...one, share })) }]
        })
        return new Map(answers)
      }),
    unprepare: (claims: ReadonlyArray<Claim>) =>
      Effect.map(inTime(call(isFirst ? "unprepare" : "unprepareV1beta1", { claims })), (reply) => {
        const answers = Object.entries(reply.claims).map(([uid, { error }]): readonly [string, Answer] => [
          uid,
          error === "" ? { devices: [] } : { error }
        ])
        return new Map(answers)
      })
  } satisfies ClaimDriver
})
