/** What a scheduler is asked: stories of a few Pods each, told one step after another. */
import { Effect } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import {
  PersistentVolume,
  PersistentVolumeClaim,
  type PodDraft,
  type PodSpecDraft
} from "../../plugins/resources/contracts/core/v1.ts"
import { ResourceClaim, type ResourceClaimDraft } from "../../plugins/resources/contracts/resource/v1.ts"

export const namespace = "story"
export const at = (name: string) => ({ namespace, name })

/** A Pod that is made, or something else that happens. */
export type Step = PodDraft | Effect.Effect<unknown, unknown, Client>

const asks = (cpu: string) => ({ requests: { cpu } })
const pod = (name: string, spec: Partial<PodSpecDraft> = {}, labels: { [key: string]: string } = {}): PodDraft => ({
  metadata: { ...at(name), labels },
  spec: { containers: [{ name: "c", image: "i", resources: asks("100m") }], terminationGracePeriodSeconds: 0, ...spec }
})
const sized = (name: string, cpu: string, more: Partial<PodSpecDraft> = {}) =>
  pod(name, { containers: [{ name: "c", image: "i", resources: asks(cpu) }], ...more })
const inZone = (zone: string) => ({ nodeSelector: { "topology.kubernetes.io/zone": zone } })
const selector = { matchLabels: { app: "x" } }
const app = { app: "x" }
const term = (topologyKey: string) => [{ labelSelector: selector, topologyKey }]
const required = (topologyKey: string) => ({ requiredDuringSchedulingIgnoredDuringExecution: term(topologyKey) })

const claim = (name: string, devices: ResourceClaimDraft["spec"]["devices"]) =>
  Effect.flatMap(Client, (client) =>
    client.create(ResourceClaim, { metadata: at(name), spec: devices === undefined ? {} : { devices } })
  )
const uses = (name: string, ...claims: ReadonlyArray<string>) =>
  pod(name, { resourceClaims: claims.map((resourceClaimName) => ({ name: resourceClaimName, resourceClaimName })) })
type Request = NonNullable<NonNullable<ResourceClaimDraft["spec"]["devices"]>["requests"]>[number]
const gpu = (more: Partial<NonNullable<Request["exactly"]>> = {}): Request => ({
  name: "r",
  exactly: { deviceClassName: "gpu", ...more }
})
const cel = (expression: string) => [{ cel: { expression } }]
const model = (of: string) => cel(`device.attributes["d.example.com"].model == "${of}"`)
const wants = (name: string, storageClassName: string) =>
  Effect.flatMap(Client, (client) =>
    client.create(PersistentVolumeClaim, {
      metadata: at(name),
      spec: { accessModes: ["ReadWriteOnce"], storageClassName, resources: { requests: { storage: "1Gi" } } }
    })
  )
const mounts = (claimName: string) => ({ volumes: [{ name: "v", persistentVolumeClaim: { claimName } }] })

/** Pods are made one after the other, each when what comes of the one before is known. */
export const stories: { readonly [name: string]: ReadonlyArray<Step> } = {
  "a node that has what is asked for": [pod("zone", inZone("b")), sized("vast", "64"), pod("nowhere", inZone("c"))],
  "taints and node affinity": [
    pod("tolerant", {
      tolerations: [{ key: "dedicated", operator: "Exists" }],
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a2"] }] }]
          }
        }
      }
    }),
    pod("named", {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchFields: [{ key: "metadata.name", operator: "In", values: ["a2"] }] }]
          }
        }
      }
    }),
    pod("preferring", {
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 100, preference: { matchExpressions: [{ key: "disk", operator: "In", values: ["ssd"] }] } }
          ]
        }
      }
    })
  ],
  "affinity and anti-affinity": [
    pod("first", { ...inZone("a"), affinity: { podAntiAffinity: required("kubernetes.io/hostname") } }, app),
    pod("second", { ...inZone("a"), affinity: { podAntiAffinity: required("kubernetes.io/hostname") } }, app),
    pod("near", { affinity: { podAffinity: required("topology.kubernetes.io/zone") } }),
    pod("nobody", {
      affinity: {
        podAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [
            { labelSelector: { matchLabels: { app: "none" } }, topologyKey: "topology.kubernetes.io/zone" }
          ]
        }
      }
    })
  ],
  spread: [
    ...["s1", "s2"].map((name) =>
      pod(
        name,
        {
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: "topology.kubernetes.io/zone",
              whenUnsatisfiable: "DoNotSchedule",
              labelSelector: selector
            }
          ],
          ...(name === "s1" && inZone("a"))
        },
        app
      )
    ),
    pod(
      "s3",
      {
        ...inZone("a"),
        topologySpreadConstraints: [
          { maxSkew: 1, topologyKey: "rack", whenUnsatisfiable: "DoNotSchedule", labelSelector: selector }
        ]
      },
      app
    )
  ],
  ports: ["p1", "p2"].map((name) =>
    pod(name, {
      ...inZone("b"),
      containers: [{ name: "c", image: "i", ports: [{ containerPort: 80, hostPort: 8080 }] }]
    })
  ),
  "what is not a resource of its own": [
    pod("licence", {
      ...inZone("b"),
      containers: [{ name: "c", image: "i", resources: { limits: { "example.com/licence": "1" } } }]
    }),
    pod("another", {
      ...inZone("b"),
      containers: [{ name: "c", image: "i", resources: { limits: { "example.com/licence": "1" } } }]
    })
  ],
  volumes: [
    pod("lost", mounts("missing")),
    wants("now", "now"),
    pod("immediate", mounts("now")),
    wants("later", "later"),
    pod("early", mounts("later")),
    Effect.flatMap(Client, (client) =>
      client.create(PersistentVolume, {
        metadata: { name: "disk" },
        spec: {
          accessModes: ["ReadWriteOnce"],
          capacity: { storage: "2Gi" },
          storageClassName: "later",
          local: { path: "/disk" },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: ["a2"] }] }]
            }
          }
        }
      })
    ),
    pod("taken", mounts("later"))
  ],
  preemption: [
    sized("low", "1500m", inZone("b")),
    sized("equal", "1500m", inZone("b")),
    sized("never", "1500m", { ...inZone("b"), priorityClassName: "polite" }),
    sized("high", "1500m", { ...inZone("b"), priorityClassName: "high" })
  ],
  "claims to devices": [
    claim("classless", { requests: [gpu({ deviceClassName: "none" })] }),
    uses("classless", "classless"),
    claim("large", { requests: [gpu({ selectors: model("large") })] }),
    uses("large", "large"),
    uses("shares", "large"),
    claim("rest", { requests: [gpu({ allocationMode: "All" })] }),
    uses("rest", "rest"),
    claim("wrong", { requests: [gpu({ selectors: cel(`device.attributes["d.example.com"].colour == "red"`) })] }),
    uses("wrong", "wrong")
  ],
  "devices that go together": [
    claim("options", {
      requests: [
        {
          name: "r",
          firstAvailable: [
            { name: "best", deviceClassName: "gpu", count: 2, selectors: model("large") },
            { name: "good", deviceClassName: "gpu", count: 2 }
          ]
        },
        { name: "more", exactly: { deviceClassName: "gpu", tolerations: [{ key: "broken", operator: "Exists" }] } }
      ],
      constraints: [{ requests: ["r"], matchAttribute: "d.example.com/model" }],
      config: [{ requests: ["r/good"], opaque: { driver: "d.example.com", parameters: { mine: true } } }]
    }),
    uses("options", "options"),
    claim("tolerant", {
      requests: [gpu({ tolerations: [{ key: "broken", operator: "Exists" }], capacity: { requests: { memory: "1Gi" } } })]
    }),
    uses("tolerant", "tolerant"),
    claim("none", { requests: [gpu()] }),
    uses("none", "none"),
    claim("admin", { requests: [gpu({ adminAccess: true, count: 3 })] }),
    uses("admin", "admin")
  ]
}

/** Stories for a scheduler that asks an extender. */
export const extended: typeof stories = {
  "asked for its opinion": [pod("liked"), pod("disliked", inZone("a"))],
  "asked about what it manages": [
    pod("licensed", {
      ...inZone("b"),
      containers: [{ name: "c", image: "i", resources: { limits: { "example.com/licence": "1" } } }]
    })
  ],
  "asked who has to go": [
    sized("low", "1500m", inZone("b")),
    sized("high", "1500m", { ...inZone("b"), priorityClassName: "high" })
  ]
}
