/** Lamps of this machine, by the files that they have in /dev: a container that asks for some finds them as /dev/lamp0, /dev/lamp1 and so on. */
import { Effect, Layer, Schedule, Stream } from "effect"
import { existsSync } from "node:fs"
import { isDeepStrictEqual } from "node:util"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { DevicesRefused, NodeDevices } from "keelson/kubelet/NodeDevices"

interface Configuration {
  readonly resource?: string
  readonly lamps?: ReadonlyArray<string>
}

export const plugin = ({ lamps = ["null", "zero"], resource = "example.com/lamp" }: Configuration = {}) => {
  const listed = Effect.sync(() => lamps.map((id) => ({ id, healthy: existsSync(`/dev/${id}`) })))
  return Plugin.make({
    name: "devices-lamps",
    offers: [NodeDevices],
    layer: Layer.succeed(NodeDevices, {
      describe: () => Effect.succeed({ resource, prefers: false, preStart: false }),
      // Whoever unplugs one is noticed within ten seconds.
      devices: () => Stream.changesWith(Stream.fromEffectSchedule(listed, Schedule.spaced("10 seconds")), isDeepStrictEqual),
      allocate: ({ devices }) => {
        const strange = devices.find((id) => !lamps.includes(id))
        if (strange !== undefined) return Effect.fail(new DevicesRefused({ message: `there is no lamp ${strange}` }))
        return Effect.succeed({
          env: { LAMPS: devices.join(",") },
          mounts: [],
          devices: devices.map((id, index) => ({
            hostPath: `/dev/${id}`,
            containerPath: `/dev/lamp${index}`,
            permissions: "rw"
          })),
          annotations: {},
          cdiDevices: []
        })
      },
      prefer: ({ available }) => Effect.succeed(available),
      preStart: () => Effect.void
    })
  })
}
