/**
 * `npm run bench`, Services: 10,000 Services of two endpoints each in the kernel of a network namespace of its own: all of them at
 * once, again after a restart, and one change, by nftables; fewer by iptables too, whose own programs take far longer. Whether the
 * rules and counts of all other Services stay as they are is looked at as well. Needs root.
 */
import { Effect, Layer } from "effect"
import { execFileSync } from "node:child_process"
import { type ProxiedService, ServiceProxy, type ServicePort } from "../plugins/kube-proxy/contracts/ServiceProxy.ts"
import * as Command from "../plugins/kube-proxy/Command.ts"
import * as Modes from "../plugins/kube-proxy/Modes.ts"

const [many, fewer, changes] = [10_000, 2_000, 20]
const namespace = `kt-bench-${process.pid}`
const within = ["nsenter", `--net=/run/netns/${namespace}`]
const sh = (...words: ReadonlyArray<string>) => {
  const [program = "", ...args] = words
  return execFileSync(program, args, { stdio: ["ignore", "pipe", "pipe"], maxBuffer: 2 ** 30 }).toString()
}

const address = (prefix: number, index: number) => `${prefix}.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
/** `round` moves one of its endpoints. */
const service = (index: number, round = 0): ProxiedService => {
  const endpoints = [2 * index, 2 * index + 1].map((pod) => ({
    address: address(10, pod + (pod % 2) * round * 2 * many),
    port: 8080,
    local: pod % 20 === 0
  }))
  const port: ServicePort = {
    name: "http",
    family: "IPv4",
    protocol: "tcp",
    clusterIP: address(172, index + 256),
    port: 80,
    nodePort: 0,
    externalIPs: [],
    loadBalancerIPs: [],
    sourceRanges: [],
    affinitySeconds: 0,
    internalPolicy: "Cluster",
    externalPolicy: "Cluster",
    endpoints,
    localEndpoints: endpoints.filter(({ local }) => local)
  }
  return { name: `default/service-${index}`, ports: [port] }
}

const all = Array.from({ length: many }, (_, index) => service(index))
const timed = Effect.fnUntraced(function* <E>(effect: Effect.Effect<unknown, E>) {
  const before = performance.now()
  yield* effect
  return performance.now() - before
})
const milliseconds = (time: number) => `${time.toFixed(0)} ms`.padStart(9)

/** What is programmed for all other Services, with its counters. */
const others = (text: string, changed: ReadonlyArray<string>) =>
  text
    .split("\n")
    .filter((line) => !/^#|^:KUBE-SERVICES|^:[A-Z]+ /.test(line) && !changed.some((word) => line.includes(word)))
    .toSorted()
    .join("\n")

const listings: { readonly [_ in Modes.Mode]: ReadonlyArray<string> } = {
  nftables: ["nft", "list", "map", "ip", "keelson-proxy", "services"],
  iptables: ["iptables-save", "-c", "-t", "nat"]
}

const measure = (mode: Modes.Mode, all: ReadonlyArray<ProxiedService>) =>
  Effect.gen(function* () {
    const proxy = yield* ServiceProxy
    const load = yield* timed(proxy.sync({ whole: true, services: all }))
    // Somebody asks, so that there is something to be counted.
    sh(...within, "bash", "-c", "for i in 1 2 3; do timeout 0.2 bash -c 'echo > /dev/tcp/172.0.4.9/80' 2>&-; done; true")
    const before = sh(...within, ...listings[mode])
    const times: Array<number> = []
    for (let round = 1; round <= changes; round++) {
      times.push(yield* timed(proxy.sync({ whole: false, services: [service(7, round)] })))
    }
    const after = sh(...within, ...listings[mode])
    const mine = ["172.0.1.7 ", "172.0.1.7/", "service-7:", "[0:0]"]
    const counted = (yield* proxy.connections()).reduce((sum, { connections }) => sum + connections, 0)
    const same = others(before, mine) === others(after, mine)
    times.sort((a, b) => a - b)
    const [median = 0, worst = 0] = [times[changes / 2], times.at(-1)]
    const again = yield* Effect.scoped(
      Effect.flatMap(
        Layer.build(Modes.layer(Command.within(["env", "AGAIN=1", ...within]), mode, { podCidr: "10.0.0.0/8" })),
        (context) =>
          timed(
            Effect.provide(
              Effect.flatMap(ServiceProxy, (fresh) => fresh.sync({ whole: true, services: all })),
              context
            )
          )
      )
    )
    console.log(
      `| ${mode}, ${all.length} | ${milliseconds(load)} | ${milliseconds(again)} | ${milliseconds(median)} | ${milliseconds(worst)} | ` +
        `${same ? "unchanged" : "CHANGED"}, ${counted} connections counted |`
    )
  }).pipe(Effect.provide(Modes.layer(Command.within(within), mode, { podCidr: "10.0.0.0/8" })))

try {
  sh("ip", "netns", "add", namespace)
  sh("ip", "-n", namespace, "link", "set", "lo", "up")
  sh("ip", "-n", namespace, "route", "add", "default", "dev", "lo")
} catch (error) {
  console.log(`left out: no network namespace can be made here: ${error instanceof Error ? error.message : error}`)
  process.exit(0)
}
console.log(`| Services of 2 endpoints | all | after a restart | one change | the slowest of ${changes} | all others |`)
const runs = [
  ["nftables", all],
  ["nftables", all.slice(0, fewer)],
  ["iptables", all.slice(0, fewer)]
] as const
const measured = Effect.forEach(runs, ([mode, services]) => measure(mode, services), { discard: true }).pipe(
  Effect.ensuring(Effect.sync(() => sh("ip", "netns", "del", namespace)))
)
await Effect.runPromise(measured)
