/**
 * The checks of the laws of `ServiceProxy`, with real packets between network namespaces of their own. `harness` is where they run:
 * give it what makes a proxy for the network that a prefix of commands leads to.
 */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import { type ProxiedService, ServiceProxy, type ServicePort } from "../plugins/kube-proxy/contracts/ServiceProxy.ts"
import { addresses, Bed, layer, type Place, type Pod, podPort } from "./service-proxy/Bed.ts"
import type { To } from "./service-proxy/Peers.ts"
import * as Suite from "./Suite.ts"

type Service = ServiceProxy["Service"]
export const harness = layer
export { podCidr } from "./service-proxy/Bed.ts"

/** Of which by chance none is left out. */
const often = 40
const pods: ReadonlyArray<Pod> = ["pod1", "pod2", "pod3"]
const frontends = {
  IPv4: { cluster: "10.96.0.5", external: "192.0.2.5", balancer: "203.0.113.5" },
  IPv6: { cluster: "fd00:96::5", external: "2001:db8:1::5", balancer: "2001:db8:2::5" }
} as const
const { cluster, external, balancer } = frontends.IPv4
const nodePort = 30_080

const answering = (family: "IPv4" | "IPv6", ...who: ReadonlyArray<Pod>) => {
  const endpoints = who.map((pod) => ({ address: addresses[family][pod], port: podPort, local: pod !== "pod3" }))
  return { endpoints, localEndpoints: endpoints.filter(({ local }) => local) }
}
const to = (...who: ReadonlyArray<Pod>) => answering("IPv4", ...who)

const port = (about: Partial<ServicePort> = {}): ServicePort => ({
  name: "",
  family: "IPv4",
  protocol: "tcp",
  clusterIP: cluster,
  port: 80,
  nodePort: 0,
  externalIPs: [],
  loadBalancerIPs: [],
  sourceRanges: [],
  affinitySeconds: 0,
  internalPolicy: "Cluster",
  externalPolicy: "Cluster",
  ...to(...pods),
  ...about
})
const web = (...ports: ReadonlyArray<Partial<ServicePort>>): ProxiedService => ({ name: "laws/web", ports: ports.map(port) })

const use = Effect.gen(function* () {
  const [proxy, bed] = [yield* ServiceProxy, yield* Bed]
  yield* bed.forget
  const ask = (from: Place, host: string, about: Partial<To> = {}) => bed.ask(from, { host, port: 80, ...about })
  /** Who answers, each once, whatever they saw. */
  const who = (from: Place, host: string, about: Partial<To> = {}) =>
    Effect.map(ask(from, host, { count: often, ...about }), (answers) =>
      [...new Set(answers.map((answer) => answer.split(" ")[0]))].toSorted()
    )
  return {
    proxy,
    bed,
    ask,
    who,
    /** These are all the Services from now on. */
    serve: (...services: ReadonlyArray<ProxiedService>) => proxy.sync({ whole: true, services }),
    change: (...services: ReadonlyArray<ProxiedService>) => proxy.sync({ whole: false, services })
  }
})
type Use = Effect.Success<typeof use>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

/** Programs something else than it is asked. */
const instead =
  (change: (port: ServicePort) => Partial<ServicePort>) =>
  ({ sync }: Service): Partial<Service> => ({
    sync: ({ services, whole }) =>
      sync({
        whole,
        services: services.map(({ name, ports }) => ({ name, ports: ports.map((one) => ({ ...one, ...change(one) })) }))
      })
  })
/** Is deaf to changes. */
const deaf = ({ sync }: Service): Partial<Service> => ({ sync: (given) => (given.whole ? sync(given) : Effect.void) })
const nobody = instead(() => ({ endpoints: [], localEndpoints: [] }))
const firstOnly = instead(({ endpoints, localEndpoints }) => ({
  endpoints: endpoints.slice(0, 1),
  localEndpoints: localEndpoints.slice(0, 1)
}))
/** Makes everything anew for whatever it is asked. */
const restless = ({ remove, repair, sync }: Service): Partial<Service> => ({
  sync: (given) => Effect.andThen(sync(given), Effect.andThen(remove(), Effect.asVoid(repair())))
})

const reach = (use: Use) => ({
  *everywhere(family: "IPv4" | "IPv6") {
    const { who } = use
    const { cluster } = frontends[family]
    for (const from of ["pod1", "node"] as const) assert.deepEqual(yield* who(from, cluster), pods, from)
  }
})

export const suite = Suite.make<ServiceProxy, Service, (typeof ServiceProxy)["laws"], ServiceProxy | Bed>(ServiceProxy, {
  "cluster-ip/everywhere": check(function* (use) {
    yield* use.serve(web({}))
    yield* reach(use).everywhere("IPv4")
  }, firstOnly),

  "cluster-ip/hairpin": check(function* ({ ask, serve }) {
    yield* serve(web(to("pod1")))
    const [answer = ""] = yield* ask("pod1", cluster)
    assert.match(answer, /^pod1 /)
  }, nobody),

  "cluster-ip/dual-stack": check(
    function* (use) {
      const { families } = yield* use.proxy.describe()
      if (!families.includes("IPv6")) return
      const six = { family: "IPv6" as const, clusterIP: frontends.IPv6.cluster, nodePort, ...answering("IPv6", ...pods) }
      yield* use.serve(web({}, six))
      yield* reach(use).everywhere("IPv4")
      yield* reach(use).everywhere("IPv6")
      assert.deepEqual(yield* use.who("out", addresses.IPv6.node, { port: nodePort }), pods, "node port")
      yield* use.serve(web({}, { ...six, affinitySeconds: 10_800 }))
      assert.equal((yield* use.who("pod2", six.clusterIP)).length, 1, "affinity")
      yield* use.serve(web({}, { ...six, ...answering("IPv6", "pod1") }))
      assert.match((yield* use.ask("pod1", six.clusterIP))[0] ?? "", /^pod1 /, "hairpin")
      yield* use.serve(web({}, { ...six, endpoints: [], localEndpoints: [] }))
      assert.deepEqual(yield* use.ask("pod1", six.clusterIP), ["ECONNREFUSED"])
    },
    instead(({ family }) => (family === "IPv6" ? { endpoints: [], localEndpoints: [] } : {}))
  ),

  "affinity/keeps": check(
    function* ({ change, serve, who }) {
      const sticky = (...pods: ReadonlyArray<Pod>) => web({ affinitySeconds: 10_800, ...to(...pods) })
      yield* serve(sticky(...pods))
      const mine = yield* who("pod2", cluster)
      assert.equal(mine.length, 1, `one and the same, not ${mine}`)
      const others = pods.filter((pod) => !mine.includes(pod))
      for (const gone of others) {
        yield* change(sticky(...pods.filter((pod) => pod !== gone)))
        assert.deepEqual(yield* who("pod2", cluster), mine, `without ${gone}`)
        yield* change(sticky(...pods))
        assert.deepEqual(yield* who("pod2", cluster), mine, `with ${gone}`)
      }
      yield* change(sticky(...others))
      const next = yield* who("pod2", cluster)
      assert.equal(next.length, 1, `another and the same, not ${next}`)
    },
    instead(() => ({ affinitySeconds: 0 }))
  ),

  "affinity/expires": check(
    function* ({ ask, serve }) {
      yield* serve(web({ affinitySeconds: 1 }))
      const [first] = yield* ask("pod2", cluster)
      const later = Effect.delay(ask("pod2", cluster), "1500 millis")
      // It may come back to the same by chance.
      yield* Suite.inTime(Effect.repeat(later, { until: ([answer]) => answer !== first }))
    },
    instead(() => ({ affinitySeconds: 10_800 }))
  ),

  "node-port/everywhere": check(
    function* ({ serve, who }) {
      yield* serve(web({ nodePort }))
      for (const from of ["out", "pod1", "node"] as const) {
        assert.deepEqual(yield* who(from, addresses.IPv4.node, { port: nodePort }), pods, from)
      }
    },
    instead(() => ({ nodePort: 0 }))
  ),

  "external/addresses": check(
    function* ({ serve, who }) {
      yield* serve(web({ externalIPs: [external], loadBalancerIPs: [balancer] }))
      for (const address of [external, balancer]) {
        for (const from of ["out", "pod1", "node"] as const)
          assert.deepEqual(yield* who(from, address), pods, `${from} ${address}`)
      }
    },
    instead(() => ({ loadBalancerIPs: [] }))
  ),

  "load-balancer/ranges": check(
    function* ({ ask, serve, who }) {
      const open = { externalIPs: [external], loadBalancerIPs: [balancer] }
      yield* serve(web({ ...open, sourceRanges: [`${addresses.IPv4.out}/32`, "198.51.100.0/24"] }))
      assert.deepEqual(yield* who("out", balancer), pods, "who may")
      assert.deepEqual(yield* ask("pod3", balancer), ["TIMEOUT"], "who may not")
      assert.deepEqual(yield* who("pod3", external), pods, "by another address")
      assert.deepEqual(yield* who("pod1", cluster), pods, "inside")
    },
    instead(() => ({ sourceRanges: [] }))
  ),

  "policy/external-local": check(
    function* ({ ask, serve, who }) {
      yield* serve(web({ nodePort, externalIPs: [external], externalPolicy: "Local", ...to("pod2", "pod3") }))
      const seen = `pod2 ${addresses.IPv4.out}`
      assert.deepEqual(yield* ask("out", addresses.IPv4.node, { port: nodePort, count: 3 }), [seen, seen, seen])
      assert.deepEqual(yield* ask("out", external, { count: 3 }), [seen, seen, seen])
      assert.deepEqual(yield* who("pod1", addresses.IPv4.node, { port: nodePort }), ["pod2", "pod3"])
    },
    instead(() => ({ externalPolicy: "Cluster" as const }))
  ),

  "policy/external-nobody": check(
    function* ({ ask, serve, who }) {
      yield* serve(web({ nodePort, externalPolicy: "Local", ...to("pod3") }))
      assert.deepEqual(yield* ask("out", addresses.IPv4.node, { port: nodePort }), ["TIMEOUT"])
      assert.deepEqual(yield* who("pod1", addresses.IPv4.node, { port: nodePort }), ["pod3"])
    },
    instead(() => ({ externalPolicy: "Cluster" as const }))
  ),

  "policy/internal-local": check(
    function* ({ ask, change, serve, who }) {
      yield* serve(web({ internalPolicy: "Local" }))
      for (const from of ["pod1", "node"] as const) assert.deepEqual(yield* who(from, cluster), ["pod1", "pod2"], from)
      yield* change(web({ internalPolicy: "Local", ...to("pod3") }))
      assert.deepEqual(yield* ask("pod1", cluster), ["TIMEOUT"])
    },
    instead(() => ({ internalPolicy: "Cluster" as const }))
  ),

  "refuse/at-once": check(
    function* ({ ask, serve }) {
      const none = { endpoints: [], localEndpoints: [], nodePort, externalIPs: [external] }
      yield* serve(web(none, { ...none, protocol: "udp", name: "dns" }))
      for (const protocol of ["tcp", "udp"] as const) {
        for (const from of ["pod1", "node"] as const) {
          assert.deepEqual(yield* ask(from, cluster, { protocol }), ["ECONNREFUSED"], `${protocol} ${from}`)
        }
        assert.deepEqual(
          yield* ask("out", addresses.IPv4.node, { protocol, port: nodePort }),
          ["ECONNREFUSED"],
          `${protocol} out`
        )
        assert.deepEqual(yield* ask("out", external, { protocol }), ["ECONNREFUSED"], `${protocol} external`)
      }
    },
    instead(() => ({ nodePort: 0 }))
  ),

  "udp/follows": check(function* ({ ask, change, serve }) {
    const dns = (...who: ReadonlyArray<Pod>) => web({ protocol: "udp", ...to(...who) })
    const again = { protocol: "udp", localPort: 40_053 } as const
    yield* serve(dns("pod2"))
    assert.match((yield* ask("pod1", cluster, again))[0] ?? "", /^pod2 /)
    yield* change(dns("pod3"))
    assert.match((yield* ask("pod1", cluster, again))[0] ?? "", /^pod3 /)
    yield* change(dns())
    assert.deepEqual(yield* ask("pod1", cluster, again), ["ECONNREFUSED"])
    yield* change(dns("pod2"))
    assert.match((yield* ask("pod1", cluster, again))[0] ?? "", /^pod2 /)
  }, deaf),

  "sync/changes": check(function* ({ ask, bed, change, proxy, serve }) {
    const other = (...who: ReadonlyArray<Pod>): ProxiedService => ({
      name: "laws/other",
      ports: [port({ clusterIP: "10.96.0.6", nodePort: nodePort + 1, ...to(...who) })]
    })
    const given = Effect.map(proxy.connections(), (all) => all.find(({ name }) => name === "laws/web")?.connections ?? 0)
    yield* serve(web({ nodePort }), other("pod1"))
    const before = yield* given
    const held = yield* bed.hold("pod1", { host: cluster, port: 80 })
    yield* ask("pod1", cluster, { count: 4 })
    assert.equal(yield* given, before + 5)
    for (const step of [other("pod2", "pod3"), other(), other("pod1"), { name: "laws/other", ports: [] }]) {
      yield* change(step)
      assert.equal(yield* given, before + 5)
    }
    assert.equal(yield* held.say, held.first)
  }, restless),

  "sync/whole": check(
    function* ({ ask, serve }) {
      yield* serve(web({}))
      yield* serve({ name: "laws/other", ports: [port({ clusterIP: "10.96.0.6" })] })
      assert.match((yield* ask("pod1", "10.96.0.6"))[0] ?? "", /^pod/)
      assert.doesNotMatch((yield* ask("pod1", cluster))[0] ?? "", /^pod/)
    },
    ({ sync }) => ({ sync: ({ services }) => sync({ whole: false, services }) })
  ),

  "sync/again": check(function* ({ bed, change, serve }) {
    const service = web({ nodePort, externalIPs: [external] }, { name: "none", port: 81, endpoints: [], localEndpoints: [] })
    yield* serve(service)
    const before = yield* bed.rules
    yield* serve(service)
    yield* change(service)
    assert.deepEqual(yield* bed.rules, before)
  }, restless),

  "sync/restart": check(function* ({ bed, proxy, serve, who }) {
    yield* proxy.remove()
    yield* bed.killed([web({}), { name: "laws/gone", ports: [port({ clusterIP: "10.96.0.7" })] }])
    const held = yield* bed.hold("pod1", { host: cluster, port: 80 })
    yield* serve(web({}))
    assert.equal(yield* held.say, held.first)
    assert.deepEqual(yield* who("pod1", cluster), pods)
    assert.doesNotMatch((yield* bed.ask("pod1", { host: "10.96.0.7", port: 80 }))[0] ?? "", /^pod/, "what was left")
  }, nobody),

  "repair/lost": check(
    function* ({ bed, proxy, serve, who }) {
      yield* serve(web({}))
      assert.equal(yield* proxy.repair(), true)
      yield* bed.wipe
      assert.equal(yield* proxy.repair(), false)
      assert.deepEqual(yield* who("pod1", cluster), pods)
      assert.equal(yield* proxy.repair(), true)
    },
    () => ({ repair: () => Effect.succeed(true) })
  ),

  "remove/nothing": check(
    function* ({ bed, proxy, serve, who }) {
      yield* serve(web({ nodePort, affinitySeconds: 60, loadBalancerIPs: [balancer], sourceRanges: ["198.51.100.0/24"] }))
      yield* proxy.remove()
      yield* proxy.remove()
      assert.deepEqual(yield* bed.rules, [])
      yield* serve(web({}))
      assert.deepEqual(yield* who("pod1", cluster), pods)
    },
    () => ({ remove: () => Effect.void })
  )
})
