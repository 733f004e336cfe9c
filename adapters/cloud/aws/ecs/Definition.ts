/** A Pod as a task of Fargate, or why it cannot be one. Pure. */
import type { ContainerDefinition, RegisterTaskDefinitionCommandInput } from "@aws-sdk/client-ecs"
import { Effect, Schema } from "effect"
import * as Quantity from "../../../../kernel/resource/Quantity.ts"
import { PodRefused } from "../../../../plugins/virtual-node/contracts/ContainerService.ts"

const { Array: List, Int, Record, String: Text, Struct, Unknown, optionalKey } = Schema

const Amounts = optionalKey(Record(Text, Text))
const Container = Struct({
  name: Text,
  image: Text,
  restartPolicy: optionalKey(Text),
  command: optionalKey(List(Text)),
  args: optionalKey(List(Text)),
  workingDir: optionalKey(Text),
  env: optionalKey(List(Struct({ name: Text, value: optionalKey(Text), valueFrom: optionalKey(Unknown) }))),
  envFrom: optionalKey(List(Unknown)),
  ports: optionalKey(List(Struct({ containerPort: Int, protocol: optionalKey(Text) }))),
  resources: optionalKey(Struct({ requests: Amounts, limits: Amounts }))
})
type Container = typeof Container.Type

/** What of a Pod a task can have. */
export const Given = Struct({
  metadata: Struct({ uid: Text, namespace: Text, name: Text }),
  spec: Struct({
    nodeName: Text,
    restartPolicy: optionalKey(Text),
    hostNetwork: optionalKey(Schema.Boolean),
    containers: List(Container),
    initContainers: optionalKey(List(Container)),
    volumes: optionalKey(List(Record(Text, Unknown)))
  })
})
export type Given = typeof Given.Type
const decode = Schema.decodeUnknownEffect(Given)
const refused = (reason: string, message: string) => Effect.fail(new PodRefused({ reason, message }))

export const given = (pod: unknown) =>
  Effect.mapError(decode(pod), ({ message }) => new PodRefused({ reason: "Invalid", message }))

/** What Fargate has: units of a processor (1024 are one), and MiB from, to, and between. */
const sizes = [
  { cpu: 256, from: 512, to: 2048, step: 512 },
  { cpu: 512, from: 1024, to: 4096, step: 1024 },
  { cpu: 1024, from: 2048, to: 8192, step: 1024 },
  { cpu: 2048, from: 4096, to: 16_384, step: 1024 },
  { cpu: 4096, from: 8192, to: 30_720, step: 1024 },
  { cpu: 8192, from: 16_384, to: 61_440, step: 4096 },
  { cpu: 16_384, from: 32_768, to: 122_880, step: 8192 }
]
const asked = ({ resources: { limits = {}, requests = {} } = {} }: Container, name: string) =>
  Number(Quantity.of(requests[name] ?? limits[name]).nanos) / 1e9

/** The smallest that has what all containers ask for. */
export const sizeOf = ({ spec: { containers } }: Given) => {
  const sum = (name: string) => containers.reduce((all, container) => all + asked(container, name), 0)
  const [cpu, memory] = [sum("cpu") * 1024, sum("memory") / 1024 ** 2]
  const size = sizes.find((one) => one.cpu >= cpu && one.to >= memory)
  if (size === undefined) return undefined
  const more = Math.max(0, Math.ceil((memory - size.from) / size.step))
  return { cpu: `${size.cpu}`, memory: `${size.from + more * size.step}` }
}

const plain = new Set(["name", "emptyDir", "projected"])
/** Volumes of a token alone are left out: nobody there could renew it. */
const flawOf = ({ spec: { containers, hostNetwork, initContainers = [], volumes = [] } }: Given) => {
  const all = [...initContainers, ...containers]
  if (hostNetwork === true) return "Pods of the host's network cannot run on ECS"
  const volume = volumes.find((one) => Object.keys(one).some((kind) => !plain.has(kind)))
  if (volume !== undefined) return `the volume ${String(volume["name"])} is of a kind that ECS has not: only emptyDir is`
  const sidecar = initContainers.find(({ restartPolicy }) => restartPolicy === "Always")
  if (sidecar !== undefined) return `the container ${sidecar.name} begins before others and goes on, which ECS has not`
  const told = all.find(({ env = [], envFrom = [] }) => envFrom.length > 0 || env.some((one) => one.valueFrom !== undefined))
  if (told !== undefined) return `the container ${told.name} has variables from elsewhere, which nobody reads on ECS`
  return undefined
}

/** MiB: what it has for certain, of which Docker wants to hear of six, and what it may have. */
const memoryOf = (container: Container) => {
  const limit = container.resources?.limits?.["memory"]
  return {
    memoryReservation: Math.max(6, Math.ceil(asked(container, "memory") / 1024 ** 2)),
    ...(limit !== undefined && { memory: Math.max(6, Math.ceil(Number(Quantity.of(limit).nanos) / 1e9 / 1024 ** 2)) })
  }
}

const containerOf = (container: Container, more: Partial<ContainerDefinition>): ContainerDefinition => {
  const { args, command, env = [], image, name, ports = [], workingDir } = container
  return {
    name,
    image,
    essential: true,
    ...memoryOf(container),
    ...(command !== undefined && { entryPoint: [...command] }),
    ...(args !== undefined && { command: [...args] }),
    ...(workingDir !== undefined && { workingDirectory: workingDir }),
    environment: env.map(({ name, value = "" }) => ({ name, value })),
    portMappings: ports.map(({ containerPort, protocol }) => ({
      containerPort,
      protocol: protocol === "UDP" ? ("udp" as const) : ("tcp" as const)
    })),
    ...more
  }
}

/** Those of the beginning run one after another; then all others begin. */
const containersOf = ({ spec: { containers, initContainers = [], restartPolicy = "Always" } }: Given) => {
  const restarts =
    restartPolicy === "Never"
      ? {}
      : {
          restartPolicy: { enabled: true, ...(restartPolicy === "OnFailure" && { ignoredExitCodes: [0] }) }
        }
  const after = (one: Container | undefined) =>
    one === undefined ? {} : { dependsOn: [{ containerName: one.name, condition: "SUCCESS" as const }] }
  return [
    ...initContainers.map((one, index) => containerOf(one, { essential: false, ...after(initContainers[index - 1]) })),
    ...containers.map((one) => containerOf(one, { ...restarts, ...after(initContainers.at(-1)) }))
  ]
}

export interface Roles {
  readonly executionRole: string
  readonly taskRole: string
}

export const definition = Effect.fnUntraced(function* (family: string, pod: Given, { executionRole, taskRole }: Roles) {
  const flaw = flawOf(pod)
  if (flaw !== undefined) return yield* refused("Unsupported", flaw)
  const size = sizeOf(pod)
  if (size === undefined) return yield* refused("OutOfSize", "no task of Fargate has as much as its containers ask for")
  const made: RegisterTaskDefinitionCommandInput = {
    family,
    networkMode: "awsvpc",
    requiresCompatibilities: ["FARGATE"],
    ...size,
    ...(executionRole !== "" && { executionRoleArn: executionRole }),
    ...(taskRole !== "" && { taskRoleArn: taskRole }),
    containerDefinitions: containersOf(pod)
  }
  return made
})
