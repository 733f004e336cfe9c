/**
 * The checks of the laws of `NetworkAttachment`. They attach Pods of their own, in namespaces that `Namespaces` makes, and need a
 * network whose range nobody else uses meanwhile: they use it up.
 */
import { Context, Effect, Layer, Random, type Scope } from "effect"
import assert from "node:assert/strict"
import { isIP } from "node:net"
import { NetworkAttachment, type NetworkFull } from "../plugins/kubelet/contracts/NetworkAttachment.ts"
import * as Suite from "./Suite.ts"

type Service = NetworkAttachment["Service"]

/** Where the namespaces of the checks come from. */
export class Namespaces extends Context.Service<
  Namespaces,
  {
    /** Its path. It is gone when the scope closes. */
    readonly make: Effect.Effect<string, unknown, Scope.Scope>
    readonly remove: (path: string) => Effect.Effect<void, unknown>
  }
>()("conformance/NetworkAttachment/Namespaces") {
  /** Names and nothing behind them, for networks that do not look. */
  static readonly names = Layer.succeed(
    Namespaces,
    Namespaces.of({
      make: Effect.map(Random.nextInt, (number) => `/run/netns/law-${Math.abs(number)}`),
      remove: () => Effect.void
    })
  )
}

/** More Pods than any range has addresses. */
const many = 300

/** Pods of one runtime that nobody else uses, detached at the end. */
const use = Effect.gen(function* () {
  const network = yield* NetworkAttachment
  const namespaces = yield* Namespaces
  const runtime = `law-${Math.abs(yield* Random.nextInt)}`
  let last = 0
  const pod = Effect.gen(function* () {
    const namespace = yield* namespaces.make
    const given = { pod: `${runtime}-${++last}`, namespace }
    yield* Effect.addFinalizer(() => Effect.ignore(network.detach(given)))
    const attach = Effect.suspend(() => network.attach({ ...given, runtime, ports: [] }))
    return { given, attach, remove: namespaces.remove(namespace) }
  })
  return { network, pod, runtime }
})
type Use = Effect.Success<typeof use>
type Pod = Effect.Success<Use["pod"]>

const check = (
  holds: (use: Use) => Generator<Effect.Effect<unknown, unknown, Scope.Scope>, void, never>,
  saboteur: (honest: Service) => Partial<Service>
) => ({ holds: Effect.scoped(Effect.flatMap(use, Effect.fnUntraced(holds))), saboteur })

const sorted = (addresses: ReadonlyArray<string>) => [...addresses].sort()

/** Attaches Pods until none is taken any more. */
const fill = Effect.fnUntraced(function* (pod: Use["pod"]) {
  const attached: Array<Pod> = []
  for (let count = 0; count < many; count++) {
    const next = yield* pod
    const full = yield* Effect.flip(next.attach).pipe(Effect.catch(() => Effect.succeed(undefined)))
    if (full !== undefined) return { attached, full }
    attached.push(next)
  }
  throw new Error(`${many} Pods were attached, and none refused`)
})

/** Whether a network that was full takes as many Pods as were detached. */
const takesAgain = Effect.fnUntraced(function* (pod: Use["pod"], count: number) {
  for (let number = 0; number < count; number++) yield* (yield* pod).attach
})

const isFull = (error: { readonly _tag: string }): error is NetworkFull => error._tag === "NetworkFull"

type Laws = (typeof NetworkAttachment)["laws"]
export const suite = Suite.make<NetworkAttachment, Service, Laws, NetworkAttachment | Namespaces>(NetworkAttachment, {
  "attach/addresses": check(
    function* ({ pod }) {
      const { addresses } = yield* (yield* pod).attach
      const families = addresses.map((address) => isIP(address))
      assert.ok(families.length > 0 && !families.includes(0), addresses.join(", "))
      assert.equal(new Set(families).size, families.length)
    },
    ({ attach }) => ({
      attach: (of) => Effect.map(attach(of), ({ addresses }) => ({ addresses: [...addresses, ...addresses] }))
    })
  ),
  "attach/again": check(
    function* ({ pod }) {
      const { attach } = yield* pod
      assert.deepEqual((yield* attach).addresses, (yield* attach).addresses)
    },
    ({ attach }) => ({
      attach: (of) => Effect.flatMap(Random.nextInt, (number) => attach({ ...of, pod: `${of.pod}-${Math.abs(number)}` }))
    })
  ),
  "attach/apart": check(
    function* ({ pod }) {
      const pods = yield* Effect.all([pod, pod, pod, pod])
      const all = yield* Effect.forEach(pods, ({ attach }) => attach, { concurrency: "unbounded" })
      const addresses = all.flatMap((one) => one.addresses)
      assert.equal(new Set(addresses).size, addresses.length, addresses.join(", "))
    },
    ({ attach }) => ({ attach: (of) => attach({ ...of, pod: "always-the-same" }) })
  ),
  "attach/full": check(
    function* ({ pod }) {
      const { attached, full } = yield* fill(pod)
      assert.ok(isFull(full), full.message)
      assert.ok(full.used >= attached.length && full.size >= full.used, full.message)
      for (const figure of [full.network, full.range, full.size, full.used]) assert.ok(full.message.includes(`${figure}`))
    },
    ({ attach }) => ({ attach: (of) => Effect.orDie(attach(of)) })
  ),
  "detach/again": check(
    function* ({ network, pod }) {
      const [one, other] = [yield* pod, yield* pod]
      yield* one.attach
      yield* network.detach(one.given)
      yield* network.detach(one.given)
      yield* network.detach({ pod: `${one.given.pod}-never` })
      yield* other.attach
      yield* other.remove
      yield* network.detach({ pod: other.given.pod })
    },
    ({ detach }) => {
      const gone = new Set<string>()
      return {
        detach: (of) =>
          Effect.suspend(() => (gone.size < gone.add(of.pod).size ? detach(of) : Effect.die("no such attachment")))
      }
    }
  ),
  "detach/frees": check(
    function* ({ network, pod }) {
      const { attached } = yield* fill(pod)
      const two = attached.slice(0, 2)
      for (const { given } of two) yield* network.detach(given)
      yield* takesAgain(pod, two.length)
    },
    () => ({ detach: () => Effect.void })
  ),
  "check/attached": check(
    function* ({ network, pod }) {
      const { attach, given } = yield* pod
      yield* attach
      yield* network.check(given)
    },
    ({ check }) => ({ check: (of) => check({ ...of, pod: `${of.pod}-other` }) })
  ),
  "check/detached": check(
    function* ({ network, pod }) {
      const { attach, given } = yield* pod
      assert.equal((yield* Effect.flip(network.check(given)))._tag, "NotAttached")
      yield* attach
      yield* network.detach(given)
      assert.equal((yield* Effect.flip(network.check(given)))._tag, "NotAttached")
    },
    () => ({ check: () => Effect.void })
  ),
  "status/ready": check(
    function* ({ network, pod }) {
      yield* (yield* pod).attach
      assert.deepEqual(yield* network.status(), { ready: true, limited: false, message: "" })
    },
    () => ({ status: () => Effect.succeed({ ready: false, limited: false, message: "not yet" }) })
  ),
  "gc/valid": check(
    function* ({ network, pod, runtime }) {
      const { attach, given } = yield* pod
      const { addresses } = yield* attach
      yield* network.gc({ runtime, valid: [{ pod: given.pod }] })
      yield* network.check(given)
      assert.deepEqual(sorted((yield* attach).addresses), sorted(addresses))
    },
    ({ gc }) => ({ gc: ({ runtime }) => gc({ runtime, valid: [] }) })
  ),
  "gc/others": check(
    function* ({ network, pod, runtime }) {
      const { attached } = yield* fill(pod)
      const [gone, lost, ...rest] = attached
      yield* lost?.remove ?? Effect.void
      yield* network.gc({ runtime, valid: rest.map(({ given }) => ({ pod: given.pod })) })
      if (gone !== undefined) assert.equal((yield* Effect.flip(network.check(gone.given)))._tag, "NotAttached")
      yield* takesAgain(pod, 2)
    },
    () => ({ gc: () => Effect.void })
  ),
  "gc/runtime": check(
    function* ({ network, pod, runtime }) {
      const { attach, given } = yield* pod
      yield* attach
      yield* network.gc({ runtime: `${runtime}-other`, valid: [] })
      yield* network.check(given)
    },
    ({ gc }) => ({ gc: ({ runtime, valid }) => gc({ runtime: runtime.replace("-other", ""), valid }) })
  )
})
