/** What `kubectl get pods.metrics.k8s.io` shows: usage as rows. Source: meta.k8s.io/v1 Table; the columns are upstream's metrics-server's. */

/** A node or a Pod; of a Pod `usage` is that of all its containers. */
export interface Shown {
  readonly object: { readonly metadata: { readonly name: string }; readonly window: string }
  readonly usage: { readonly cpu: string; readonly memory: string }
}

/** The version of Table that a client asks for before anything else. */
export const asked = (accept = ""): string | undefined => {
  const [first = ""] = accept.split(",")
  return /;as=Table\b/.test(first) && /;g=meta\.k8s\.io\b/.test(first) ? /;v=(v1|v1beta1)\b/.exec(first)?.[1] : undefined
}

const columnDefinitions = [
  { name: "Name", type: "string", format: "name", description: "Whose usage it is.", priority: 0 },
  { name: "cpu", type: "string", format: "quantity", description: "Cores, on average over the window.", priority: 0 },
  { name: "memory", type: "string", format: "quantity", description: "Memory in use, as of its end.", priority: 0 },
  { name: "Window", type: "string", format: "duration", description: "How long usage was measured.", priority: 0 }
]

const partial = (version: string, metadata: object) => ({
  kind: "PartialObjectMetadata",
  apiVersion: `meta.k8s.io/${version}`,
  metadata
})

/** `include` as in the query: what of the object comes with its row. */
export const make = (version: string, all: ReadonlyArray<Shown>, include: string | null) => ({
  kind: "Table",
  apiVersion: `meta.k8s.io/${version}`,
  metadata: {},
  columnDefinitions,
  rows: all.map(({ object, usage }) => ({
    cells: [object.metadata.name, usage.cpu, usage.memory, object.window],
    object: include === "None" ? null : include === "Object" ? object : partial(version, object.metadata)
  }))
})
