/** The status of a package that runs on nodes, gathered from what each of them says of it. */
import { Effect, Option, Stream } from "effect"
import { Client } from "../../../kernel/client/Client.ts"
import { Node, type Node as NodeObject } from "../../resources/contracts/core/v1.ts"
import { withCondition } from "../../controllers/contracts/Statuses.ts"
import * as NodeState from "../contracts/NodeState.ts"
import type { Plugin, PluginNode, PluginStatus } from "../contracts/v1alpha1.ts"
import type * as Package from "../Package.ts"
import { taken } from "./NodeContracts.ts"

/** A package, and what is said of it by each node that shall run it; absent: nothing yet. */
export interface Placed {
  readonly kept: Package.Kept
  readonly nodes: ReadonlyArray<{ readonly name: string; readonly said: NodeState.PluginOnNode | undefined }>
}

/** So many versions can be gone back to. */
const longest = 5
/** The worst of all nodes is how the plugin is. */
const worst = ["Failed", "CircuitOpen", "Restarting", "Pending"]

const stateOf = (node: NodeObject) => {
  const text = node.metadata.annotations?.[NodeState.annotation]
  return text === undefined ? undefined : Option.getOrUndefined(NodeState.decode(text))
}

const shown = ({ name, said }: Placed["nodes"][number]): PluginNode => ({
  name,
  state: said?.state ?? "Pending",
  ...(said?.reason !== undefined && { reason: said.reason }),
  ...(said?.version !== undefined && { version: said.version }),
  ...(said?.restarts !== undefined && { restarts: said.restarts })
})

const sum = (numbers: ReadonlyArray<number | undefined>) => numbers.reduce<number>((all, one = 0) => all + one, 0)

const reasonOf = (nodes: ReadonlyArray<PluginNode>, offers: ReadonlyArray<string>) => {
  if (nodes.length === 0) return `no node that it selects takes ${offers.join(", ")}`
  const found = nodes.find(({ reason }) => reason !== undefined)
  return found && `node ${found.name}: ${found.reason}`
}

/** The latest of all. */
const lastDeathOf = (nodes: Placed["nodes"]): Pick<PluginStatus, "lastDeath"> => {
  const deaths = nodes.flatMap(({ name, said }) =>
    said?.lastDeath === undefined ? [] : [{ ...said.lastDeath, reason: `node ${name}: ${said.lastDeath.reason}` }]
  )
  const lastDeath = deaths.toSorted((a, b) => (a.finishedAt < b.finishedAt ? 1 : -1))[0]
  return lastDeath === undefined ? {} : { lastDeath }
}

/** A node that has not yet looked at what the object says now says nothing of it. */
const isCurrent = ({ metadata: { generation } }: Plugin, said: NodeState.PluginOnNode | undefined) =>
  said?.generation === generation

export const status = (plugin: Plugin, { kept, nodes }: Placed, now: string): PluginStatus => {
  const { metadata, spec, status: before } = plugin
  const current = nodes.map(({ name, said }) => ({ name, said: isCurrent(plugin, said) ? said : undefined }))
  const all = current.map(shown)
  const isThere = all.length > 0 && current.every(({ said }) => said?.digest === kept.digest && said.state === "Running")
  const bad = worst.find((state) => all.some((one) => one.state === state))
  const back = current.find(({ said }) => said?.rolledBack !== undefined)?.said?.rolledBack
  // What was rolled back runs as it was before.
  const asIs = bad ?? (isThere || back !== undefined ? "Running" : "Pending")
  const state = spec.suspend === true ? "Suspended" : asIs
  const reason =
    spec.suspend === true || isThere
      ? undefined
      : reasonOf(
          all,
          kept.manifest.offers.map(({ contract }) => contract)
        )
  const lastError = current.find(({ said }) => said?.lastError !== undefined)
  const [first] = current.flatMap(({ said }) => (said?.version === undefined ? [] : [said]))
  const history = before.history ?? []
  const revision = { version: kept.manifest.version, path: kept.source, digest: kept.digest, startedAt: now }
  const isNew = isThere && history[0]?.digest !== kept.digest
  const ready = withCondition(
    before.conditions,
    { type: "Ready", status: isThere ? "True" : "False", reason: state, ...(reason !== undefined && { message: reason }) },
    now
  )
  return {
    state,
    ...(reason !== undefined && { reason }),
    ...(first?.version !== undefined && { version: first.version }),
    ...(first?.isolation !== undefined && { isolation: first.isolation }),
    ...(first?.offers !== undefined && { offers: first.offers }),
    restarts: sum(current.map(({ said }) => said?.restarts)),
    errors: sum(current.map(({ said }) => said?.errors)),
    ...lastDeathOf(current),
    ...(lastError !== undefined && { lastError: `node ${lastError.name}: ${lastError.said?.lastError}` }),
    host: `${current.filter(({ said }) => said?.state === "Running").length} of ${all.length} nodes`,
    nodes: all,
    ...(metadata.generation !== undefined && { observedGeneration: metadata.generation }),
    history: isNew ? [revision, ...history.filter(({ digest }) => digest !== kept.digest)].slice(0, longest) : history,
    conditions: withCondition(
      ready,
      back === undefined
        ? { type: "RolledBack", status: "False", reason: "AsWanted" }
        : { type: "RolledBack", status: "True", reason: "Died", message: back },
      now
    )
  }
}

export const make = Effect.gen(function* () {
  const client = yield* Client
  const nodes = yield* client.cache(Node, { indexes: {} })
  const packages = new Map<string, Package.Kept>()
  /** What each node said last: most changes of a Node are about something else. */
  const heard = new Map<string, string>()

  const isFor = ({ spec: { nodeSelector = {} } }: Plugin, { metadata: { labels = {} } }: NodeObject) =>
    Object.entries(nodeSelector).every(([name, value]) => labels[name] === value)

  const placed = (plugin: Plugin): Placed | undefined => {
    const { name } = plugin.metadata
    const kept = packages.get(name)
    if (kept === undefined) return undefined
    const found = nodes.all().flatMap((node) => {
      const state = isFor(plugin, node) ? stateOf(node) : undefined
      const takes = taken(kept.manifest).every(({ contract }) => state?.takes.includes(contract) === true)
      return state !== undefined && takes ? [{ name: node.metadata.name, said: state.plugins[name] }] : []
    })
    return { kept, nodes: found.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
  }

  const isNews = ({ metadata: { annotations, labels, name } }: NodeObject) => {
    const said = `${annotations?.[NodeState.annotation] ?? ""} ${JSON.stringify(labels)}`
    if (heard.get(name) === said) return false
    heard.set(name, said)
    return true
  }

  return {
    placed,
    found: (name: string, kept: Package.Kept) => void packages.set(name, kept),
    forget: (name: string) => void packages.delete(name),
    /** The names of all packages on nodes, when a node has something new to say. */
    changes: nodes.changes.pipe(
      Stream.filter(({ events }) => {
        if (packages.size === 0) return false
        return events
          .map((event) => event._tag !== "Snapshot" && event._tag !== "Deleted" && !isNews(event.object))
          .includes(false)
      }),
      Stream.map(() => [...packages.keys()])
    )
  }
})
