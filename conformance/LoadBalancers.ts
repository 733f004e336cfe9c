/** The checks of the laws of `LoadBalancers`, the same for every cloud. */
import { Effect, type Scope } from "effect"
import assert from "node:assert/strict"
import { Instances } from "../plugins/cloud/contracts/Instances.ts"
import { LoadBalancers, type Target, type Wanted } from "../plugins/cloud/contracts/LoadBalancers.ts"
import { atEveryCall, CloudBed, type Fault, machine, service, settled, target, wanted } from "./cloud/Bed.ts"
import * as Suite from "./Suite.ts"

type Service = LoadBalancers["Service"]
type Needs = CloudBed | Instances | LoadBalancers

/** A machine that traffic can be sent to. */
const backend = Effect.fnUntraced(function* (zone: 0 | 1) {
  const node = yield* machine("node", zone)
  const { addresses, providerID } = yield* Effect.flatMap(Instances, (instances) => instances.find({ node }))
  return target({ ...node, addresses }, providerID)
})

const use = Effect.gen(function* () {
  const { cluster, inventory } = yield* CloudBed
  const balancers = yield* LoadBalancers
  const [one, two] = [yield* backend(0), yield* backend(1)]
  const made: Array<Wanted["service"]> = []
  const ensure = (wanted: Wanted, targets: ReadonlyArray<Target> = [one, two]) =>
    Effect.suspend(() => {
      made.push(wanted.service)
      return balancers.ensure({ cluster, wanted, targets })
    })
  const remove = ({ service }: Wanted) => balancers.remove({ cluster, service })
  const get = ({ service }: Wanted) => balancers.get({ cluster, service })
  const update = (wanted: Wanted, targets: ReadonlyArray<Target>) => balancers.update({ cluster, wanted, targets })
  yield* Effect.addFinalizer(() =>
    Effect.forEach(made, (service) => Effect.ignore(settled(balancers.remove({ cluster, service }))), { discard: true })
  )
  return { balancers, cluster, inventory, one, two, ensure, remove, get, update }
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

const ports = (all: ReadonlyArray<{ readonly protocol: string; readonly port: number; readonly nodePort: number }>) =>
  all.map(({ nodePort, port, protocol }) => `${protocol} ${port} ${nodePort}`).toSorted()
const ids = (targets: ReadonlyArray<Target>) => targets.map(({ providerID }) => providerID).toSorted()
const another = { name: "https", protocol: "TCP", port: 443, nodePort: 30443 } as const

/** It is made in the end, and once; it is removed in the end, and nothing of it is left. */
const interrupted = (fault: Fault) =>
  function* ({ ensure, inventory, remove }: Use) {
    const web = wanted({ ports: [...wanted().ports, another] })
    const nothing = yield* inventory
    yield* settled(ensure(web))
    const all = yield* inventory
    const made = Effect.gen(function* () {
      yield* settled(ensure(web))
      assert.deepEqual(yield* inventory, all)
    })
    const unmade = Effect.gen(function* () {
      yield* settled(remove(web))
      assert.deepEqual(yield* inventory, nothing)
    })
    yield* atEveryCall(fault, remove(web), Effect.andThen(unmade, made))
    yield* unmade
    yield* atEveryCall(fault, ensure(web), Effect.andThen(made, unmade))
  }

/** Each time it fails, something is left that nobody finds again: a balancer for a Service that there is not. */
const littering = ({ ensure }: Service): Partial<Service> => ({
  ensure: (payload) =>
    Effect.tapError(ensure(payload), () => {
      const { cluster, targets, wanted } = payload
      return Effect.ignore(ensure({ cluster, targets, wanted: { ...wanted, service: service() } }))
    })
})
/** Whoever is interrupted has left something. */
const dying = ({ ensure }: Service): Partial<Service> => ({
  ensure: (payload) =>
    Effect.onInterrupt(ensure(payload), () => {
      const { cluster, targets, wanted } = payload
      return Effect.ignore(ensure({ cluster, targets, wanted: { ...wanted, service: service() } }))
    })
})

export const suite = Suite.make<LoadBalancers, Service, (typeof LoadBalancers)["laws"], Needs>(LoadBalancers, {
  "ensure/address": check(
    function* ({ ensure, get, one, two }) {
      const web = wanted()
      const made = yield* settled(ensure(web))
      assert.ok(
        made.ingress.some(({ hostname, ip }) => (ip === "") !== (hostname === "")),
        "it has no address"
      )
      assert.deepEqual(ports(made.ports), ports(web.ports))
      assert.deepEqual(made.targets.toSorted(), ids([one, two]))
      assert.deepEqual(yield* get(web), made)
    },
    ({ ensure }) => ({ ensure: (payload) => Effect.map(ensure(payload), (made) => ({ ...made, ingress: [] })) })
  ),
  "ensure/again": check(
    function* ({ ensure, inventory }) {
      const web = wanted()
      const made = yield* settled(ensure(web))
      const before = yield* inventory
      assert.deepEqual(yield* settled(ensure(web)), made)
      assert.deepEqual(yield* inventory, before)
    },
    (honest) => ({
      ensure: ({ wanted, ...payload }) => honest.ensure({ ...payload, wanted: { ...wanted, service: service() } })
    })
  ),
  "ensure/at-once": check(
    function* ({ ensure, inventory }) {
      const web = wanted()
      const nothing = yield* inventory
      yield* settled(ensure(web))
      const all = yield* inventory
      const other = wanted()
      yield* Effect.all([settled(ensure(other)), settled(ensure(other)), settled(ensure(other))], { concurrency: 3 })
      assert.equal((yield* inventory).length - all.length, all.length - nothing.length)
    },
    (honest) => ({
      ensure: ({ wanted, ...payload }) => honest.ensure({ ...payload, wanted: { ...wanted, service: service() } })
    })
  ),
  "ensure/apart": check(
    function* ({ ensure }) {
      const web = wanted()
      const again = wanted({ service: service(web.service.name) })
      const [one, two] = [yield* settled(ensure(web)), yield* settled(ensure(again))]
      assert.notDeepEqual(one.ingress, two.ingress)
    },
    ({ ensure }) => ({
      ensure: (payload) =>
        Effect.map(ensure(payload), (made) => ({ ...made, ingress: [{ ip: "192.0.2.1", hostname: "", ipMode: "VIP" }] }))
    })
  ),
  "ensure/ports": check(
    function* ({ ensure, get }) {
      const web = wanted()
      yield* settled(ensure(web))
      for (const changed of [[...web.ports, another], [another], [{ ...another, nodePort: 30444 }]]) {
        yield* settled(ensure({ ...web, ports: changed }))
        assert.deepEqual(ports((yield* get(web))?.ports ?? []), ports(changed))
      }
    },
    (honest) => ({
      ensure: (payload) => {
        const { cluster, wanted } = payload
        return Effect.flatMap(honest.get({ cluster, service: wanted.service }), (before) =>
          before === null ? honest.ensure(payload) : Effect.succeed(before)
        )
      }
    })
  ),
  "ensure/targets": check(
    function* ({ ensure, get, one, two }) {
      const web = wanted()
      for (const targets of [[one], [two], [one, two], []]) {
        yield* settled(ensure(web, targets))
        assert.deepEqual((yield* get(web))?.targets.toSorted(), ids(targets))
      }
    },
    (honest) => ({
      ensure: (payload) =>
        Effect.flatMap(honest.get({ ...payload, service: payload.wanted.service }), (before) =>
          before === null ? honest.ensure(payload) : Effect.succeed(before)
        )
    })
  ),
  "ensure/refused": check(
    function* ({ ensure, inventory }) {
      const { impossible } = yield* CloudBed
      const before = yield* inventory
      const refused = yield* Effect.flip(settled(ensure(wanted(impossible))))
      assert.equal(refused._tag, "Refused")
      assert.deepEqual(yield* inventory, before)
    },
    ({ ensure }) => ({ ensure: (payload) => ensure({ ...payload, wanted: wanted() }) })
  ),
  "update/targets": check(
    function* ({ ensure, get, one, two, update }) {
      const web = wanted()
      const made = yield* settled(ensure(web, [one]))
      for (const targets of [[one, two], [two]]) {
        yield* settled(update(web, targets))
        const now = yield* get(web)
        assert.deepEqual(now && { ...now, targets: now.targets.toSorted() }, { ...made, targets: ids(targets) })
      }
    },
    () => ({ update: () => Effect.void })
  ),
  "update/missing": check(
    function* ({ inventory, one, update }) {
      const before = yield* inventory
      const missing = yield* Effect.flip(settled(update(wanted(), [one])))
      assert.equal(missing._tag, "LoadBalancerNotFound")
      assert.deepEqual(yield* inventory, before)
    },
    (honest) => ({ update: (payload) => Effect.asVoid(honest.ensure(payload)) })
  ),
  "get/missing": check(
    function* ({ ensure, get }) {
      yield* settled(ensure(wanted()))
      assert.equal(yield* get(wanted()), null)
    },
    () => ({ get: ({ service }) => Effect.succeed({ service, ingress: [], ports: [], targets: [] }) })
  ),
  "list/own": check(
    function* ({ balancers, cluster, ensure }) {
      const web = wanted()
      yield* settled(ensure(web))
      const uids = (cluster: string) => Effect.map(balancers.list({ cluster }), (all) => all.map(({ uid }) => uid))
      assert.ok((yield* uids(cluster)).includes(web.service.uid), "it is not listed")
      assert.ok(!(yield* uids(`${cluster}-not`)).includes(web.service.uid), "another cluster's is listed")
    },
    () => ({ list: () => Effect.succeed([]) })
  ),
  "remove/nothing": check(
    function* ({ ensure, get, inventory, remove }) {
      const web = wanted({ ports: [...wanted().ports, another] })
      const before = yield* inventory
      yield* settled(ensure(web))
      yield* settled(remove(web))
      assert.equal(yield* get(web), null)
      assert.deepEqual(yield* inventory, before)
      yield* settled(remove(web))
    },
    () => ({ remove: () => Effect.void })
  ),
  "interrupted/throttled": patient(interrupted("throttled"), littering),
  "interrupted/lost": patient(interrupted("lost"), littering),
  "interrupted/crash": patient(interrupted("crash"), dying)
})
