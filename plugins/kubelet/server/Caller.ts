/** Who asks the kubelet, and whether they may: the certificate or the token is checked, and the cluster is asked. */
import { Clock, Effect } from "effect"
import type { IncomingMessage } from "node:http"
import { TLSSocket } from "node:tls"
import type { Client } from "../../../kernel/client/Client.ts"
import { TokenReview } from "../../resources/contracts/authentication/v1.ts"
import { SubjectAccessReview } from "../../resources/contracts/authorization/v1.ts"

export interface User {
  readonly name: string
  readonly groups: ReadonlyArray<string>
  readonly uid?: string
}

/** What is asked of the node: as in `nodes/log`. Source: "Kubelet authorization". */
export type Part = "proxy" | "log" | "stats" | "metrics" | "healthz" | "pods"

const list = (value: string | ReadonlyArray<string> | undefined) =>
  value === undefined ? [] : typeof value === "string" ? [value] : value

const byCertificate = (request: IncomingMessage): User | undefined => {
  const { socket } = request
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  // Without a certificate Node gives an object without a subject.
  const subject: { readonly CN?: string | string[]; readonly O?: string | string[] } | undefined =
    socket.getPeerCertificate().subject
  const [name] = list(subject?.CN)
  return name === undefined ? undefined : { name, groups: [...list(subject?.O), "system:authenticated"] }
}

const bearer = ({ headers }: IncomingMessage) => /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1]

/** Answers are kept for a while, milliseconds: a refusal for less long than a permission. */
const keep = { user: 60_000, allowed: 5 * 60_000, denied: 30_000 }

const remembering = <A>() => {
  const known = new Map<string, { readonly until: number; readonly answer: A }>()
  return <E>(key: string, ask: Effect.Effect<A, E>, lasts: (answer: A) => number) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const before = known.get(key)
      if (before !== undefined && before.until > now) return before.answer
      const answer = yield* ask
      if (known.size > 1000) known.clear()
      known.set(key, { until: now + lasts(answer), answer })
      return answer
    })
}

export const make = (client: Client["Service"], nodeName: string) => {
  const users = remembering<User | undefined>()
  const permissions = remembering<boolean>()

  const review = (token: string) =>
    Effect.map(client.create(TokenReview, { metadata: {}, spec: { token } }), ({ status }) => {
      const { groups = [], uid, username } = status?.user ?? {}
      if (!status?.authenticated || username === undefined) return undefined
      return { name: username, groups, ...(uid && { uid }) }
    })

  /** Undefined: nobody we know. */
  const identify = Effect.fnUntraced(function* (request: IncomingMessage) {
    const known = byCertificate(request)
    const token = bearer(request)
    if (known !== undefined || token === undefined) return known
    return yield* users(token, review(token), () => keep.user)
  })

  const isAllowed = ({ groups, name, uid }: User, part: Part, verb: string) => {
    const ask = client.create(SubjectAccessReview, {
      metadata: {},
      spec: {
        user: name,
        groups,
        ...(uid && { uid }),
        resourceAttributes: { verb, version: "v1", resource: "nodes", subresource: part, name: nodeName }
      }
    })
    const key = JSON.stringify([name, groups, part, verb])
    const asked = Effect.map(ask, ({ status }) => status?.allowed === true)
    return permissions(key, asked, (allowed) => (allowed ? keep.allowed : keep.denied))
  }

  /** The HTTP status that refuses the request; undefined lets it in. */
  return Effect.fn("Caller.refusal")(function* (request: IncomingMessage, part: Part) {
    const user = yield* identify(request)
    if (user === undefined) return 401
    const verb = request.method === "POST" ? "create" : "get"
    return (yield* isAllowed(user, part, verb)) ? undefined : 403
  })
}
