/**
 * A program for the tests of the kubelet on a real container runtime: it runs in a network namespace of its own, walks Pods through their
 * life, and prints a line for each thing that held. What does not hold ends it.
 */
import { Console, Effect, Exit, Layer, Option, Schedule, Scope } from "effect"
import assert from "node:assert/strict"
import { existsSync, globSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Bridge from "../../adapters/cni/bridge/Bridge.ts"
import * as ImageArchive from "../../adapters/cri/ImageArchive.ts"
import * as MemoryApi from "../../adapters/memory/MemoryApi.ts"
import * as ApiClient from "../../kernel/client/ApiClient.ts"
import { Client } from "../../kernel/client/Client.ts"
import * as Runtimes from "./Runtimes.ts"
import * as Kubelet from "../../plugins/kubelet/Kubelet.ts"
import * as GivenNetwork from "../../plugins/kubelet/runtimes/GivenNetwork.ts"
import {
  ConfigMap,
  Event,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  type PodDraft,
  Secret
} from "../../plugins/resources/contracts/core/v1.ts"

const [, , name = "", directory = ""] = process.argv
const runtime = Runtimes.all[name]
if (runtime === undefined) throw new Error(`there is no runtime ${name}`)

/** Who does not call CNI is given its network, or has it attached. */
const powers = (stop: "keep" | "remove") => {
  const own = runtime.layer(directory, stop)
  if (runtime.cni !== undefined) return own
  return Layer.provideMerge(GivenNetwork.layer({ directory: GivenNetwork.folder(directory, name) }), own)
}

/** A node as bin makes it, with the cluster in memory. */
const node = (stop: "keep" | "remove") =>
  Kubelet.layer({
    nodeName: "n1",
    directory: join(directory, "kubelet"),
    cniFolders: [runtime.cni?.(directory) ?? join(directory, "net.d")],
    podCidr: "10.244.7.0/24",
    addresses: ["127.0.0.1"],
    cgroupRoot: "/kt-node-pods",
    stop
  }).pipe(
    Layer.provide(powers(stop)),
    Layer.provide(Bridge.layer({ directory: join(directory, "cni"), bridge: "kt-node0" }))
  )

const draft = (name: string, spec: Partial<PodDraft["spec"]>): PodDraft => ({
  metadata: { name, namespace: "default", labels: { app: name } },
  spec: { nodeName: "n1", terminationGracePeriodSeconds: 1, containers: [], ...spec }
})
const image = { image: "busybox", imagePullPolicy: "Never" } as const

const web = draft("web", {
  initContainers: [
    {
      name: "init",
      ...image,
      command: ["sh", "-c", "echo made > /data/made"],
      volumeMounts: [{ name: "data", mountPath: "/data" }]
    },
    { name: "side", ...image, restartPolicy: "Always", command: ["sleep", "600"] }
  ],
  containers: [
    {
      name: "main",
      ...image,
      command: [
        "sh",
        "-c",
        "cat /data/made /config/a.txt /secret/key > /www/index.html; echo $(GREETING) $IP >> /www/index.html; exec httpd -f -p 8080 -h /www"
      ],
      env: [
        { name: "GREETING", valueFrom: { configMapKeyRef: { name: "config", key: "greeting" } } },
        { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } }
      ],
      ports: [{ name: "http", containerPort: 8080, hostPort: 18080 }],
      readinessProbe: { httpGet: { port: "http", path: "/" }, periodSeconds: 1 },
      livenessProbe: { exec: { command: ["true"] }, periodSeconds: 1 },
      resources: { limits: { memory: "64Mi", cpu: "500m" } },
      volumeMounts: [
        { name: "data", mountPath: "/data" },
        { name: "config", mountPath: "/config" },
        { name: "secret", mountPath: "/secret" }
      ]
    }
  ],
  volumes: [
    { name: "data", emptyDir: { medium: "Memory" } },
    { name: "config", configMap: { name: "config" } },
    { name: "secret", secret: { secretName: "secret" } }
  ]
})

/** A folder of the machine, and a claim that is bound to it. */
const claimed = join(directory, "claimed")
const bound = Effect.gen(function* () {
  const client = yield* Client
  yield* Effect.sync(() => mkdirSync(claimed, { recursive: true }))
  const accessModes = ["ReadWriteOnce"]
  const terms = [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["n1"] }] }]
  yield* client.create(PersistentVolume, {
    metadata: { name: "folder" },
    spec: {
      accessModes,
      capacity: { storage: "1Gi" },
      local: { path: claimed },
      nodeAffinity: { required: { nodeSelectorTerms: terms } }
    }
  })
  const spec = { accessModes, volumeName: "folder", resources: { requests: { storage: "1Gi" } } }
  const claim = yield* client.create(PersistentVolumeClaim, { metadata: { name: "claim", namespace: "default" }, spec })
  yield* client.update(PersistentVolumeClaim, { ...claim, status: { phase: "Bound" } }, { subresource: "status" })
})

const key = (name: string) => ({ namespace: "default", name })
const podNow = (name: string) =>
  Effect.map(
    Effect.flatMap(Client, (client) => client.find(Pod, key(name))),
    Option.getOrUndefined
  )
const eventually = (name: string, holds: (pod: Pod | undefined) => boolean) =>
  podNow(name).pipe(
    Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: holds }),
    Effect.timeout("40 seconds"),
    Effect.tapError(() => Effect.flatMap(podNow(name), (pod) => Console.error(JSON.stringify(pod?.status))))
  )
const isReady = (pod: Pod | undefined) =>
  pod?.status.conditions?.some(({ status, type }) => type === "Ready" && status === "True") ?? false
const main = (pod: Pod | undefined) => pod?.status.containerStatuses?.find(({ name }) => name === "main")
const ids = (pod: Pod | undefined) =>
  [...(pod?.status.initContainerStatuses ?? []), ...(pod?.status.containerStatuses ?? [])].map(
    ({ containerID }) => containerID
  )
const get = (url: string) => Effect.tryPromise(() => fetch(url).then((response) => response.text()))
const ok = (what: string) => Console.log(`ok       ${what}`)

const running = Effect.gen(function* () {
  const client = yield* Client
  const busybox = ImageArchive.make({ name: "busybox:latest", files: ImageArchive.busybox("/bin/busybox") })
  yield* runtime.importImage(directory, busybox)
  yield* client.create(ConfigMap, { metadata: key("config"), data: { greeting: "hello", "a.txt": "config\n" } })
  yield* client.create(Secret, { metadata: key("secret"), data: { key: Buffer.from("secret\n").toString("base64") } })
  yield* client.create(Pod, web)
  const pod = yield* eventually("web", isReady)
  const ip = pod?.status.podIP
  assert.equal(yield* get(`http://${ip}:8080/`), `made\nconfig\nsecret\nhello ${ip}\n`)
  const node = runtime.loopback ? "127.0.0.1" : "10.244.7.1"
  assert.equal(yield* get(`http://${node}:18080/`), `made\nconfig\nsecret\nhello ${ip}\n`)
  yield* ok("a Pod has its volumes, environment, address and host port")

  yield* bound
  yield* client.create(
    Pod,
    draft("job", {
      restartPolicy: "Never",
      initContainers: [
        {
          name: "powerful",
          ...image,
          command: ["sh", "-c", "mkdir -p /m && mount -t tmpfs none /m"],
          securityContext: { privileged: true }
        }
      ],
      containers: [
        {
          name: "main",
          ...image,
          command: ["sh", "-c", "echo kept > /claimed/file; echo last > /dev/termination-log; exit 3"],
          volumeMounts: [{ name: "claimed", mountPath: "/claimed" }]
        }
      ],
      volumes: [{ name: "claimed", persistentVolumeClaim: { claimName: "claim" } }]
    })
  )
  const job = yield* eventually("job", (now) => now?.status.phase === "Failed")
  const state = main(job)?.state?.terminated
  assert.deepEqual([state?.exitCode, state?.message], [3, "last\n"])
  assert.equal(readFileSync(join(claimed, "file"), "utf8"), "kept\n")
  yield* ok("a Pod whose work failed, after a privileged start, is Failed, with its last words and what it wrote by a claim")

  yield* client.create(
    Pod,
    draft("sick", {
      containers: [
        {
          name: "main",
          ...image,
          command: ["sleep", "600"],
          livenessProbe: { exec: { command: ["false"] }, periodSeconds: 1, failureThreshold: 1 }
        }
      ]
    })
  )
  yield* eventually("sick", (now) => (main(now)?.restartCount ?? 0) > 0)
  const events = yield* client.list(Event)
  assert.ok(events.some(({ involvedObject, reason }) => involvedObject.name === "sick" && reason === "Unhealthy"))
  yield* client.delete(Pod, key("sick"))
  yield* eventually("sick", (now) => now === undefined)
  yield* ok("a container that fails its liveness probe is started again, and a deleted Pod goes")
  return ids(pod)
})

const killed = Effect.gen(function* () {
  const before = main(yield* podNow("web"))
  const current = Effect.sync(() => Number(readFileSync(runtime.pidFile(directory), "utf8")))
  const pid = yield* current
  process.kill(pid, "SIGKILL")
  yield* Effect.timeout(
    Effect.repeat(current, { schedule: Schedule.spaced("50 millis"), until: (now) => now !== pid }),
    "20 seconds"
  )
  const after = yield* eventually("web", isReady)
  assert.deepEqual([main(after)?.containerID, main(after)?.restartCount], [before?.containerID, 0])
  yield* ok("a runtime that is killed comes back, with its Pods as they were")
})

/** The limits of a container, in bytes and in microseconds of each tenth of a second, of either version of cgroups. */
const limitsOf = (id: string) => {
  const files = ["memory.max", "memory.limit_in_bytes", "cpu.max", "cpu.cfs_quota_us"]
  const folders = globSync(`/sys/fs/cgroup/**/kt-node-pods/**/*${id}*`)
  const texts = files.flatMap((file) => folders.map((folder) => join(folder, file)).filter(existsSync))
  return texts.map((path) => readFileSync(path, "utf8").split(/\s/)[0])
}

const resized = Effect.gen(function* () {
  const client = yield* Client
  const before = yield* podNow("web")
  assert.ok(before)
  const resources = { limits: { memory: "96Mi", cpu: "250m" }, requests: { memory: "96Mi", cpu: "250m" } }
  const containers = before.spec.containers.map((container) => ({ ...container, resources }))
  yield* client.update(Pod, { ...before, spec: { ...before.spec, containers } })
  const isDone = (pod: Pod | undefined) => main(pod)?.resources?.limits?.["memory"] === "96Mi"
  const after = yield* eventually("web", (pod) => isDone(pod) && isReady(pod))
  assert.deepEqual([main(after)?.containerID, main(after)?.restartCount], [main(before)?.containerID, 0])
  assert.deepEqual(main(after)?.allocatedResources, resources.requests)
  const limits = limitsOf(main(after)?.containerID?.split("://")[1] ?? "")
  assert.deepEqual([limits.includes(`${96 << 20}`), limits.includes("25000")], [true, true], limits.join(" "))
  yield* ok("a container has other limits, and goes on running")
})

const adopted = (before: ReadonlyArray<string | undefined>) =>
  Effect.gen(function* () {
    const client = yield* Client
    const ip = (yield* podNow("web"))?.status.podIP
    assert.match(yield* get(`http://${ip}:8080/`), /^made/)
    yield* Effect.sleep("2 seconds")
    const pod = yield* eventually("web", isReady)
    assert.deepEqual([ids(pod), main(pod)?.restartCount], [before, 0])
    yield* ok("a kubelet that starts again finds its Pods and restarts none")
    yield* client.delete(Pod, key("web"))
    yield* eventually("web", (now) => now === undefined)
    yield* ok("what it found it can end")
    yield* client.create(Pod, draft("left", { containers: [{ name: "main", ...image, command: ["sleep", "600"] }] }))
    yield* eventually("left", isReady)
  })

const program = Effect.gen(function* () {
  const first = yield* Scope.make()
  yield* Layer.buildWithScope(node("keep"), first)
  const before = yield* running
  yield* killed
  yield* resized
  yield* Scope.close(first, Exit.void)
  yield* Effect.scoped(Effect.andThen(Layer.build(node("remove")), adopted(before)))
  yield* ok("the end leaves nothing running")
})

const api = Layer.provide(ApiClient.layer, MemoryApi.layer())
const exit = await Effect.runPromiseExit(Effect.scoped(Effect.provide(program, api)))
if (Exit.isFailure(exit)) {
  console.error(exit.cause)
  process.exit(1)
}
