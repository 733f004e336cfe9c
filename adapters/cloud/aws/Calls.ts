/**
 * Calls to AWS: the SDK signs, tries again and finds credentials by its own chain; here its answers become what contracts know. The
 * SDK is loaded when a cluster runs on AWS, and not before.
 */
import type { EC2Client } from "@aws-sdk/client-ec2"
import type { ElasticLoadBalancingV2Client } from "@aws-sdk/client-elastic-load-balancing-v2"
import { Effect, Predicate } from "effect"
import { Unavailable } from "../../../kernel/plugin/Contract.ts"
import { Refused } from "../../../plugins/cloud/contracts/Cloud.ts"

export interface Options {
  readonly region: string
  /** Where AWS answers, if not at its own addresses; empty. */
  readonly endpoint: string
}

const loaded = Effect.promise(() =>
  Promise.all([import("@aws-sdk/client-ec2"), import("@aws-sdk/client-elastic-load-balancing-v2")])
)

/** AWS says no, by its own name for why. */
export class Failed {
  readonly _tag = "Failed"
  readonly code: string
  readonly message: string
  constructor(code: string, message: string) {
    this.code = code
    this.message = message
  }
}

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

export const open = Effect.fnUntraced(function* ({ endpoint, region }: Options) {
  const [ec2, elb] = yield* loaded
  const config = { region, ...(endpoint !== "" && { endpoint }) }
  const [machines, balancers] = yield* Effect.acquireRelease(
    Effect.sync((): [EC2Client, ElasticLoadBalancingV2Client] => [
      new ec2.EC2Client(config),
      new elb.ElasticLoadBalancingV2Client(config)
    ]),
    (clients) => Effect.sync(() => clients.forEach((client) => client.destroy()))
  )
  return {
    region,
    ec2: <A>(ask: (client: EC2Client, commands: typeof ec2, options: { readonly abortSignal: AbortSignal }) => Promise<A>) =>
      call((abortSignal) => ask(machines, ec2, { abortSignal })),
    elb: <A>(
      ask: (
        client: ElasticLoadBalancingV2Client,
        commands: typeof elb,
        options: { readonly abortSignal: AbortSignal }
      ) => Promise<A>
    ) => call((abortSignal) => ask(balancers, elb, { abortSignal }))
  }
})
export type Calls = Effect.Success<ReturnType<typeof open>>
