/** Waiting for a state of the cluster, and saying what was there instead. */
import { Effect, Option, Schedule } from "effect"
import { Client, type Selection } from "../../kernel/client/Client.ts"
import type { Key, Kind, Resource, ResourceDraft } from "../../kernel/resource/Kind.ts"
import { type ContainerDraft, type ContainerStatus, Event, Pod } from "../../plugins/resources/contracts/core/v1.ts"

const often = Schedule.spaced("100 millis")

/** So many times the usual is waited: it bounds what hangs, and a busy machine is no failure. */
const patience = 4

/** What the effect gives when it is as it should be, usually within so many seconds. Its failures are states too: they may pass. */
export const eventually = <A, E, R>(
  what: string,
  seconds: number,
  look: Effect.Effect<A, E, R>,
  holds: (value: A) => boolean
): Effect.Effect<A, E | Error, R> => {
  let last = "nothing"
  return look.pipe(
    Effect.tap((value) => Effect.sync(() => (last = JSON.stringify(value) ?? "nothing"))),
    Effect.tapError((error) => Effect.sync(() => (last = String(error)))),
    Effect.retry(often),
    Effect.repeat({ until: holds, schedule: often }),
    Effect.timeoutOrElse({
      duration: `${patience * seconds} seconds`,
      orElse: () =>
        Effect.suspend(() =>
          Effect.fail(new Error(`not within ${patience * seconds} s: ${what}; last: ${last.slice(0, 4000)}`))
        )
    })
  )
}

export const at = (name: string): Key => ({ namespace: "default", name })

export const find = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, key: Key) =>
  Effect.map(
    Effect.flatMap(Client, (client) => client.find(kind, key)),
    Option.getOrUndefined
  )

export const list = <A extends Resource, D extends ResourceDraft>(kind: Kind<A, D>, selection?: Selection) =>
  Effect.flatMap(Client, (client) => client.list(kind, selection))

export const podsOf = (app: string) => list(Pod, { namespace: "default", labelSelector: `app=${app}` })

export const isReady = (pod: Pod | undefined) =>
  pod?.status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") ?? false

export const firstStatus = (pod: Pod | undefined): ContainerStatus | undefined => pod?.status.containerStatuses?.[0]

/** The runtime's id of the first container. */
export const idOf = (pod: Pod | undefined) => firstStatus(pod)?.containerID?.replace("containerd://", "") ?? ""

/** A container that is to be made of an image of ours. */
export const container = (image: string, more: Partial<ContainerDraft> = {}) => ({
  name: "main",
  image,
  imagePullPolicy: "Never",
  ...more
})

/** What the cluster said of an object. */
export const eventsOf = (name: string) =>
  Effect.map(list(Event, { namespace: "default" }), (all) =>
    all.filter(({ involvedObject }) => involvedObject.name === name).map(({ message, reason }) => `${reason}: ${message}`)
  )
