/**
 * Calls to AWS: the SDK signs, tries again and finds credentials by its own chain; here its answers become what contracts know. The
 * SDK is loaded when a cluster runs on AWS, and not before.
 */
import { Effect, Predicate, Schedule, type Scope } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"
import { Failed } from "../Failed.ts"

export interface Options {
  readonly region: string
  /** Where AWS answers, if not at its own addresses; empty. */
  readonly endpoint: string
}

const loaded = Effect.promise(() =>
  Promise.all([
    import("@aws-sdk/client-ec2"),
    import("@aws-sdk/client-elastic-load-balancing-v2"),
    import("@aws-sdk/client-acm")
  ])
)

const throttles = /Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|BandwidthLimit|PriorRequestNotComplete/
const unavailable = (applied: "no" | "unknown", cause: unknown) => new Unavailable({ contract: "cloud/aws", applied, cause })

const failure = (error: unknown): Failed | Unavailable => {
  const name = Predicate.hasProperty(error, "name") ? String(error.name) : ""
  const message = Predicate.hasProperty(error, "message") ? String(error.message) : String(error)
  const metadata = Predicate.hasProperty(error, "$metadata") ? error.$metadata : undefined
  const status = Predicate.hasProperty(metadata, "httpStatusCode") ? Number(metadata.httpStatusCode) : 0
  if (throttles.test(name)) return unavailable("no", error)
  return status >= 400 && status < 500 ? new Failed(name, message) : unavailable("unknown", error)
}

/** What nobody has handled is the cloud's no. */
export const refused = (error: Failed | Unavailable | Refused): Unavailable | Refused =>
  error._tag === "Failed" ? new Refused({ reason: `${error.code}: ${error.message}` }) : error

export const hasCode = (error: unknown, ...codes: ReadonlyArray<string>): error is Failed =>
  error instanceof Failed && codes.some((code) => error.code === code || error.code === `${code}Exception`)

const call = <A>(ask: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Failed | Unavailable> =>
  Effect.tryPromise({ try: ask, catch: failure })

/** A server that does not answer has lost the answer. */
const patience = { connectionTimeout: 5000, requestTimeout: 20_000, throwOnRequestTimeout: true }
const wasThrottled = (error: Failed | Unavailable) => error._tag === "Unavailable" && error.applied === "no"
const later = Schedule.exponential("200 millis").pipe(Schedule.jittered)

/** What a service of AWS is asked with: its client, its commands, and the options of each call. */
type Ask<Client, Commands, A> = (
  client: Client,
  commands: Commands,
  options: { readonly abortSignal: AbortSignal }
) => Promise<A>

/** `make` is for calls that make something, as below. */
interface Service<Client, Commands> {
  readonly ask: <A>(ask: Ask<Client, Commands, A>) => Effect.Effect<A, Failed | Unavailable>
  readonly make: <A>(ask: Ask<Client, Commands, A>) => Effect.Effect<A, Failed | Unavailable>
}
type Ecs = typeof import("@aws-sdk/client-ecs")
type Ec2 = typeof import("@aws-sdk/client-ec2")
type Elb = typeof import("@aws-sdk/client-elastic-load-balancing-v2")
type Acm = typeof import("@aws-sdk/client-acm")

/**
 * Two clients of one service. `make` is for calls that make something: the SDK does not send them again when it hears no answer, as the
 * cloud may have done it; who is told so looks what there is before it asks again.
 */
const service = Effect.fnUntraced(function* <Client extends { readonly destroy: () => void }, Commands>(
  commands: Commands,
  client: (maxAttempts: number | undefined) => Client
): Effect.fn.Return<Service<Client, Commands>, never, Scope.Scope> {
  const opened = (maxAttempts?: number) =>
    Effect.acquireRelease(
      Effect.sync(() => client(maxAttempts)),
      (one) => Effect.sync(() => one.destroy())
    )
  const [patient, once] = [yield* opened(), yield* opened(1)]
  return {
    ask: <A>(ask: Ask<Client, Commands, A>) => call((abortSignal) => ask(patient, commands, { abortSignal })),
    make: <A>(ask: Ask<Client, Commands, A>) =>
      call((abortSignal) => ask(once, commands, { abortSignal })).pipe(
        Effect.retry({ schedule: later, times: 3, while: wasThrottled })
      )
  }
})

const configOf =
  ({ endpoint, region }: Options) =>
  (maxAttempts: number | undefined) => ({
    region,
    requestHandler: patience,
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(endpoint !== "" && { endpoint })
  })

/** Of the container service alone. */
export const openEcs = Effect.fnUntraced(function* (options: Options) {
  const ecs = yield* Effect.promise(() => import("@aws-sdk/client-ecs"))
  const config = configOf(options)
  return yield* service<InstanceType<Ecs["ECSClient"]>, Ecs>(ecs, (attempts) => new ecs.ECSClient(config(attempts)))
})

export const open = Effect.fnUntraced(function* (options: Options) {
  const { region } = options
  const [ec2, elb, acm] = yield* loaded
  const config = configOf(options)
  const machines = yield* service<InstanceType<Ec2["EC2Client"]>, Ec2>(
    ec2,
    (attempts) => new ec2.EC2Client(config(attempts))
  )
  const balancers = yield* service<InstanceType<Elb["ElasticLoadBalancingV2Client"]>, Elb>(
    elb,
    (attempts) => new elb.ElasticLoadBalancingV2Client(config(attempts))
  )
  const certificates = yield* service<InstanceType<Acm["ACMClient"]>, Acm>(
    acm,
    (attempts) => new acm.ACMClient(config(attempts))
  )
  return {
    region,
    ec2: machines.ask,
    elb: balancers.ask,
    makeElb: balancers.make,
    acm: certificates.ask,
    makeAcm: certificates.make
  }
})
export type Calls = Effect.Success<ReturnType<typeof open>>
