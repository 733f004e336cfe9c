/** What is counted of requests, under the names of the upstream API server, so that its dashboards and alerts work here. */
import { type Context, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { type Answer, whole } from "./Answer.ts"
import type { ObjectPath } from "./Path.ts"

/** Made with their labels: those that are added to a metric are made into its key anew whenever it is updated. */
const requests = (attributes: { readonly [label: string]: string }) =>
  Metric.counter("apiserver_request_total", {
    description: "Requests that the API server has answered, by verb, resource and code.",
    incremental: true,
    attributes
  })
const durations = (attributes: { readonly [label: string]: string }) =>
  Metric.histogram("apiserver_request_duration_seconds", {
    description: "How long requests took, by verb and resource; watches and other long ones are left out.",
    boundaries: [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
    attributes
  })

const long = new Set(["WATCH", "CONNECT"])
const connects = new Set(["exec", "attach", "portforward", "proxy", "log"])

const verbs: { readonly [method: string]: string } = { PUT: "PUT", PATCH: "PATCH", POST: "POST", DELETE: "DELETE" }

const verbOf = (method: string, path: ObjectPath | undefined, isWatch: boolean) => {
  if (path === undefined) return method
  if (connects.has(path.subresource)) return "CONNECT"
  if (isWatch) return "WATCH"
  if (method === "DELETE" && path.name === "") return "DELETECOLLECTION"
  return verbs[method] ?? (path.name === "" ? "LIST" : "GET")
}

const scopeOf = (path: ObjectPath | undefined) => {
  if (path === undefined) return ""
  return path.name !== "" ? "resource" : path.namespace === "" ? "cluster" : "namespace"
}

/** `resource` is empty where a path leads to nothing, lest anybody could make up labels. */
export interface Done {
  readonly method: string
  readonly path: ObjectPath | undefined
  readonly isWatch: boolean
  readonly code: number
  readonly seconds: number
}

export const make = (context: Context.Context<never>) => {
  const counters = new Map<string, ReturnType<typeof requests>>()
  const histograms = new Map<string, ReturnType<typeof durations>>()
  return ({ code, isWatch, method, path, seconds }: Done) => {
    const labels = {
      verb: verbOf(method, path, isWatch),
      group: path?.group ?? "",
      version: path?.version ?? "",
      resource: path?.resource ?? "",
      subresource: path?.subresource ?? "",
      scope: scopeOf(path),
      component: "apiserver",
      dry_run: ""
    }
    const key = `${labels.verb} ${labels.group} ${labels.version} ${labels.resource} ${labels.subresource} ${labels.scope}`
    const counter = counters.get(`${key} ${code}`) ?? requests({ ...labels, code: `${code}` })
    counters.set(`${key} ${code}`, counter)
    counter.updateUnsafe(1, context)
    if (long.has(labels.verb)) return
    const histogram = histograms.get(key) ?? durations(labels)
    histograms.set(key, histogram)
    histogram.updateUnsafe(seconds, context)
  }
}

/** `more`: what is counted elsewhere, in the same text. */
export const answer = (context: Context.Context<never>, more: string): Answer => {
  const own = PrometheusMetrics.formatUnsafe(context)
  const text = own === "" || own.endsWith("\n") ? own : `${own}\n`
  return whole(200, text + more, undefined, "text/plain; version=0.0.4; charset=utf-8")
}
