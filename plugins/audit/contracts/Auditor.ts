/**
 * What the door tells of requests, and who keeps it: a recording follows one request from when it came to when it was answered, for
 * those sinks whose policy wants it. Source: audit.k8s.io/v1 Event; "Auditing".
 */
import { Context, type Effect, type Schema, type Scope } from "effect"
import type { User } from "../../../kernel/pipeline/Attributes.ts"
import type { Remarks } from "../../../kernel/pipeline/Audit.ts"
import type { Policy } from "./Policy.ts"

/** Of a request, as far as its first lines say it. */
export interface Request {
  readonly uri: string
  readonly verb: string
  /** Nothing: it is not known who asks, since what he showed was refused. */
  readonly user: User | undefined
  readonly addresses: ReadonlyArray<string>
  readonly userAgent: string | undefined
  /** Nothing for a path that is none of objects. */
  readonly object:
    | {
        readonly group: string
        readonly version: string
        readonly resource: string
        readonly subresource: string
        readonly namespace: string
        readonly name: string
      }
    | undefined
  readonly path: string
}

export interface Recording extends Remarks {
  readonly id: string
  /** Whether what was sent, or what is answered, is wanted: else nobody needs to make it. */
  readonly wantsRequest: boolean
  readonly wantsResponse: boolean
  readonly impersonated: (user: User) => void
  /** What was sent. It also says of which object the request is. */
  readonly sent: (object: Schema.Json) => void
  /** Of an answer that lasts: its head has been sent. */
  readonly started: (code: number) => void
  /** `object` is what was answered, a Status for failures. Only the first time counts. */
  readonly complete: (code: number, object?: Schema.Json) => void
  /** The server met what only a mistake of its own explains. */
  readonly panicked: (why: string) => void
}

/** One event of audit.k8s.io/v1, as JSON. */
export type Event = Schema.JsonObject

export interface Sink {
  readonly name: string
  readonly policy: Policy
  /** At once: who is slow keeps it, and others are not held up. */
  readonly write: (event: Event) => void
}

export class Auditor extends Context.Service<
  Auditor,
  {
    /** While nobody listens, requests are not looked at. */
    readonly isOn: () => boolean
    /** Nothing, if no policy wants the request. */
    readonly begin: (request: Request) => Recording | undefined
    /** Takes events until the scope closes. */
    readonly add: (sink: Sink) => Effect.Effect<void, never, Scope.Scope>
  }
>()("audit/Auditor") {}
