/** The CNI program that asks the agent, executed as a runtime does, with a network in memory behind the socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Agent from "../../adapters/cni/agent/Agent.ts"
import * as AgentConfiguration from "../../adapters/cni/AgentConfiguration.ts"
import * as AgentSocket from "../../adapters/cni/AgentSocket.ts"
import * as Chain from "../../adapters/cni/Chain.ts"
import * as Cni from "../../adapters/cni/Cni.ts"
import * as MemoryNetworkAttachment from "../../adapters/memory/MemoryNetworkAttachment.ts"
import * as ConfigurationLaws from "../../conformance/NetworkConfiguration.ts"
import { NetworkAttachment } from "../../plugins/kubelet/contracts/NetworkAttachment.ts"
import { NetworkConfiguration } from "../../plugins/kubelet/contracts/NetworkConfiguration.ts"
import { verify } from "../Verify.ts"

const temporary = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "kt-agent-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)
const ranges = [
  { prefix: "10.0.0.", size: 2 },
  { prefix: "fd00::", size: 2 }
]

/** An agent that can be ended and started again, and what a runtime finds of it. */
const use = Effect.gen(function* () {
  const directory = yield* temporary
  const { attach, ...network } = yield* Effect.provide(NetworkAttachment, MemoryNetworkAttachment.layer(ranges))
  const asked: Array<Parameters<typeof attach>[0]> = []
  const recording = NetworkAttachment.of({
    ...network,
    attach: (of) =>
      Effect.andThen(
        Effect.sync(() => asked.push(of)),
        attach(of)
      )
  })
  const start = Effect.gen(function* () {
    const scope = yield* Scope.make()
    const layer = Agent.layer({ directory, programs: [] }).pipe(Layer.provide(Layer.succeed(NetworkAttachment, recording)))
    const context = yield* Layer.buildWithScope(layer, scope)
    const configuration = yield* Effect.provide(NetworkConfiguration, context)
    yield* configuration.write({ folder: join(directory, "net.d"), podCidrs: ["10.0.0.0/24"] })
    return Scope.close(scope, Exit.void)
  })
  const programs = [join(directory, "bin")]
  const socket = AgentSocket.pathIn(directory)
  const list = AgentConfiguration.list(socket, join(directory, "net.d"), ["10.0.0.0/24"], AgentConfiguration.capabilities)
  const [plugin = { type: "" }] = list.plugins
  const call = (command: Cni.Command, pod: string, cniVersion = "1.1.0", more = {}) =>
    Cni.execute(
      programs,
      "keelson",
      command,
      { ...plugin, name: list.name, cniVersion, ...more },
      {
        containerId: pod,
        netns: `/run/netns/${pod}`,
        ifname: "eth0",
        args: [
          ["K8S_POD_NAMESPACE", "web"],
          ["K8S_POD_NAME", "a"]
        ]
      }
    )
  return { directory, start, programs, socket, list, call, asked }
})

describe("a runtime that asks the agent", () => {
  it.live("speaks every version since 0.3.1, each in its words", () =>
    Effect.gen(function* () {
      const { call, list, programs, start } = yield* use
      const stop = yield* start
      assert.deepStrictEqual(yield* Cni.versions(programs, "keelson"), ["0.3.1", "0.4.0", "1.0.0", "1.1.0"])
      assert.strictEqual(yield* Chain.negotiate(programs, list), "1.1.0")
      const ips = [
        { address: "10.0.0.2/32", interface: 0 },
        { address: "fd00::2/128", interface: 0 }
      ]
      const rest = { interfaces: [{ name: "eth0", sandbox: "/run/netns/a" }], routes: [], dns: {} }
      const told = yield* call("ADD", "a")
      assert.deepStrictEqual(JSON.parse(told), { ...rest, ips, cniVersion: "1.1.0" })
      const old = yield* call("ADD", "a", "0.4.0")
      const versioned = ips.map((ip, index) => ({ ...ip, version: ["4", "6"][index] }))
      assert.deepStrictEqual(JSON.parse(old), { ...rest, ips: versioned, cniVersion: "0.4.0" })
      const wrong = yield* Effect.flip(call("ADD", "a", "0.2.0"))
      assert.strictEqual(wrong.code, 1)
      yield* stop
    }).pipe(Effect.scoped)
  )
  it.live("hands on what the network says: done, full, not attached, ready", () =>
    Effect.gen(function* () {
      const { asked, call, start } = yield* use
      const stop = yield* start
      const portMappings = [
        { hostPort: 8080, containerPort: 80, protocol: "tcp", hostIP: "" },
        { hostPort: 0, containerPort: 81, protocol: "tcp" },
        // As containerd writes it.
        { HostPort: 8082, ContainerPort: 82, Protocol: "udp", HostIP: "127.0.0.1" }
      ]
      yield* call("ADD", "a", "1.1.0", {
        runtimeConfig: { portMappings, bandwidth: { ingressRate: 1000, ingressBurst: 1 } }
      })
      assert.deepStrictEqual(
        asked.map(({ runtime: _, ...of }) => of),
        [
          {
            pod: "a",
            namespace: "/run/netns/a",
            interface: "eth0",
            ports: [
              { hostPort: 8080, containerPort: 80, protocol: "TCP" },
              { hostPort: 8082, containerPort: 82, protocol: "UDP", hostIp: "127.0.0.1" }
            ],
            metadata: { namespace: "web", name: "a", uid: "" },
            bandwidth: { ingress: 1000 }
          }
        ]
      )
      yield* call("ADD", "b")
      const full = yield* Effect.flip(call("ADD", "c"))
      assert.deepStrictEqual(
        [full.code, full.msg],
        [100, "network memory has no address left: 2 of 2 in 10.0.0.* are in use"]
      )
      yield* call("CHECK", "b")
      yield* call("DEL", "b")
      yield* call("DEL", "b")
      assert.strictEqual((yield* Effect.flip(call("CHECK", "b"))).code, 100)
      yield* call("STATUS", "")
      yield* call("GC", "", "1.1.0", { "cni.dev/valid-attachments": [] })
      assert.strictEqual((yield* Effect.flip(call("CHECK", "a"))).code, 100)
      yield* stop
    }).pipe(Effect.scoped)
  )
  it.live("waits for an agent that is being started again, and is told to try again later when none comes", () =>
    Effect.gen(function* () {
      const { call, directory, socket, start } = yield* use
      yield* yield* start
      const absent = yield* Effect.flip(call("ADD", "a"))
      assert.strictEqual(absent.code, 11)
      assert.match(absent.msg, /agent does not answer on .*try again later/)
      assert.strictEqual((yield* Effect.flip(call("STATUS", ""))).code, 50)
      const waiting = yield* Effect.forkChild(call("ADD", "a"), { startImmediately: true })
      const stop = yield* start
      yield* Fiber.join(waiting)
      // One that follows takes the socket over; the end of the one before leaves it alone.
      const second = yield* start
      yield* stop
      yield* call("CHECK", "a")
      assert.strictEqual(statSync(socket).mode & 0o777, 0o600)
      yield* second
      assert.deepStrictEqual(
        readdirSync(directory).filter((name) => name.includes("sock")),
        []
      )
      assert.match(readFileSync(join(directory, "bin", "keelson"), "utf8"), /^#!\/bin\/sh\nexec '/)
    }).pipe(Effect.scoped)
  )
  it.live("is refused what cannot be understood", () =>
    Effect.gen(function* () {
      const { call, start } = yield* use
      const stop = yield* start
      assert.strictEqual((yield* Effect.flip(call("ADD", "a", "1.1.0", { runtime: 7 }))).code, 7)
      assert.strictEqual((yield* Effect.flip(call("ADD", "a", "1.1.0", { socket: 7 }))).code, 7)
      const odd = { runtimeConfig: { portMappings: [{}] } }
      assert.strictEqual((yield* Effect.flip(call("ADD", "a", "1.1.0", odd))).code, 7)
      yield* call("DEL", "a", "1.1.0", odd)
      yield* stop
    }).pipe(Effect.scoped)
  )
})

const laws = Layer.unwrap(
  Effect.map(temporary, (directory) =>
    Layer.provide(Agent.layer({ directory, programs: [] }), MemoryNetworkAttachment.layer())
  )
)
verify("by a program that asks the agent", ConfigurationLaws.suite, laws)
