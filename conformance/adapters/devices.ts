/** Device plugins of upstream's kind, wherever they serve: a plugin is told the resource's name by nobody, and has whichever is asked for. */
import * as DevicePlugin from "../../adapters/devices/DevicePlugin.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import { suite } from "../NodeDevices.ts"

const pathOf = (endpoint: string) => endpoint.slice("unix://".length)

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "device-plugin",
    title: "a device plugin",
    isAlone: false,
    lacks: () => [],
    isElsewhere: true,
    endpoint: { words: "unix:///var/lib/kubelet/device-plugins/plugin.sock", pattern: /^unix:\/\/\// },
    kits: {
      "node-devices": ({ endpoint = "" }) => kit(DevicePlugin.layer("example.com/device", pathOf(endpoint)), checked(suite))
    }
  }
]
