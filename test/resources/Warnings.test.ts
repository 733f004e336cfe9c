/** What is told of what is accepted, and may not be meant. The words are those that kube-apiserver 1.36 answers. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { WireObject } from "../../kernel/client/Api.ts"
import { masters } from "../../kernel/pipeline/Attributes.ts"
import { Pipeline } from "../../kernel/pipeline/Pipeline.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { kernel } from "./Kernel.ts"

const meta = { name: "one" }
const container = { name: "c", image: "i" }
const env = [
  { name: "A", value: "1" },
  { name: "A", value: "2" }
]
const hidden = 'hides previous definition of "A", which may be dropped when using apply'
const ports = (...all: ReadonlyArray<WireObject>) => ({ containers: [{ ...container, ports: all }] })
const port = (more: WireObject = {}): WireObject => ({ containerPort: 80, ...more })

const specs: ReadonlyArray<readonly [spec: WireObject, ...warnings: ReadonlyArray<string>]> = [
  [{}],
  [{ containers: [{ ...container, env }] }, `spec.containers[0].env[1]: ${hidden}`],
  [
    { nodeSelector: { "beta.kubernetes.io/os": "linux" } },
    'spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead'
  ],
  [
    { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway" }] },
    "spec.topologySpreadConstraints[0].labelSelector: a null labelSelector results in matching no pod"
  ],
  [{ imagePullSecrets: [{ name: "a" }, { name: "a" }] }, 'spec.imagePullSecrets[1].name: duplicate name "a"'],
  [
    { volumes: [{ name: "v", gitRepo: { repository: "x" } }] },
    "spec.volumes[0].gitRepo: deprecated in v1.11, and disabled by default in v1.33+"
  ],
  [
    {
      volumes: [
        {
          name: "v",
          configMap: {
            name: "m",
            items: [
              { key: "a", path: "x" },
              { key: "b", path: "x/y" }
            ]
          }
        }
      ]
    },
    'volume "v" (ConfigMap "m"): overlapping paths: "x/y" with "x"'
  ],
  [ports(port(), port()), "spec.containers[0].ports[1]: duplicate port definition with spec.containers[0].ports[0]"],
  [
    ports(port({ hostPort: 80 }), port()),
    "spec.containers[0].ports[1]: overlapping port definition with spec.containers[0].ports[0]"
  ],
  [
    ports(port({ hostPort: 80 }), port({ hostPort: 80, hostIP: "1.1.1.1" })),
    "spec.containers[0].ports[1]: dangerously ambiguous port definition with spec.containers[0].ports[0]"
  ],
  [ports(port({ hostPort: 80 }), port({ hostPort: 81 }))],
  [
    { containers: [{ ...container, resources: { requests: { memory: "1500m", cpu: "1500m" } } }] },
    'spec.containers[0].resources.requests[memory]: fractional byte value "1500m" is invalid, must be an integer'
  ]
]

const told = (resource: string, group: string, version: string, object: WireObject) =>
  Effect.gen(function* () {
    const pipeline = yield* Pipeline
    const found = (yield* Kinds).find(group, version, resource)
    if (found === undefined) return assert.fail(`there are no ${resource}`)
    const user = { name: "tester", groups: [masters] }
    const at = { user, ...found, namespace: "default", name: "", subresource: "" }
    const { warnings } = yield* pipeline.create(at, object, { dryRun: true })
    return warnings
  }).pipe(Effect.provide(kernel))

describe("warnings of Pods", () => {
  it.effect.each(specs.map(([spec, ...warnings]) => ({ spec, warnings })))("$spec", ({ spec, warnings }) =>
    Effect.gen(function* () {
      const pod = { metadata: meta, spec: { containers: [container], ...spec } }
      assert.deepStrictEqual(yield* told("pods", "", "v1", pod), warnings)
    })
  )

  it.effect("of a template name the place in it, and of a name that makes no host's name", () =>
    Effect.gen(function* () {
      const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ ...container, env }] } }
      const deployment = { metadata: { name: "a.b" }, spec: { selector: { matchLabels: { a: "b" } }, template } }
      assert.deepStrictEqual(yield* told("deployments", "apps", "v1", deployment), [
        "metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [must not contain dots]",
        `spec.template.spec.containers[0].env[1]: ${hidden}`
      ])
    })
  )
})
