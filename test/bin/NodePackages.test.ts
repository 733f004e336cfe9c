/** What is from outside is one of the node's own, while one version of it follows another too: a runtime, a driver of volumes. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as MemoryNetworkAttachment from "../../adapters/memory/MemoryNetworkAttachment.ts"
import * as MemoryPowers from "../../adapters/memory/MemoryPowers.ts"
import * as NodePackages from "../../bin/NodePackages.ts"
import type { Contract } from "../../kernel/plugin/Contract.ts"
import { Attachments } from "../../plugins/packages/contracts/Attachments.ts"
import { ContainerRuntime } from "../../plugins/kubelet/contracts/ContainerRuntime.ts"
import * as VolumesPlugin from "../../plugins/volumes/contracts/VolumesPlugin.ts"
import * as Drivers from "../../plugins/volumes/contracts/Drivers.ts"
import { Volumes } from "../../plugins/volumes/contracts/Volumes.ts"
import * as Runtimes from "../../plugins/kubelet/runtimes/Runtimes.ts"
import * as NodeContracts from "../../plugins/packages/node/NodeContracts.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "keelson-node-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** As the loader does it with each contract that the package offers. */
const attach = Effect.fnUntraced(function* (attachments: Attachments["Service"], version: string) {
  const memory = MemoryPowers.layer({ network: "given", images: [] })
  const scope = yield* Scope.make()
  const services = yield* Layer.buildWithScope(memory, scope)
  const contracts: ReadonlyArray<Contract<unknown, unknown>> = NodeContracts.runtime
  for (const contract of contracts) {
    const about = { name: "lab", version, fallback: "Fail", callTimeoutMillis: 1000 } as const
    const handle: unknown = Context.getUnsafe(services, contract)
    yield* Scope.provide(attachments.find(contract.key)?.attach(handle, about) ?? Effect.die("not taken"), scope)
  }
  return Scope.close(scope, Exit.void)
})

it.live("its handler is there from the first version on, until the last has gone", () =>
  Effect.gen(function* () {
    const own = Runtimes.layer({ default: "own", runtimes: { own: MemoryPowers.layer({ network: "runtime", images: [] }) } })
    const node = Layer.provideMerge(NodePackages.runtimes(yield* folder), own).pipe(
      Layer.provideMerge(Layer.merge(Attachments.layer, MemoryNetworkAttachment.layer()))
    )
    const services = yield* Layer.build(node)
    const [runtime, attachments] = [Context.get(services, ContainerRuntime), Context.get(services, Attachments)]
    const described = Effect.suspend(() => runtime.describe())
    const handlers = Effect.map(described, ({ handlers }) => handlers.map(({ name }) => name).includes("lab"))
    assert.isFalse(yield* handlers)
    const first = yield* attach(attachments, "1.0.0")
    assert.isTrue(yield* handlers)
    const second = yield* attach(attachments, "2.0.0")
    yield* first
    assert.isTrue(yield* handlers)
    yield* second
    assert.isFalse(yield* handlers)
  })
)

const nothing = () => Effect.fail(VolumesPlugin.refused("UNIMPLEMENTED", "not here"))
const driver = (version: string) =>
  VolumesPlugin.service({
    driver: "lab.example",
    version,
    node: { id: "n1", topology: {} },
    provision: nothing,
    delete: nothing,
    publish: nothing,
    unpublish: nothing
  })

it.live("it is a driver of the node's volumes from the first version on, until the last has gone", () =>
  Effect.gen(function* () {
    const node = Layer.provideMerge(NodePackages.volumes, Layer.merge(Attachments.layer, Drivers.layer))
    const services = yield* Layer.build(node)
    const [drivers, attachments] = [Context.get(services, Drivers.Drivers), Context.get(services, Attachments)]
    const found = () => drivers.get("lab.example")?.about.version
    const take = Effect.fnUntraced(function* (version: string) {
      const scope = yield* Scope.make()
      const about = { name: "lab", version, fallback: "Fail", callTimeoutMillis: 1000 } as const
      const attach = attachments.find(Volumes.key)?.attach(driver(version), about) ?? Effect.die("not taken")
      yield* Scope.provide(attach, scope)
      return Scope.close(scope, Exit.void)
    })
    assert.strictEqual(found(), undefined)
    const first = yield* take("1.0.0")
    assert.strictEqual(found(), "1.0.0")
    const second = yield* take("2.0.0")
    yield* first
    assert.strictEqual(found(), "2.0.0")
    assert.isTrue(drivers.get("lab.example")?.isController)
    yield* second
    assert.strictEqual(found(), undefined)
  })
)
