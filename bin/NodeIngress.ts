/** What lets HTTP in at a node: the proxy that serves the routes, ours or a package's. A node without it, or without rights to it, is one like any other. */
import { Context, Effect, Layer, Stream, SubscriptionRef } from "effect"
import { join } from "node:path"
import * as Nginx from "../adapters/ingress/nginx/Nginx.ts"
import type { Client } from "../kernel/client/Client.ts"
import * as Plugin from "../kernel/plugin/Plugin.ts"
import { migrate } from "../plugins/dns/contracts/Addresses.ts"
import { IngressProxy } from "../plugins/ingress/contracts/IngressProxy.ts"
import * as Published from "../plugins/ingress/contracts/Published.ts"
import * as NodeProxy from "../plugins/ingress/NodeProxy.ts"
import * as StandIn from "../plugins/ingress/StandIn.ts"
import * as Choice from "./Choice.ts"
import { OwnNode } from "./OwnNode.ts"
import * as Paths from "./Paths.ts"
import type { Settings } from "./Settings.ts"

export interface Options {
  readonly settings: Settings
  readonly paths: Paths.Paths
}

export const addressesOf = ({ nodeIp, nodeIp6 }: Settings) => (nodeIp6 === "" ? [nodeIp] : [nodeIp, nodeIp6])

/** Where a proxy's files may lie. nginx' workers are not root, and may not enter root's folders. */
export const directoryOf = (paths: Paths.Paths, name: string) =>
  process.getuid?.() === 0 ? Paths.shared(paths, name) : join(paths.node, name)

/** Which of a node's proxies is started: a node comes up without waiting for its first. */
interface Turn {
  isFirst: boolean
}

/**
 * Has the proxy serve what is published. What takes the place of another is there when it serves, or is refused; without one, what goes
 * wrong is told, and the node goes on. `again`: it was started anew, and knows nothing.
 */
const following = <E extends Error, R>(
  turn: Turn,
  name: string,
  proxy: Layer.Layer<IngressProxy, E, R>,
  again: Effect.Effect<Stream.Stream<unknown>, never, R> = Effect.succeed(Stream.empty)
) => {
  const followed = Effect.gen(function* () {
    const own = yield* OwnNode
    return yield* NodeProxy.start({
      report: (serves) => own.annotate(Published.serves, serves),
      warn: (message) => own.tell("Warning", "IngressNotServed", message),
      again: yield* again
    })
  })
  const begun = Effect.flatMap(Layer.build(Layer.fresh(proxy)), (built) => Effect.provideContext(followed, built))
  const started = Effect.suspend(() => {
    if (!turn.isFirst) return Effect.flatMap(begun, ({ served }) => served)
    turn.isFirst = false
    const told = Effect.tapError(begun, (error) => Effect.logWarning("this node serves no Ingresses", error))
    return Effect.asVoid(Effect.forkScoped(told))
  })
  return Plugin.make({ name, layer: Layer.effectDiscard(started) })
}

/** It was said by a proxy that does not share its ports (SO_REUSEPORT). */
const hasNoPort = ({ message }: Error) => /EADDRINUSE|address (is )?already in use/i.test(message)

/** Nobody's load balancer leads here then. */
const none = Plugin.make({
  name: "no-ingress-proxy",
  layer: Layer.effectDiscard(
    Effect.flatMap(OwnNode, (own) =>
      Effect.catch(own.annotate(Published.serves, undefined), (error) => Effect.logDebug("the node is not told of", error))
    )
  )
})

/** How a package is, now and whenever that of any has changed. */
const stateOf = (name: string) =>
  Effect.map(Plugin.Host, ({ states }) => ({
    now: () => SubscriptionRef.getUnsafe(states).find((state) => state.name === name),
    changes: SubscriptionRef.changes(states)
  }))

/** `under`: as whom the routes are read. */
export const layer = <R>(
  { paths, settings }: Options,
  under: (plugin: Plugin.Plugin<never, Client | OwnNode | Plugin.Host>) => Plugin.Plugin<never, R | OwnNode | Plugin.Host>
) => {
  const turn: Turn = { isFirst: true }
  const nginx = (folder: string) => Nginx.layer({ addresses: addressesOf(settings), directory: directoryOf(paths, folder) })
  const choice = Choice.layer({
    name: "ingress proxy",
    annotation: "keelson.io/ingress",
    standard: settings.ingress,
    needsRoom: hasNoPort,
    choices: {
      nginx: under(following(turn, "ingress-nginx", nginx("nginx"))),
      none
    },
    outside: {
      contracts: [IngressProxy],
      plugin: (given: Context.Context<IngressProxy>, { fallback, name }) => {
        const restarts = Effect.map(stateOf(name), ({ changes, now }) =>
          changes.pipe(
            Stream.map(() => now()?.restarts ?? 0),
            Stream.changes
          )
        )
        // What one lets nobody see the other would show: only where the package says that it may.
        const isReplaced = fallback === "Ignore" && settings.ingress === "nginx"
        const replaced = Effect.map(stateOf(name), ({ changes, now }) =>
          StandIn.layer(Context.get(given, IngressProxy), {
            other: nginx("nginx-stand-in"),
            // It is taken in before it is among them.
            isRunning: () => (now()?.state ?? "running") === "running",
            changes
          })
        )
        const proxy = isReplaced ? Layer.unwrap(replaced) : Layer.succeedContext(given)
        return under(following(turn, `ingress-${name}`, proxy, restarts))
      },
      left: (given) => Effect.ignore(Context.get(given, IngressProxy).remove())
    }
  })
  // While one takes the place of another, both listen.
  return Layer.merge(choice, Layer.effectDiscard(migrate))
}
