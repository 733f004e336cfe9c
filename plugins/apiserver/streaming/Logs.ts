/** `pods/log`: what a container has written, from its node's kubelet, line by line as it comes. */
import { Effect, Result } from "effect"
import { BadRequest, Invalid, NotFound } from "../../../kernel/client/Errors.ts"
import { type At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Times from "../../../kernel/resource/Times.ts"
import { sent } from "../Answer.ts"
import type { Exchange } from "../Exchange.ts"
import { flag, integer } from "../Query.ts"
import { internal } from "../Refused.ts"
import type { Kubelet } from "./Kubelet.ts"
import { asPod, containerOf, kubeletOf, read } from "./Nodes.ts"
import { call, pipe, textOf } from "./Upstream.ts"

const flags = ["follow", "previous", "timestamps"]
const numbers = ["sinceSeconds", "limitBytes", "tailLines"]

/** What the kubelet is told. Source: core/v1 PodLogOptions. */
const options = (query: URLSearchParams): Result.Result<URLSearchParams, BadRequest> =>
  Result.gen(function* () {
    const passed = new URLSearchParams()
    for (const name of flags) if (flag(query, name) === true) passed.set(name, "true")
    for (const name of numbers) {
      const value = yield* integer(query, name)
      if (value !== undefined) passed.set(name, `${value}`)
    }
    const since = query.get("sinceTime") ?? ""
    if (since === "") return passed
    if (Times.time(since) === undefined) return yield* Result.fail(new BadRequest({ detail: Times.unreadable(since) }))
    passed.set("sinceTime", since)
    return passed
  })

/** Source: the validation of PodLogOptions. The streams of a container are not told apart, as upstream does not by default. */
const mistakes = (passed: URLSearchParams, query: URLSearchParams) => [
  ...numbers.flatMap((name) => {
    const isTail = name === "tailLines"
    const value = Number(passed.get(name) ?? 1)
    if (value >= (isTail ? 0 : 1)) return []
    return [Causes.invalid(name, value, `must be greater than ${isTail ? "or equal to 0" : "0"}`)]
  }),
  ...(passed.has("sinceSeconds") && passed.has("sinceTime")
    ? [Causes.forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified")]
    : []),
  ...(query.has("stream") ? [Causes.forbidden("stream", "may not be specified")] : [])
]

const refused = (code: number, detail: string) => {
  if (code === 400) return new BadRequest({ detail })
  return code === 404 ? new NotFound({ group: "", resource: "pods", namespace: "", name: detail }) : internal(detail)
}

/** The kubelet's answer, or nothing where nothing can have been written. */
export const open = Effect.fnUntraced(function* (query: URLSearchParams, at: At, kubelet: Kubelet) {
  const pipeline = yield* Pipeline
  yield* pipeline.authorize(at, "get")
  const passed = yield* Effect.fromResult(options(query))
  const causes = mistakes(passed, query)
  if (causes.length > 0) {
    const { name, namespace } = at
    return yield* new Invalid({ group: "", resource: "pods", namespace, name, kind: "PodLogOptions", causes })
  }
  const pod = asPod(yield* read("pods", at.namespace, at.name))
  const container = yield* containerOf(pod, query.get("container"))
  const { nodeName } = pod.spec
  // As upstream: what runs nowhere has written nothing.
  if (nodeName === undefined || nodeName === "") return undefined
  const path = `/containerLogs/${at.namespace}/${at.name}/${container}?${passed}`
  const target = kubelet.target(yield* kubeletOf(nodeName), path)
  const response = yield* call(target, (request) => request.end())
  const { statusCode = 500 } = response
  if (statusCode !== 200) return yield* refused(statusCode, yield* textOf(response))
  return response
})

export const answer = Effect.fnUntraced(function* ({ outgoing, query }: Exchange, at: At, kubelet: Kubelet) {
  const response = yield* open(query, at, kubelet)
  if (response === undefined) {
    outgoing.writeHead(204)
    outgoing.end()
    return sent(204)
  }
  outgoing.writeHead(200, { "content-type": "text/plain", "cache-control": "no-cache, private" })
  outgoing.flushHeaders?.()
  yield* pipe(response, outgoing)
  return sent(200)
})
