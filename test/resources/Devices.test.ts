/** Dynamic resource allocation: what is wrong with claims, and with devices, in upstream's words. */
import { assert, describe, it } from "@effect/vitest"
import type { ResourceClaim, ResourceSlice } from "../../plugins/resources/contracts/resource/v1.ts"
import { claim } from "../../plugins/resources/resource/ResourceClaim.ts"
import { strategy as slice } from "../../plugins/resources/resource/ResourceSlice.ts"

const metadata = { name: "a", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" }
const texts = (causes: ReadonlyArray<{ readonly field: string; readonly detail: string }> = []) =>
  causes.map(({ detail, field }) => `${field}: ${detail}`)

const claimOf = (devices: ResourceClaim["spec"]["devices"]): ResourceClaim => ({
  metadata,
  spec: { devices },
  status: {}
})
const exactly = { deviceClassName: "gpu", allocationMode: "ExactCount" }

const sliceOf = (spec: Partial<ResourceSlice["spec"]>): ResourceSlice => ({
  metadata,
  spec: {
    driver: "d.example.com",
    nodeName: "n",
    pool: { name: "p", generation: 1, resourceSliceCount: 1 },
    devices: [{ name: "dev" }],
    ...spec
  }
})

describe("devices", () => {
  it("who does not say how many wants one", () => {
    const whole = claim.defaults?.(claimOf({ requests: [{ name: "r", exactly }] }))
    assert.deepStrictEqual(whole?.spec.devices?.requests, [{ name: "r", exactly: { ...exactly, count: 1 } }])
  })

  it("a request is for one thing, or for the first of several", () => {
    const wrong = (devices: ResourceClaim["spec"]["devices"]) => texts(claim.validate?.(claimOf(devices), undefined))
    assert.deepStrictEqual(wrong({ requests: [{ name: "r" }] }), [
      "spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required"
    ])
    const again = { name: "r", exactly: { ...exactly, count: 1 } }
    assert.deepStrictEqual(wrong({ requests: [again, again] }), ['spec.devices.requests[1]: Duplicate value: "r"'])
    assert.deepStrictEqual(wrong({ requests: [again], constraints: [{ requests: ["x"], matchAttribute: "a.b/c" }] }), [
      "spec.devices.constraints[0].requests[0]: Invalid value: \"x\": must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
    ])
  })

  it("the expression of a selector is compiled", () => {
    const wrong = (expression: string) =>
      texts(
        claim.validate?.(
          claimOf({ requests: [{ name: "r", exactly: { ...exactly, count: 1, selectors: [{ cel: { expression } }] } }] }),
          undefined
        )
      )
    const field = "spec.devices.requests[0].exactly.selectors[0].cel.expression"
    assert.deepStrictEqual(wrong("device.capacity['a'].b.isGreaterThan(quantity('1'))"), [])
    assert.deepStrictEqual(wrong("1+1"), [
      `${field}: Invalid value: "1+1": must evaluate to bool or the unknown type, not int`
    ])
    assert.include(wrong("device.foo").join(), "compilation failed: ERROR: <input>:1:7: undefined field 'foo'")
  })

  it("an allocation stands until it is given back", () => {
    const allocated = (device: string): ResourceClaim => ({
      ...claimOf({ requests: [{ name: "r", exactly }] }),
      status: { allocation: { devices: { results: [{ request: "r", driver: "d", pool: "p", device }] } } }
    })
    const wrong = (now: ResourceClaim, old: ResourceClaim) => texts(claim.validateStatus?.(now, old))
    assert.deepStrictEqual(wrong(allocated("x"), claimOf({})), [])
    assert.include(wrong(allocated("y"), allocated("x")).join(), "status.allocation: Invalid value")
    assert.deepStrictEqual(wrong({ ...allocated("x"), status: {} }, allocated("x")), [])
  })

  it("devices are somewhere, and are told apart", () => {
    const wrong = (spec: Partial<ResourceSlice["spec"]>) => texts(slice.validate?.(sliceOf(spec), undefined))
    assert.deepStrictEqual(wrong({}), [])
    assert.deepStrictEqual(wrong({ allNodes: true }), [
      'spec: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required, but multiple fields are set'
    ])
    assert.deepStrictEqual(wrong({ devices: [{ name: "a" }, { name: "a" }] }), ['spec.devices[1]: Duplicate value: "a"'])
    assert.deepStrictEqual(wrong({ devices: [{ name: "a", attributes: { v: { version: "1" } } }] }), [
      'spec.devices[0].attributes[v].version: Invalid value: "1": must be a string compatible with semver.org spec 2.0.0'
    ])
    assert.deepStrictEqual(slice.warnings?.(sliceOf({ driver: "A" }), undefined), [
      'spec.driver: driver names should be lowercase; "A" contains uppercase characters'
    ])
  })
})
