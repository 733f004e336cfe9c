/** Keys become subjects without loss, whatever they hold. */
import { assert, it } from "@effect/vitest"
import fc from "fast-check"
import * as Subject from "../../kernel/store/jetstream/Subject.ts"

const { keyOf, object } = Subject.make("main", "objects")
const letters = fc.constantFrom(..."ab=.*>/ 2EF-_%\\é😀\0\r\n\t$")
const key = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.array(letters, { maxLength: 30 }).map((all) => all.join(""))
)

it("every key comes back, and its subject is a legal one", () => {
  fc.assert(
    fc.property(key, (key) => {
      const subject = object(key)
      assert.strictEqual(keyOf(subject), key)
      assert.match(subject, /^k8s\.main\.objects\.o(\.[A-Za-z0-9_=-]+)+$/)
    }),
    { numRuns: 2000 }
  )
})

it("names look as they are", () => {
  assert.strictEqual(
    object("core/configmaps/default/kube-root-ca.crt"),
    "k8s.main.objects.o.core.configmaps.default.kube-root-ca=2Ecrt"
  )
  assert.strictEqual(object("nodes//system:node:a"), "k8s.main.objects.o.nodes.=.system=3Anode=3Aa")
})

it("what is no object's has no key", () => {
  assert.isUndefined(keyOf("k8s.main.objects.m.compact"))
  assert.isUndefined(keyOf("k8s.main.events.o.a"))
})
