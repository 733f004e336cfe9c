/**
 * What a node tells load balancers: on a port of its own for each Service that is reached from outside by the nodes of its Pods, how
 * many there are here; and whether the proxy itself keeps up. Answers as upstream's kube-proxy words them.
 */
import { Clock, DateTime, Effect, Exit, Scope } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { Running } from "./Controller.ts"
import * as Http from "./Http.ts"
import type { HealthCheck, View } from "./View.ts"

/** Upstream's: twice the time after which it would program everything again anyway. */
const tooLate = 60_000

const isoOf = (millis: number) => DateTime.formatIso(DateTime.makeUnsafe(millis))

/** Whether what has changed is programmed, or has not waited for long. */
export const isHealthy = ({ waitingSince }: Pick<Running, "waitingSince">, now: number) =>
  now - (waitingSince() ?? now) < tooLate

const json = (status: number, body: object, headers = {}): Http.Answer => ({
  status,
  type: "application/json",
  headers,
  body: JSON.stringify(body)
})

/** What the node's own health is asked for by. `livez` is indifferent to whether the node is about to go. */
export const overall = (running: Running) =>
  Effect.fnUntraced(function* (path: string) {
    if (path === "/metrics") {
      return {
        status: 200,
        type: "text/plain; version=0.0.4; charset=utf-8" as const,
        body: yield* PrometheusMetrics.format()
      }
    }
    if (path !== "/healthz" && path !== "/livez") return undefined
    const now = yield* Clock.currentTimeMillis
    const [healthy, eligible] = [isHealthy(running, now), running.view.isEligible()]
    const updated = running.waitingSince() === undefined ? now : running.lastProgrammed()
    const times = { lastUpdated: isoOf(updated), currentTime: isoOf(now) }
    if (path === "/livez") return json(healthy ? 200 : 503, times)
    return json(healthy && eligible ? 200 : 503, { ...times, nodeEligible: eligible })
  })

const ofService = (check: HealthCheck, healthy: boolean) => {
  const { localEndpoints, name, namespace } = check
  const body = { service: { namespace, name }, localEndpoints, serviceProxyHealthy: healthy }
  return json(localEndpoints > 0 && healthy ? 200 : 503, body, {
    "X-Load-Balancing-Endpoint-Weight": String(localEndpoints)
  })
}

/** A server for each Service that wants one; `update` after each round of programming. */
export const services = Effect.gen(function* () {
  const scope = yield* Effect.scope
  const servers = new Map<number, { check: HealthCheck; readonly scope: Scope.Closeable }>()
  let healthy = Effect.succeed(true)

  const open = Effect.fnUntraced(function* (check: HealthCheck) {
    const own = yield* Scope.fork(scope)
    const server = { check, scope: own }
    servers.set(check.port, server)
    yield* Scope.provide(
      Http.serve(check.port, undefined, () => Effect.map(healthy, (is) => ofService(server.check, is))),
      own
    )
  })
  const update = Effect.fnUntraced(function* (view: View) {
    const wanted = new Map(Array.from(view.healthChecks.values(), (check) => [check.port, check]))
    for (const [port, server] of servers) {
      if (wanted.has(port)) continue
      servers.delete(port)
      yield* Scope.close(server.scope, Exit.void)
    }
    for (const [port, check] of wanted) {
      const server = servers.get(port)
      if (server === undefined) yield* open(check)
      else server.check = check
    }
  })
  const watch = (running: Running) => {
    healthy = Effect.map(Clock.currentTimeMillis, (now) => isHealthy(running, now))
  }
  return { update, watch }
})
