/** Looks at a Pod: what the runtime has of it, together with what the worker remembers. */
import { Clock, Effect } from "effect"
import { existsSync, readFileSync } from "node:fs"
import type { PodStatus as ApiStatus } from "../../resources/contracts/core/v1.ts"
import type { ContainerStatus, PodStatus } from "../contracts/Pods.ts"
import * as Allocation from "./Allocation.ts"
import * as Configs from "./Configs.ts"
import { containersOf, nameOf, specOf, type State } from "./State.ts"
import * as Status from "./Status.ts"
import * as View from "./View.ts"

const healthOf =
  (state: State, sandboxes: ReadonlyArray<PodStatus>) =>
  (id: string): View.Health => {
    const status = sandboxes.flatMap(({ containers }) => containers).find((one) => one.id === id)
    const spec = status && specOf(state, status.name)
    const found = state.found.get(id)
    const started = !state.starting.has(id) && (spec?.startupProbe === undefined || found?.startup === true)
    const ready = started && (spec?.readinessProbe === undefined || found?.readiness === true)
    return { started, ready, ...(found?.unhealthy && { unhealthy: found.unhealthy }) }
  }

/** Source: Container, "terminationMessagePolicy": at most 4096 bytes, or 80 lines and 2048 bytes of the log. */
const limits = { file: 4096, lines: 80, log: 2048 }

const endOfLog = (path: string) => {
  const lines = readFileSync(path, "utf8")
    .slice(-16 * limits.log)
    .split("\n")
    .slice(-limits.lines - 1)
  // An entry with the tag `P` goes on in the next one; one that a runtime only ends with is empty.
  return lines
    .map((line) => {
      const [, , tag, ...words] = line.split(" ")
      return `${words.join(" ")}${tag === "P" ? "" : "\n"}`
    })
    .join("")
    .replace(/\n$/, "")
    .slice(-limits.log)
}

/** What a container wrote to its file before it ended, or the end of what it said. It is read once. */
const readLastWords = (state: State, { attempt, exitCode, id, logPath, name, state: how }: ContainerStatus) => {
  if (how !== "Exited" || state.lastWords.has(id)) return
  const file = Configs.lastWordsFile(state.directory, name, attempt)
  const text = existsSync(file) ? readFileSync(file, "utf8").slice(0, limits.file) : ""
  const fallsBack = specOf(state, name)?.terminationMessagePolicy === "FallbackToLogsOnError" && exitCode !== 0
  const log = fallsBack && text === "" && logPath !== undefined && existsSync(logPath) ? endOfLog(logPath) : text
  state.lastWords.set(id, log)
}

const shown = (seconds: number) => (seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`)

/** A container that has ended and shall run again waits, longer each time. */
const holdBack = Effect.fnUntraced(function* (state: State, view: View.View, notBefore: Map<string, number>) {
  const { crashes, pod, site, waiting } = state
  for (const container of containersOf(pod)) {
    const { name } = container
    const status = View.current(view, name)
    const init = !pod.spec.containers.includes(container)
    if (status?.state !== "Exited" || !View.shouldRestart(pod, container, status.exitCode ?? 0, init)) continue
    const delay = crashes.delayOf(name)
    const until = Date.parse(status.finishedAt ?? "") + delay
    if (delay === 0 || until <= view.now) {
      if (waiting.get(name)?.reason === "CrashLoopBackOff") waiting.delete(name)
      continue
    }
    notBefore.set(name, Math.max(until, notBefore.get(name) ?? 0))
    const message = `back-off ${shown(delay / 1000)} restarting failed container=${name} pod=${nameOf(state)}`
    if (waiting.get(name)?.message === message) continue
    waiting.set(name, { reason: "CrashLoopBackOff", message })
    const text = `Back-off restarting failed container ${name} in pod ${nameOf(state)}`
    yield* site.tell(pod, "Warning", "BackOff", text, container)
  }
})

export const look = Effect.fnUntraced(function* (state: State) {
  const { allocation, pending, resizeFailed, site, uid, waiting } = state
  const pod = Allocation.effective(state.pod, allocation)
  const sandboxes = (yield* site.runtime.list({ uid })).toSorted((one, other) => one.attempt - other.attempt)
  const now = yield* Clock.currentTimeMillis
  if (!site.settings.hollow) {
    for (const { containers } of sandboxes) for (const status of containers) readLastWords(state, status)
  }
  const notBefore = new Map(state.held)
  const hostIps = site.settings.addresses
  const view: View.View = {
    pod,
    sandboxes,
    now,
    health: healthOf(state, sandboxes),
    waiting,
    notBefore,
    hostIps,
    applied: allocation.applied,
    pending,
    resizeFailed
  }
  yield* holdBack(state, view, notBefore)
  return view
})

export const statusOf = ({ lastWords, site }: State, view: View.View): ApiStatus =>
  Status.compute(view, {
    runtime: site.described.name,
    lastWords,
    devicesOf: (container) => site.devices.statusOf(view.pod.metadata.uid, container)
  })

/** By which the Pod is reached from here. */
export const addressOf = ({ pod, site }: State, view: View.View) =>
  (pod.spec.hostNetwork ? site.settings.addresses[0] : View.openSandbox(view)?.addresses[0]) ?? "127.0.0.1"
