/** What ECS tells of a task, as the state of its Pod. Pure. */
import type { Container, Task } from "@aws-sdk/client-ecs"
import type { ContainerState, PodState } from "../../../../plugins/virtual-node/contracts/ContainerService.ts"
import type { Given } from "./Definition.ts"

const tag = (name: string) => `virtual-node.keelson.io/${name}`
const owned = "kubernetes.io/cluster/"

/** What is needed of a Pod later, when only its task is there to be asked. */
export const tags = (cluster: string, { metadata: { name, namespace, uid }, spec }: Given) => [
  { key: `${owned}${cluster}`, value: "owned" },
  ...Object.entries({ uid, namespace, name, node: spec.nodeName }).map(([what, value]) => ({ key: tag(what), value })),
  { key: tag("containers"), value: spec.containers.map(({ name }) => name).join(" ") }
]

const iso = (time: Date | undefined) => (time === undefined ? {} : { startedAt: time.toISOString() })

const containerOf = (name: string, { startedAt, stoppedAt, ...task }: Task, own: Container | undefined): ContainerState => {
  const about = { name, restarts: 0, ...iso(startedAt) }
  if (task.lastStatus === "STOPPED") {
    const exitCode = own?.exitCode ?? 1
    const reason = exitCode === 0 ? "Completed" : "Error"
    const message = own?.reason ?? task.stoppedReason ?? ""
    return {
      ...about,
      ...{ state: "terminated", exitCode, reason },
      ...(message !== "" && { message }),
      ...(stoppedAt !== undefined && { finishedAt: stoppedAt.toISOString() })
    }
  }
  return task.lastStatus === "RUNNING"
    ? { ...about, state: "running" }
    : { ...about, state: "waiting", reason: "ContainerCreating" }
}

const addressOf = ({ attachments = [] }: Task) =>
  attachments.flatMap(({ details = [] }) => details).find(({ name }) => name === "privateIPv4Address")?.value ?? ""

/** Absent: of another cluster, or no Pod's. */
export const podOf = (cluster: string, task: Task): PodState | undefined => {
  const values = new Map((task.tags ?? []).map(({ key = "", value = "" }) => [key, value]))
  const value = (what: string) => values.get(tag(what)) ?? ""
  if (values.get(`${owned}${cluster}`) !== "owned" || value("uid") === "") return undefined
  const containers = value("containers")
    .split(" ")
    .map((name) =>
      containerOf(
        name,
        task,
        task.containers?.find((one) => one.name === name)
      )
    )
  const isStopped = task.lastStatus === "STOPPED"
  const ended = containers.every(({ exitCode }) => exitCode === 0) ? "Succeeded" : "Failed"
  const [ip, why] = [addressOf(task), task.stoppedReason ?? ""]
  return {
    uid: value("uid"),
    namespace: value("namespace"),
    name: value("name"),
    node: value("node"),
    phase: isStopped ? ended : task.lastStatus === "RUNNING" ? "Running" : "Pending",
    ...(isStopped && ended === "Failed" && { reason: task.stopCode ?? "TaskStopped", message: why }),
    ...(ip !== "" && { ip }),
    ...iso(task.startedAt ?? task.createdAt),
    containers
  }
}
