/** Who leads a node's Pods to others, when one takes another's place. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import * as Flanneld from "../../adapters/cni/flannel/Flanneld.ts"
import * as Owners from "../../adapters/cni/flannel/Owners.ts"
import { cluster } from "../controllers/Cluster.ts"
import { Layer } from "effect"

const claim = Effect.fnUntraced(function* (kind: Owners.Kind, hasTunnel: boolean) {
  const scope = yield* Scope.make()
  const successor = yield* Scope.provide(scope)(Owners.claim("owned", kind, hasTunnel))
  return { successor, end: Scope.close(scope, Exit.void) }
})

describe("owners", () => {
  it.effect("know who came after them, as long as that is there", () =>
    Effect.gen(function* () {
      const first = yield* claim("vxlan", true)
      assert.isUndefined(first.successor())
      const second = yield* claim("host-gw", false)
      assert.deepStrictEqual(first.successor(), { kind: "host-gw", hasTunnel: false })
      assert.isUndefined(second.successor())
      yield* second.end
      assert.isUndefined(first.successor())
      assert.isTrue(Owners.isClaimed("owned"))
      yield* first.end
      assert.isFalse(Owners.isClaimed("owned"))
    })
  )
  it.effect("lose nothing to a flanneld that cannot be started", () =>
    Effect.gen(function* () {
      const first = yield* claim("vxlan", true)
      const options = {
        directory: "/nowhere/cni",
        nodeName: "owned",
        addresses: ["192.0.2.77"],
        podCidrs: ["10.244.0.0/16"]
      }
      const api = Effect.die("nobody is asked")
      const failed = yield* Effect.exit(Layer.build(Flanneld.layer({ ...options, api, program: "/nowhere/flanneld" })))
      assert.isTrue(Exit.isFailure(failed))
      assert.isUndefined(first.successor())
      yield* first.end
    }).pipe(Effect.scoped, Effect.provide(cluster()))
  )
})
