/** A provider of devices in memory, whose devices a test changes. */
import { Effect, SubscriptionRef } from "effect"
import { type Device, DevicesRefused, NodeDevices } from "../../plugins/kubelet/contracts/NodeDevices.ts"

const resource = "example.com/lamp"
export const well = (...ids: ReadonlyArray<string>): ReadonlyArray<Device> => ids.map((id) => ({ id, healthy: true }))

/** It prefers the last ones, and notes what it is asked for. */
export const make = Effect.fnUntraced(function* (...ids: ReadonlyArray<string>) {
  const devices = yield* SubscriptionRef.make(well(...ids))
  const started: Array<string> = []
  const provider = NodeDevices.of({
    describe: () => Effect.succeed({ resource, prefers: true, preStart: true }),
    devices: () => SubscriptionRef.changes(devices),
    allocate: (asked) => {
      const there = SubscriptionRef.getUnsafe(devices).map(({ id }) => id)
      const strange = asked.devices.find((id) => !there.includes(id))
      if (strange !== undefined) return Effect.fail(new DevicesRefused({ message: `no lamp ${strange}` }))
      return Effect.succeed({
        env: { LAMPS: asked.devices.join(",") },
        mounts: [{ hostPath: "/opt/lamps", containerPath: "/lamps", readOnly: true }],
        devices: asked.devices.map((id) => ({
          hostPath: `/dev/${id}`,
          containerPath: `/dev/lamp-${id}`,
          permissions: "rw"
        })),
        annotations: { lamps: asked.devices.join(",") },
        cdiDevices: asked.devices.map((id) => `example.com/lamp=${id}`)
      })
    },
    prefer: ({ available, mustInclude, size }) => {
      const others = available.filter((id) => !mustInclude.includes(id)).toReversed()
      return Effect.succeed([...mustInclude, ...others].slice(0, size))
    },
    preStart: (asked) => Effect.sync(() => void started.push(asked.devices.join(",")))
  })
  const set = (all: ReadonlyArray<Device>) => SubscriptionRef.set(devices, all)
  return { provider, set, started }
})
