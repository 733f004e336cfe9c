/**
 * A node with Pods in network namespaces of their own, for tests with real packets: two Pods on the node's bridge, and a machine
 * outside with another Pod behind it. All of it is gone when the scope closes.
 *
 *     pod1 10.244.1.2 ─┐
 *     pod2 10.244.1.3 ─┴ cni0 (node) eth0 10.200.8.1 ── 10.200.8.2 (out) ── 10.244.2.2 pod3
 */
import { Effect } from "effect"
import { execFile, spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

export const sh = (script: string) =>
  Effect.callback<string, Error>((resume) => {
    execFile("sh", ["-ec", script], (error, stdout, stderr) =>
      resume(error === null ? Effect.succeed(stdout) : Effect.fail(new Error(`${stderr}${error.message}`)))
    )
  })

export const cluster = Effect.gen(function* () {
  const name = (part: string) => `kt-net-${process.pid}-${part}`
  const parts = ["node", "out", "pod1", "pod2", "pod3"]
  const inside = (part: string, command: string) => `ip -n ${name(part)} ${command}`
  const link = (a: string, nameA: string, b: string, nameB: string) =>
    `ip link add ${nameA} netns ${name(a)} type veth peer name ${nameB} netns ${name(b)}`
  const address = (part: string, device: string, value: string) =>
    [inside(part, `addr add ${value} dev ${device}`), inside(part, `link set ${device} up`)].join("\n")
  const route = (part: string, what: string) => inside(part, `route add ${what}`)
  const pod = (part: string, value: string) =>
    [
      link("node", `v${part}`, part, "eth0"),
      inside("node", `link set v${part} master cni0 up`),
      // Where the bridge itself translates, a Pod that calls itself goes back by the port that it came from.
      inside("node", `link set v${part} type bridge_slave hairpin on`),
      address(part, "eth0", `${value}/24`),
      route(part, "default via 10.244.1.1")
    ].join("\n")

  yield* Effect.acquireRelease(sh(parts.map((part) => `ip netns add ${name(part)}`).join("\n")), () =>
    Effect.ignore(sh(parts.map((part) => `ip netns del ${name(part)} || true`).join("\n")))
  )
  yield* sh(
    [
      ...parts.map((part) => inside(part, "link set lo up")),
      inside("node", "link add cni0 type bridge"),
      address("node", "cni0", "10.244.1.1/24"),
      pod("pod1", "10.244.1.2"),
      pod("pod2", "10.244.1.3"),
      link("node", "eth0", "out", "eth0"),
      address("node", "eth0", "10.200.8.1/24"),
      address("out", "eth0", "10.200.8.2/24"),
      link("out", "vpod3", "pod3", "eth0"),
      address("out", "vpod3", "10.244.2.1/24"),
      address("pod3", "eth0", "10.244.2.2/24"),
      route("pod3", "default via 10.244.2.1"),
      route("node", "default via 10.200.8.2"),
      route("out", "10.244.1.0/24 via 10.200.8.1"),
      `ip netns exec ${name("out")} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'`
    ].join("\n")
  )
  return { name, exec: (part: string) => ["ip", "netns", "exec", name(part)] }
})
type Cluster = Effect.Success<typeof cluster>

const peer = fileURLToPath(new URL("Peer.mjs", import.meta.url))

/** Answers over TCP and UDP with its name and who asks. */
export const serve = ({ exec }: Cluster, part: string, port: number) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly stop: () => void }>((resume) => {
      const [program = "", ...args] = exec(part)
      const child = spawn(program, [...args, process.execPath, peer, "serve", part, String(port)])
      child.stdout.once("data", () => resume(Effect.succeed({ stop: () => child.kill("SIGKILL") })))
    }),
    ({ stop }) => Effect.sync(stop)
  )

/** Asks again and again, each time by a new connection: what each answered, or the code of what went wrong. */
export const ask = ({ exec }: Cluster, part: string, protocol: "tcp" | "udp", to: string, count: number, every = 0) =>
  Effect.callback<ReadonlyArray<string>, Error>((resume) => {
    const [program = "", ...args] = exec(part)
    const [address = "", port = ""] = to.split(":")
    const command = [...args, process.execPath, peer, protocol, address, port, String(count), String(every)]
    execFile(program, command, (error, stdout) => {
      if (error !== null) resume(Effect.fail(error))
      else resume(Effect.succeed(stdout.trim().split("\n")))
    })
  })
