/** ECS keeps the laws of a service that runs Pods, and Pods of a virtual node are its tasks; what it cannot run is refused with the reason. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Definition from "../../adapters/cloud/aws/ecs/Definition.ts"
import { layer } from "../../conformance/adapters/ecs.ts"
import * as ContainerService from "../../conformance/ContainerService.ts"
import * as Moto from "../../conformance/stage/Moto.ts"
import { left } from "../Left.ts"
import { verify } from "../Verify.ts"

const lacks = Moto.lacks()
describe.skipIf(lacks.length > 0)(`on moto${left(lacks)}`, () => {
  verify("ECS", ContainerService.suite, layer)
})

const roles = { executionRole: "", taskRole: "" }
const pod = (spec: object) => ({
  metadata: { uid: "1", namespace: "default", name: "web" },
  spec: { nodeName: "ecs", containers: [{ name: "web", image: "nginx" }], ...spec }
})
const definition = (spec: object) =>
  Effect.flatMap(Definition.given(pod(spec)), (given) => Definition.definition("k8s-1", given, roles))

describe("a Pod as a task", () => {
  it.effect("has the smallest size that holds it, restarts as the Pod does, and begins with what the Pod begins with", () =>
    Effect.gen(function* () {
      const resources = { requests: { cpu: "300m", memory: "3Gi" } }
      const made = yield* definition({
        restartPolicy: "OnFailure",
        initContainers: [
          { name: "first", image: "busybox" },
          { name: "second", image: "busybox" }
        ],
        containers: [{ name: "web", image: "nginx", command: ["nginx"], args: ["-g", "daemon off;"], resources }]
      })
      assert.deepInclude(made, { cpu: "512", memory: "3072", networkMode: "awsvpc" })
      const [first, second, web] = made.containerDefinitions ?? []
      assert.isUndefined(first?.dependsOn)
      assert.deepStrictEqual(second?.dependsOn, [{ containerName: "first", condition: "SUCCESS" }])
      assert.deepStrictEqual(web?.dependsOn, [{ containerName: "second", condition: "SUCCESS" }])
      assert.deepInclude(web, { entryPoint: ["nginx"], command: ["-g", "daemon off;"], essential: true })
      assert.deepStrictEqual(web?.restartPolicy, { enabled: true, ignoredExitCodes: [0] })
    })
  )
  it.effect("is refused for what ECS has not", () =>
    Effect.gen(function* () {
      const reasons = yield* Effect.forEach(
        [
          { hostNetwork: true },
          { initContainers: [{ name: "side", image: "x", restartPolicy: "Always" }] },
          { volumes: [{ name: "data", hostPath: { path: "/" } }] },
          { containers: [{ name: "web", image: "nginx", env: [{ name: "A", valueFrom: {} }] }] },
          { containers: [{ name: "web", image: "nginx", resources: { requests: { cpu: "64" } } }] }
        ],
        (spec) => Effect.map(Effect.flip(definition(spec)), ({ message }) => message)
      )
      assert.deepStrictEqual(reasons, [
        "Pods of the host's network cannot run on ECS",
        "the container side begins before others and goes on, which ECS has not",
        "the volume data is of a kind that ECS has not: only emptyDir is",
        "the container web has variables from elsewhere, which nobody reads on ECS",
        "no task of Fargate has as much as its containers ask for"
      ])
    })
  )
})
