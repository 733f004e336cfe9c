/** The checks of the laws of `IngressBalancers`, the same for every cloud. */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import { type Certificate, IngressBalancers, type Path, type Wanted } from "../plugins/cloud/contracts/IngressBalancers.ts"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import type { Target } from "../plugins/cloud/contracts/LoadBalancers.ts"
import * as Pki from "../plugins/certificates/contracts/Pki.ts"
import { atEveryCall, CloudBed, type Fault, machine, service, settled, target } from "./cloud/Bed.ts"
import * as Suite from "./Suite.ts"

type Service = IngressBalancers["Service"]
type Needs = CloudBed | Instances | IngressBalancers

const backend = (nodePort: number) => ({
  nodePort,
  healthCheck: { protocol: "HTTP" as const, port: 10256, path: "/healthz" }
})
const path = (host: string, path: string, nodePort: number, pathType: Path["pathType"] = "Prefix"): Path => ({
  host,
  path,
  pathType,
  backend: backend(nodePort)
})
const shop = path("shop.example", "/cart", 30081)
const web = path("shop.example", "/", 30080)
const page = path("", "/page", 30082, "Exact")

const wanted = (about: Partial<Wanted> = {}): Wanted => ({
  ingress: service(),
  annotations: {},
  paths: [shop, web],
  otherwise: null,
  certificates: [],
  ...about
})

const certificate = Effect.fnUntraced(function* (name: string) {
  const authority = yield* Pki.authority("laws")
  const { cert, key } = yield* Pki.issue(authority, { commonName: name, hosts: [name], usages: ["server"] })
  const made: Certificate = { name: "laws/tls", chain: cert, key }
  return made
})

/** A machine that requests can be sent to. */
const node = Effect.fnUntraced(function* (zone: 0 | 1) {
  const one = yield* machine("node", zone)
  const { addresses, providerID } = yield* Effect.flatMap(Instances, (instances) => instances.find({ node: one }))
  return target({ ...one, addresses }, providerID)
})

const use = Effect.gen(function* () {
  const { cluster, inventory } = yield* CloudBed
  const balancers = yield* IngressBalancers
  const [one, two] = [yield* node(0), yield* node(1)]
  const made: Array<Wanted["ingress"]> = []
  const ensure = (wanted: Wanted, targets: ReadonlyArray<Target> = [one, two]) =>
    Effect.suspend(() => {
      made.push(wanted.ingress)
      return balancers.ensure({ cluster, wanted, targets })
    })
  const remove = ({ ingress }: Wanted) => balancers.remove({ cluster, ingress })
  const get = ({ ingress }: Wanted) => balancers.get({ cluster, ingress })
  yield* Effect.addFinalizer(() =>
    Effect.forEach(made, (ingress) => Effect.ignore(settled(balancers.remove({ cluster, ingress }))), { discard: true })
  )
  return { balancers, cluster, inventory, one, two, ensure, remove, get }
})
type Use = Effect.Success<typeof use>

type Holds = (use: Use) => Generator<Effect.Effect<unknown, unknown, Needs | Scope.Scope>, void, never>
type Saboteur = (honest: Service) => Partial<Service>

/** Each of its steps is done in time; there may be many. */
const patient = (holds: Holds, saboteur: Saboteur) => ({
  holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))),
  saboteur
})
const check = (holds: Holds, saboteur: Saboteur) => ({
  ...patient(holds, saboteur),
  holds: Suite.inTime(patient(holds, saboteur).holds)
})

const told = (paths: ReadonlyArray<Path>) =>
  paths.map(({ backend: { nodePort }, host, path, pathType }) => ({ host, path, pathType, nodePort }))
const ids = (targets: ReadonlyArray<Target>) => targets.map(({ providerID }) => providerID).toSorted()

/** It is made in the end, and once; it is removed in the end, and nothing of it is left. */
const interrupted = (fault: Fault) =>
  function* ({ ensure, get, inventory, remove }: Use) {
    const made = wanted({ paths: [page, shop, web], certificates: [yield* certificate("shop.example")] })
    const other: Wanted = { ...made, paths: [shop, path("other.example", "/", 30083), page] }
    const nothing = yield* inventory
    yield* settled(ensure(made))
    const all = yield* inventory
    const there = Effect.gen(function* () {
      yield* settled(ensure(made))
      assert.deepEqual(yield* inventory, all)
      assert.deepEqual((yield* get(made))?.paths, told(made.paths))
    })
    const gone = Effect.gen(function* () {
      yield* settled(remove(made))
      assert.deepEqual(yield* inventory, nothing)
    })
    yield* atEveryCall(fault, ensure(other), there)
    yield* atEveryCall(fault, remove(made), Effect.andThen(gone, there))
    yield* gone
    yield* atEveryCall(fault, ensure(made), Effect.andThen(there, gone))
  }

const another = (honest: Service, payload: Parameters<Service["ensure"]>[0]) =>
  Effect.ignore(honest.ensure({ ...payload, wanted: { ...payload.wanted, ingress: service() } }))
/** Each time it fails, something is left that nobody finds again: a balancer for an Ingress that there is not. */
const littering: Saboteur = (honest) => ({
  ensure: (payload) => Effect.tapError(honest.ensure(payload), () => another(honest, payload))
})
/** Whoever is interrupted has left something. */
const dying: Saboteur = (honest) => ({
  ensure: (payload) => Effect.onInterrupt(honest.ensure(payload), () => another(honest, payload))
})
/** What is there once stays as it was. */
const stubborn: Saboteur = (honest) => ({
  ensure: (payload) =>
    Effect.flatMap(honest.get({ cluster: payload.cluster, ingress: payload.wanted.ingress }), (before) =>
      before === null ? honest.ensure(payload) : Effect.succeed(before)
    )
})

export const suite = Suite.make<IngressBalancers, Service, (typeof IngressBalancers)["laws"], Needs>(IngressBalancers, {
  "ensure/address": check(
    function* ({ ensure, get, one, two }) {
      const asked = wanted()
      const made = yield* settled(ensure(asked))
      assert.ok(
        made.addresses.some(({ hostname, ip }) => (ip === "") !== (hostname === "")),
        "it has no address"
      )
      assert.deepEqual(made.paths, told(asked.paths))
      assert.deepEqual(made.targets.toSorted(), ids([one, two]))
      assert.deepEqual(made.listeners, [{ protocol: "HTTP", port: 80 }])
      assert.deepEqual(yield* get(asked), made)
    },
    ({ ensure }) => ({ ensure: (payload) => Effect.map(ensure(payload), (made) => ({ ...made, addresses: [] })) })
  ),
  "ensure/again": check(
    function* ({ ensure, inventory }) {
      const asked = wanted({ otherwise: backend(30090) })
      const made = yield* settled(ensure(asked))
      const before = yield* inventory
      assert.deepEqual(yield* settled(ensure(asked)), made)
      assert.deepEqual(yield* inventory, before)
    },
    (honest) => ({
      ensure: ({ wanted, ...payload }) => honest.ensure({ ...payload, wanted: { ...wanted, ingress: service() } })
    })
  ),
  "ensure/at-once": check(
    function* ({ ensure, inventory }) {
      const nothing = yield* inventory
      yield* settled(ensure(wanted()))
      const all = yield* inventory
      const other = wanted()
      yield* Effect.all([settled(ensure(other)), settled(ensure(other)), settled(ensure(other))], { concurrency: 3 })
      assert.equal((yield* inventory).length - all.length, all.length - nothing.length)
    },
    (honest) => ({
      ensure: ({ wanted, ...payload }) => honest.ensure({ ...payload, wanted: { ...wanted, ingress: service() } })
    })
  ),
  "ensure/apart": check(
    function* ({ ensure }) {
      const asked = wanted()
      const again = wanted({ ingress: service(asked.ingress.name) })
      const [one, two] = [yield* settled(ensure(asked)), yield* settled(ensure(again))]
      assert.notDeepEqual(one.addresses, two.addresses)
    },
    ({ ensure }) => ({
      ensure: (payload) =>
        Effect.map(ensure(payload), (made) => ({
          ...made,
          addresses: [{ ip: "192.0.2.1", hostname: "", ipMode: "Proxy" }]
        }))
    })
  ),
  "ensure/paths": check(function* ({ ensure, get }) {
    const asked = wanted()
    yield* settled(ensure(asked))
    const closed = path("shop.example", "/closed", 0)
    for (const paths of [[page, shop, web], [web], [{ ...web, backend: backend(30084) }], [closed, web]]) {
      yield* settled(ensure({ ...asked, paths }))
      assert.deepEqual((yield* get(asked))?.paths, told(paths))
    }
  }, stubborn),
  "ensure/order": check(function* ({ ensure, get }) {
    const asked = wanted({ paths: [page, shop, web] })
    yield* settled(ensure(asked))
    const added = path("a.example", "/", 30085)
    for (const paths of [
      [web, shop, page],
      [shop, page, web],
      [shop, added, page, web]
    ]) {
      yield* settled(ensure({ ...asked, paths }))
      assert.deepEqual((yield* get(asked))?.paths, told(paths))
    }
  }, stubborn),
  "ensure/backends": check(
    function* ({ ensure, inventory }) {
      const asked = wanted({ paths: [web] })
      yield* settled(ensure(asked))
      const before = yield* inventory
      yield* settled(ensure({ ...asked, paths: [page, shop, web] }))
      yield* settled(ensure(asked))
      assert.deepEqual(yield* inventory, before)
    },
    (honest) => ({
      ensure: (payload) =>
        Effect.tap(honest.ensure(payload), () => (payload.wanted.paths.length > 1 ? another(honest, payload) : Effect.void))
    })
  ),
  "ensure/targets": check(function* ({ ensure, get, one, two }) {
    const asked = wanted()
    for (const targets of [[one], [two], [one, two], []]) {
      yield* settled(ensure(asked, targets))
      assert.deepEqual((yield* get(asked))?.targets.toSorted(), ids(targets))
    }
  }, stubborn),
  "ensure/tls": check(function* ({ ensure, get, inventory }) {
    const asked = wanted()
    yield* settled(ensure(asked))
    const before = yield* inventory
    yield* settled(ensure({ ...asked, certificates: [yield* certificate("shop.example")] }))
    const secured = yield* inventory
    const now = yield* get(asked)
    assert.deepEqual(
      now?.listeners.toSorted((a, b) => a.port - b.port),
      [
        { protocol: "HTTP", port: 80 },
        { protocol: "HTTPS", port: 443 }
      ]
    )
    assert.deepEqual(now?.certificates, ["laws/tls"])
    yield* settled(ensure({ ...asked, certificates: [yield* certificate("shop.example")] }))
    assert.deepEqual(yield* inventory, secured)
    yield* settled(ensure(asked))
    assert.deepEqual(yield* inventory, before)
  }, stubborn),
  "ensure/refused": check(
    function* ({ ensure, inventory }) {
      const before = yield* inventory
      // What means itself here would stand for others there.
      const refused = yield* Effect.flip(settled(ensure(wanted({ paths: [path("", "/a*b?c", 30080)] }))))
      assert.equal(refused._tag, "Refused")
      assert.deepEqual(yield* inventory, before)
    },
    ({ ensure }) => ({ ensure: (payload) => ensure({ ...payload, wanted: wanted() }) })
  ),
  "get/missing": check(
    function* ({ ensure, get }) {
      yield* settled(ensure(wanted()))
      assert.equal(yield* get(wanted()), null)
    },
    () => ({
      get: ({ ingress }) =>
        Effect.succeed({ ingress, addresses: [], listeners: [], paths: [], certificates: [], targets: [] })
    })
  ),
  "list/own": check(
    function* ({ balancers, cluster, ensure }) {
      const asked = wanted()
      yield* settled(ensure(asked))
      const uids = (cluster: string) => Effect.map(balancers.list({ cluster }), (all) => all.map(({ uid }) => uid))
      assert.ok((yield* uids(cluster)).includes(asked.ingress.uid), "it is not listed")
      assert.ok(!(yield* uids(`${cluster}-not`)).includes(asked.ingress.uid), "another cluster's is listed")
    },
    () => ({ list: () => Effect.succeed([]) })
  ),
  "remove/nothing": check(
    function* ({ ensure, get, inventory, remove }) {
      const asked = wanted({ certificates: [yield* certificate("shop.example")] })
      const before = yield* inventory
      yield* settled(ensure(asked))
      yield* settled(remove(asked))
      assert.equal(yield* get(asked), null)
      assert.deepEqual(yield* inventory, before)
      yield* settled(remove(asked))
    },
    () => ({ remove: () => Effect.void })
  ),
  "interrupted/throttled": patient(interrupted("throttled"), littering),
  "interrupted/lost": patient(interrupted("lost"), littering),
  "interrupted/crash": patient(interrupted("crash"), dying)
})
