/** The subresources that are no objects: connections to what runs. */
import { Effect } from "effect"
import { BadRequest } from "../../../kernel/client/Errors.ts"
import type { At, Pipeline } from "../../../kernel/pipeline/Pipeline.ts"
import type { Kinds } from "../../../kernel/resource/Kinds.ts"
import type { ObjectPath } from "../Path.ts"
import { type DoorError, methodNotAllowed } from "../Refused.ts"
import type { Kubelet } from "./Kubelet.ts"
import * as Logs from "./Logs.ts"
import * as LogSockets from "./LogSockets.ts"
import * as Proxy from "./Proxy.ts"
import * as Sockets from "./Sockets.ts"

const logs: Proxy.Handler = (exchange, at, _rest, kubelet) =>
  exchange.method === "GET" ? Logs.answer(exchange, at, kubelet) : Effect.fail(methodNotAllowed)

const noUpgrade: Proxy.Handler = ({ method, ...exchange }, at) =>
  method === "GET" || method === "POST" ? Sockets.withoutUpgrade({ method, ...exchange }, at) : Effect.fail(methodNotAllowed)

const handlers: { readonly [path: string]: Proxy.Handler } = {
  "pods/log": logs,
  "pods/exec": noUpgrade,
  "pods/attach": noUpgrade,
  "pods/portforward": noUpgrade,
  "pods/proxy": Proxy.pod,
  "services/proxy": Proxy.service,
  "nodes/proxy": Proxy.node
}

export const find = ({ served, subresource }: At): Proxy.Handler | undefined =>
  subresource === "" ? undefined : handlers[`${served.kind.storage}/${subresource}`]

export const isStream = ({ resource, subresource }: ObjectPath) => Object.hasOwn(handlers, `${resource}/${subresource}`)

/** Runs until the connection ends. */
export const upgrade = (
  upgrade: Sockets.Upgrade,
  at: At,
  rest: string,
  kubelet: Kubelet
): Effect.Effect<void, DoorError, Pipeline | Kinds> => {
  if (at.served.kind.storage === "pods" && Sockets.serves(at.subresource)) return Sockets.serve(upgrade, at, kubelet)
  if (at.served.kind.storage === "pods" && at.subresource === "log") return LogSockets.serve(upgrade, at, kubelet)
  const path = `${at.served.kind.storage}/proxy`
  if (at.subresource === "proxy" && Object.hasOwn(handlers, path)) return Proxy.upgrade(upgrade, at, kubelet)
  const detail = `${at.served.kind.plural}/${at.subresource}${rest} takes no upgrade of the connection`
  return Effect.fail(new BadRequest({ detail }))
}
