/** Fields of Pods that the server decides: profiles that annotations name, and features that are off. */
import { assert, describe, it } from "@effect/vitest"
import type { Pod, PodSpec } from "../../plugins/resources/contracts/core/v1.ts"
import * as AppArmor from "../../plugins/resources/core/AppArmor.ts"
import { dropping } from "../../plugins/resources/core/PodFeatures.ts"

const annotation = "container.apparmor.security.beta.kubernetes.io/c"
const container: PodSpec["containers"][number] = {
  name: "c",
  image: "x",
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File"
}
const podOf = (annotations: { readonly [key: string]: string }, more: Partial<PodSpec> = {}): Pod => ({
  metadata: { name: "a", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z", annotations },
  spec: {
    containers: [container],
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    ...more
  },
  status: {}
})
const fields = (causes: ReadonlyArray<{ readonly field: string }>) => causes.map(({ field }) => field)

describe("fields of Pods", () => {
  it("a profile that an annotation names is the container's", () => {
    const told = AppArmor.withProfiles(podOf({ [annotation]: "localhost/foo" }))
    const profile = { type: "Localhost", localhostProfile: "foo" }
    assert.deepStrictEqual(told.spec.containers[0]?.securityContext?.appArmorProfile, profile)
    assert.lengthOf(AppArmor.profileWarnings(podOf({ [annotation]: "unconfined" })), 1)
  })

  it("what annotations and fields say of a profile is one thing", () => {
    const securityContext = { appArmorProfile: { type: "RuntimeDefault" } }
    const pod = podOf({ [annotation]: "unconfined" }, { containers: [{ ...container, securityContext }] })
    assert.deepStrictEqual(fields(AppArmor.validateProfiles(pod)), [
      "spec.containers[0].securityContext.appArmorProfile.type"
    ])
    assert.deepStrictEqual(fields(AppArmor.validateProfiles(podOf({ [annotation]: "bar" }))), [
      `metadata.annotations[${annotation}]`
    ])
  })

  it("what belongs to features that are off is dropped", () => {
    const drop = dropping<Pod>("pods")
    const plain = podOf({})
    assert.strictEqual(drop?.(plain), plain)
    const given = podOf({}, { schedulingGroup: { podGroupName: "g" } })
    assert.deepStrictEqual(drop?.(given).spec, plain.spec)
    assert.isUndefined(dropping("configmaps"))
  })
})
