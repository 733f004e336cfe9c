/** An API in memory with a client, and what controllers' tests ask of it: to wait until the world is as it should be. */
import { Effect, Layer, Stream } from "effect"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import type { Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { Pod } from "../../plugins/resources/contracts/core/v1.ts"
import { time } from "../../plugins/resources/contracts/Time.ts"
import { kernel } from "../resources/Kernel.ts"

const memory = Layer.provide(ApiClient.layer, MemoryApi.layer())

const on =
  <A, F>(api: Layer.Layer<A | Client, F>) =>
  <E>(...controllers: ReadonlyArray<{ readonly layer: Layer.Layer<never, E, A | Client> }>) =>
    controllers
      .reduce<Layer.Layer<never, E, A | Client>>((all, { layer }) => Layer.merge(all, layer), Layer.empty)
      .pipe(Layer.provideMerge(api))

/** On the server's pipeline, with its strategies: for what depends on validation, or on who owns which field. */
export const server = on(kernel)
/** With controllers, which all use the same client. `KEELSON_TEST_API=server`: on the server's pipeline too. */
export const cluster = process.env["KEELSON_TEST_API"] === "server" ? server : on(memory)

type Holds<A> = (all: ReadonlyArray<A>) => boolean

/** All objects of a kind, as soon as they are as they should be. */
export const when = Effect.fnUntraced(function* <A extends Resource, D extends ResourceDraft>(
  kind: Kind<A, D>,
  holds: Holds<A>
) {
  const client = yield* Client
  const cache = yield* client.cache(kind, { indexes: {} })
  const look = Effect.sync(() => cache.all())
  const seen = Stream.filter(
    Stream.mapEffect(cache.changes, () => look),
    holds
  )
  const found = yield* Stream.runHead(seen).pipe(
    Effect.timeoutOrElse({
      duration: "40 seconds",
      orElse: () =>
        Effect.die(new Error(`${kind.plural} did not come to be as they should: ${JSON.stringify(cache.all(), null, 1)}`))
    })
  )
  return found._tag === "Some" ? found.value : []
}, Effect.scoped)

export const names = (objects: ReadonlyArray<Resource>) => objects.map(({ metadata }) => metadata.name)

/** What a node agent would report of a Pod that runs. */
export const runs = Effect.fnUntraced(function* (
  pod: Pod,
  more: { readonly ready?: boolean; readonly podIP?: string } = {}
) {
  const client = yield* Client
  const now = time(yield* Effect.clockWith((clock) => clock.currentTimeMillis))
  const { podIP = "10.244.0.9", ready = true } = more
  const condition = { type: "Ready", status: ready ? "True" : "False", lastTransitionTime: now }
  const others = (pod.status.conditions ?? []).filter(({ type }) => type !== "Ready")
  const status = { ...pod.status, phase: "Running", podIP, podIPs: [{ ip: podIP }], conditions: [...others, condition] }
  return yield* client.update(Pod, { ...pod, status }, { subresource: "status" })
})

/** Makes all Pods that match run, and lets those go that are to end: the part of a node agent that controllers wait for. */
export const kubelet = Effect.fnUntraced(function* (isReady: (pod: Pod) => boolean = () => true) {
  const client = yield* Client
  const pods = yield* client.cache(Pod, { indexes: {} })
  const act = (pod: Pod) => {
    const { name, namespace = "" } = pod.metadata
    if (pod.metadata.deletionTimestamp !== undefined)
      return client.delete(Pod, { name, namespace }, { gracePeriodSeconds: 0 })
    return pod.status.podIP === undefined ? runs(pod, { ready: isReady(pod) }) : Effect.void
  }
  yield* pods.changes.pipe(
    Stream.runForEach(() => Effect.forEach(pods.all(), (pod) => Effect.ignore(act(pod)), { discard: true })),
    Effect.forkScoped
  )
})

export const at = (name: string) => ({ name, namespace: "default" })
