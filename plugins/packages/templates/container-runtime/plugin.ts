/** Pods in memory, to begin with: they start, answer commands and have logs, and nothing runs. Put what runs them in its place, method by method. */
import { Effect, Layer } from "effect"
import * as Plugin from "keelson/kernel/plugin/Plugin"
import { ContainerRuntime } from "keelson/kubelet/ContainerRuntime"
import { Events } from "keelson/kubelet/Events"
import { Exec } from "keelson/kubelet/Exec"
import { Images } from "keelson/kubelet/Images"
import { Logs } from "keelson/kubelet/Logs"
import { Stats } from "keelson/kubelet/Stats"
import * as MemoryRuntime from "keelson/parts/memory-runtime"

/** `given`: a Pod joins the network namespace that its node has made. `registry`: the images that there are. */
const memory = MemoryRuntime.layer({
  network: "given",
  images: ["busybox"],
  registry: ["busybox", "registry.k8s.io/pause:3.10"]
})

const runtime = Effect.map(ContainerRuntime, (memory) =>
  ContainerRuntime.of({
    ...memory,
    describe: () => Effect.map(memory.describe(), (about) => ({ ...about, name: "sample-plugin", version: "0.1.0" })),
    startContainer: (config) =>
      Effect.tap(memory.startContainer(config), (id) => Effect.logInfo(`${config.image} runs as ${id}`))
  })
)

export const plugin = Plugin.make({
  name: "sample-plugin",
  offers: [ContainerRuntime, Events, Exec, Images, Logs, Stats],
  layer: Layer.provideMerge(Layer.effect(ContainerRuntime, runtime), memory)
})
