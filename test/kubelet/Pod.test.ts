/** The decisions of the kubelet, which are pure: what a container is given, what is done next, and what a Pod's status says. */
import { assert, describe, it } from "@effect/vitest"
import * as Dns from "../../plugins/kubelet/pod/Dns.ts"
import { environment } from "../../plugins/kubelet/pod/Environment.ts"
import { expand } from "../../plugins/kubelet/pod/Expansion.ts"
import * as Fields from "../../plugins/kubelet/pod/Fields.ts"
import { policyOf } from "../../plugins/kubelet/pod/ImagePuller.ts"
import * as Plan from "../../plugins/kubelet/pod/Plan.ts"
import * as Qos from "../../plugins/kubelet/pod/Qos.ts"
import * as Status from "../../plugins/kubelet/pod/Status.ts"
import type { View } from "../../plugins/kubelet/pod/View.ts"
import type { ContainerStatus, PodStatus } from "../../plugins/kubelet/contracts/Pods.ts"
import type { Container, Pod, PodSpec, Service } from "../../plugins/resources/contracts/core/v1.ts"

const container = (name: string, more: Partial<Container> = {}): Container => ({
  name,
  image: "busybox",
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
  ...more
})
const podOf = (spec: Partial<PodSpec> = {}, status: Pod["status"] = {}): Pod => ({
  metadata: {
    name: "web",
    namespace: "shop",
    uid: "u1",
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels: { app: "web" }
  },
  spec: {
    containers: [container("main")],
    dnsPolicy: "ClusterFirst",
    enableServiceLinks: true,
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...spec
  },
  status
})

const ran = (name: string, attempt: number, state: ContainerStatus["state"], exitCode?: number): ContainerStatus => ({
  id: `${name}-${attempt}`,
  name,
  attempt,
  state,
  image: "busybox",
  imageId: "sha256:1",
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: "2026-01-01T00:00:01Z",
  ...(exitCode !== undefined && { exitCode, finishedAt: "2026-01-01T00:00:02Z" }),
  annotations: {}
})
const sandbox = (containers: ReadonlyArray<ContainerStatus>, more: Partial<PodStatus> = {}): PodStatus => ({
  id: "s0",
  uid: "u1",
  namespace: "shop",
  name: "web",
  attempt: 0,
  ready: true,
  createdAt: "2026-01-01T00:00:00Z",
  addresses: ["10.244.0.2"],
  containers,
  ...more
})
const view = (pod: Pod, sandboxes: ReadonlyArray<PodStatus>, more: Partial<View> = {}): View => ({
  pod,
  sandboxes,
  now: Date.parse("2026-01-01T00:01:00Z"),
  health: () => ({ started: true, ready: true }),
  waiting: new Map(),
  notBefore: new Map(),
  hostIps: ["192.0.2.1"],
  applied: new Map(),
  pending: undefined,
  resizeFailed: undefined,
  ...more
})
const planned = (one: View) =>
  Plan.plan(one).map((action) => ("container" in action ? `${action._tag} ${action.container.name}` : action._tag))
const statusOf = (one: View) => Status.compute(one, { runtime: "memory", lastWords: new Map() })
const condition = (one: View, type: string) => statusOf(one).conditions?.find((each) => each.type === type)

describe("what a container is given", () => {
  it("names in values are replaced, and what is not known stays", () => {
    const values = new Map([["NAME", "x"]])
    assert.strictEqual(expand("$(NAME) $$(NAME) $(OTHER) $NAME", values), "x $(NAME) $(OTHER) $NAME")
  })

  it("later variables win, and may use earlier ones", () => {
    const service: Service = {
      metadata: { name: "my-db", namespace: "shop", uid: "s", resourceVersion: "1", creationTimestamp: "" },
      spec: {
        clusterIP: "10.96.0.9",
        internalTrafficPolicy: "Cluster",
        sessionAffinity: "None",
        type: "ClusterIP",
        publishNotReadyAddresses: false,
        ports: [{ port: 5432, protocol: "TCP" }]
      },
      status: { loadBalancer: {} }
    }
    const env = environment({
      pod: podOf(),
      container: container("main", {
        envFrom: [
          { prefix: "C_", configMapRef: { name: "config" } },
          { prefix: "1-", configMapRef: { name: "config" } }
        ],
        env: [
          { name: "URL", value: "pg://$(MY_DB_SERVICE_HOST)" },
          { name: "C_A", value: "own" },
          { name: "IP", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "status.podIP" } } },
          { name: "NONE", valueFrom: { secretKeyRef: { name: "gone", key: "k", optional: true } } }
        ]
      }),
      sources: {
        configMap: () => ({ metadata: service.metadata, data: { A: "map", B: "b" } }),
        secret: () => undefined
      },
      services: [service],
      place: { nodeName: "n1", hostIps: [], podIps: ["10.244.0.2"], allocatable: {} }
    })
    assert.deepStrictEqual(
      ["URL", "C_A", "C_B", "1-B", "IP", "NONE", "MY_DB_PORT_5432_TCP_ADDR"].map((name) => env.get(name)),
      ["pg://10.96.0.9", "own", "b", "b", "10.244.0.2", undefined, "10.96.0.9"]
    )
  })

  it("asks for what is missing by name", () => {
    const main = container("main", { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "gone", key: "k" } } }] })
    const nothing = { configMap: () => undefined, secret: () => undefined }
    const place = { nodeName: "n1", hostIps: [], podIps: [], allocatable: {} }
    assert.throws(
      () => environment({ pod: podOf(), container: main, sources: nothing, services: [], place }),
      'secret "gone" not found'
    )
  })

  it("resources are rounded up to their divisor, and are the machine's where there is no limit", () => {
    const main = container("main", { resources: { limits: { cpu: "1500m" } } })
    const place = { nodeName: "n1", hostIps: [], podIps: [], allocatable: { memory: "1Gi" } }
    assert.strictEqual(Fields.resource(main, { resource: "limits.cpu", divisor: "0" }, place), "2")
    assert.strictEqual(Fields.resource(main, { resource: "limits.cpu", divisor: "1m" }, place), "1500")
    assert.strictEqual(Fields.resource(main, { resource: "limits.memory", divisor: "1Mi" }, place), "1024")
  })

  it("names are looked for in the cluster, and then where the machine looks", () => {
    const cluster = { servers: ["10.96.0.10"], domain: "cluster.local" }
    const host = Dns.parseResolv("nameserver 192.0.2.53\nsearch example.org\noptions edns0\n")
    const searches = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local", "example.org"]
    assert.deepStrictEqual(Dns.resolve(podOf(), cluster, host), { servers: ["10.96.0.10"], searches, options: ["ndots:5"] })
    assert.deepStrictEqual(Dns.resolve(podOf({ hostNetwork: true }), cluster, host), host)
    const own = podOf({
      dnsPolicy: "None",
      dnsConfig: { nameservers: ["192.0.2.1"], options: [{ name: "ndots", value: "2" }] }
    })
    assert.deepStrictEqual(Dns.resolve(own, cluster, host), { servers: ["192.0.2.1"], searches: [], options: ["ndots:2"] })
  })

  it("the class follows from requests and limits", () => {
    const of = (resources: Container["resources"]) => Qos.classOf(podOf({ containers: [container("main", { resources })] }))
    assert.strictEqual(of({}), "BestEffort")
    assert.strictEqual(of({ requests: { cpu: "1" } }), "Burstable")
    assert.strictEqual(of({ limits: { cpu: "1", memory: "1Gi" } }), "Guaranteed")
  })

  it("when images are pulled", () => {
    assert.deepStrictEqual(
      ["busybox", "busybox:1", "r:5000/a", "a@sha256:1"].map((image) => policyOf(container("a", { image }))),
      ["Always", "IfNotPresent", "Always", "IfNotPresent"]
    )
  })
})

describe("what is done next", () => {
  const inits = podOf({
    initContainers: [container("one"), container("side", { restartPolicy: "Always" }), container("two")]
  })

  it("a sandbox, the init containers one by one, sidecars on the way, and the containers", () => {
    assert.deepStrictEqual(planned(view(inits, [])), ["StartSandbox"])
    assert.deepStrictEqual(planned(view(inits, [sandbox([])])), ["StartContainer one"])
    assert.deepStrictEqual(planned(view(inits, [sandbox([ran("one", 0, "Running")])])), [])
    const one = ran("one", 0, "Exited", 0)
    assert.deepStrictEqual(planned(view(inits, [sandbox([one])])), ["StartContainer side"])
    const side = ran("side", 0, "Running")
    const unready = { health: () => ({ started: false, ready: false }) }
    assert.deepStrictEqual(planned(view(inits, [sandbox([one, side])], unready)), [])
    assert.deepStrictEqual(planned(view(inits, [sandbox([one, side])])), ["StartContainer two"])
    assert.deepStrictEqual(planned(view(inits, [sandbox([one, side, ran("two", 0, "Exited", 0)])])), ["StartContainer main"])
  })

  it("what ended is started again as its policy says, and not before its time", () => {
    const ended = [sandbox([ran("main", 0, "Exited", 1)])]
    assert.deepStrictEqual(planned(view(podOf(), ended)), ["StartContainer main"])
    assert.deepStrictEqual(planned(view(podOf({ restartPolicy: "Never" }), ended)), ["Finish"])
    assert.deepStrictEqual(planned(view(podOf({ restartPolicy: "OnFailure" }), [sandbox([ran("main", 0, "Exited", 0)])])), [
      "Finish"
    ])
    assert.deepStrictEqual(planned(view(podOf(), ended, { notBefore: new Map([["main", Number.MAX_SAFE_INTEGER]]) })), [
      "Wait"
    ])
  })

  it("a sandbox that is gone is made again, and its containers with it", () => {
    const old = sandbox([ran("main", 3, "Exited", 137)], { ready: false })
    assert.deepStrictEqual(Plan.plan(view(podOf(), [old])), [{ _tag: "StartSandbox", attempt: 1, old: "s0" }])
    const next = view(podOf(), [old, sandbox([], { id: "s1", attempt: 1 })])
    assert.deepStrictEqual(
      Plan.plan(next).map((action) => (action._tag === "StartContainer" ? action.attempt : action._tag)),
      [4]
    )
  })

  it("a runtime that was emptied does not begin to count again", () => {
    const said = {
      name: "main",
      image: "",
      imageID: "",
      ready: false,
      restartCount: 2,
      containerID: "memory://main-2",
      lastState: {},
      state: {}
    }
    const [next] = Plan.plan(view(podOf({}, { containerStatuses: [said] }), [sandbox([])]))
    assert.strictEqual(next?._tag === "StartContainer" && next.attempt, 3)
  })

  it("what is unhealthy is stopped", () => {
    const health = () => ({ started: true, ready: false, unhealthy: { message: "sick" } })
    assert.deepStrictEqual(planned(view(podOf(), [sandbox([ran("main", 0, "Running")])], { health })), [
      "StopContainer main"
    ])
  })
})

describe("a Pod that asks for more or less", () => {
  const small = { requests: { cpu: "100m", memory: "64Mi" }, limits: { memory: "64Mi" } }
  const large = { requests: { cpu: "0.1", memory: "64Mi" }, limits: { memory: "128Mi" } }
  const running = [sandbox([ran("main", 0, "Running")])]
  const resized = (more: Partial<Container> = {}, other: Partial<View> = {}) =>
    view(podOf({ containers: [container("main", { resources: large, ...more })] }), running, {
      applied: new Map([["main-0", small]]),
      ...other
    })

  it("has its containers updated, or started again where they want that", () => {
    assert.deepStrictEqual(planned(resized()), ["UpdateContainer main"])
    const policy = (resourceName: string) => ({ resizePolicy: [{ resourceName, restartPolicy: "RestartContainer" }] })
    assert.deepStrictEqual(planned(resized(policy("cpu"))), ["UpdateContainer main"])
    assert.deepStrictEqual(planned(resized(policy("memory"))), ["StopContainer main"])
    assert.deepStrictEqual(planned(resized({ resources: { ...small, requests: { cpu: "0.1", memory: "64Mi" } } })), [])
  })

  it("waits after a failure, and says how it is", () => {
    const now = Date.parse("2026-01-01T00:01:00Z")
    const failed = resized({}, { resizeFailed: { message: "no", until: now + 5000 } })
    assert.deepStrictEqual(planned(failed), ["Wait"])
    assert.strictEqual(condition(failed, "PodResizeInProgress")?.reason, "Error")
    assert.strictEqual(condition(resized(), "PodResizeInProgress")?.status, "True")
    assert.deepStrictEqual(statusOf(resized()).containerStatuses?.[0]?.resources, small)
    assert.deepStrictEqual(statusOf(resized()).containerStatuses?.[0]?.allocatedResources, large.requests)
    const done = resized({}, { applied: new Map([["main-0", large]]) })
    assert.strictEqual(condition(done, "PodResizeInProgress"), undefined)
    const pending = resized({}, { pending: { reason: "Deferred", message: "later" } })
    assert.strictEqual(condition(pending, "PodResizePending")?.reason, "Deferred")
  })
})

describe("what a status says", () => {
  it("Pending, Running, Succeeded, Failed", () => {
    assert.strictEqual(statusOf(view(podOf(), [])).phase, "Pending")
    assert.strictEqual(statusOf(view(podOf(), [sandbox([ran("main", 0, "Running")])])).phase, "Running")
    assert.strictEqual(statusOf(view(podOf(), [sandbox([ran("main", 0, "Exited", 1)])])).phase, "Running")
    const never = podOf({ restartPolicy: "Never" })
    assert.strictEqual(statusOf(view(never, [sandbox([ran("main", 0, "Exited", 0)])])).phase, "Succeeded")
    assert.strictEqual(statusOf(view(never, [sandbox([ran("main", 0, "Exited", 1)])])).phase, "Failed")
    const metadata = { ...podOf().metadata, deletionTimestamp: "2026-01-01T00:00:00Z" }
    const going = { ...podOf(), metadata }
    assert.strictEqual(statusOf(view(going, [sandbox([ran("main", 0, "Running")])])).phase, "Running")
    assert.strictEqual(statusOf(view(going, [sandbox([ran("main", 0, "Exited", 0)])])).phase, "Succeeded")
    assert.strictEqual(statusOf(view(going, [sandbox([ran("main", 0, "Exited", 137)])])).phase, "Failed")
    assert.strictEqual(statusOf(view(going, [])).phase, "Pending")
  })

  it("ready when its containers are, with the time of the change", () => {
    const running = [sandbox([ran("main", 0, "Running")])]
    const ready = view(podOf(), running)
    assert.deepInclude(condition(ready, "Ready"), { status: "True", lastTransitionTime: "2026-01-01T00:01:00Z" })
    const unready = view(podOf(), running, { health: () => ({ started: true, ready: false }) })
    const why = { status: "False", reason: "ContainersNotReady", message: "containers with unready status: [main]" }
    assert.deepInclude(condition(unready, "Ready"), why)
    const before = podOf({}, { conditions: [{ type: "Ready", status: "True", lastTransitionTime: "2026-01-01T00:00:30Z" }] })
    assert.strictEqual(condition(view(before, running), "Ready")?.lastTransitionTime, "2026-01-01T00:00:30Z")
  })

  it("not ready while a gate of others is shut", () => {
    const gated = podOf({ readinessGates: [{ conditionType: "gate" }] })
    assert.deepInclude(condition(view(gated, [sandbox([ran("main", 0, "Running")])]), "Ready"), {
      status: "False",
      reason: "ReadinessGatesNotReady"
    })
  })

  it("what waits says why, and what it was before", () => {
    const waiting = new Map([["main", { reason: "CrashLoopBackOff", message: "back-off 10s" }]])
    const status = statusOf(view(podOf(), [sandbox([ran("main", 1, "Exited", 1)])], { waiting }))
    const [main] = status.containerStatuses ?? []
    assert.deepStrictEqual(
      [main?.state?.waiting?.reason, main?.lastState?.terminated?.exitCode, main?.restartCount],
      ["CrashLoopBackOff", 1, 1]
    )
  })
})
