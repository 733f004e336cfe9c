/**
 * The contract `ContainerService` on ECS: a Pod is a task of Fargate. Everything that is known of a Pod stands in the tags of its task, so
 * that whoever comes next goes on with it. ECS tells nothing by itself: it is asked every few seconds.
 */
import type { Task } from "@aws-sdk/client-ecs"
import { Effect, Layer, PubSub, Schema, Stream } from "effect"
import { isDeepStrictEqual } from "node:util"
import { Unavailable } from "../../../../kernel/plugin/Contract.ts"
import * as Plugin from "../../../../kernel/plugin/Plugin.ts"
import {
  type Change,
  ContainerService,
  PodRefused,
  type PodState
} from "../../../../plugins/virtual-node/contracts/ContainerService.ts"
import * as ConfigurationFile from "../../ConfigurationFile.ts"
import { Failed } from "../../Failed.ts"
import { hasCode, openEcs } from "../Calls.ts"
import * as Definition from "./Definition.ts"
import * as State from "./State.ts"

const { Array: List, Boolean, Int, optionalKey, String: Text, Struct } = Schema

/** What stands in `--service-config`. */
export const Configuration = Struct({
  region: Text,
  endpoint: optionalKey(Text),
  /** Of ECS, which has to be there. */
  ecsCluster: Text,
  /** What the Kubernetes cluster is called. */
  clusterName: optionalKey(Text),
  subnets: List(Text),
  securityGroups: optionalKey(List(Text)),
  assignPublicIp: optionalKey(Boolean),
  executionRole: optionalKey(Text),
  taskRole: optionalKey(Text),
  /** How much a node says that it has. */
  cpu: optionalKey(Text),
  memory: optionalKey(Text),
  pods: optionalKey(Int),
  pollSeconds: optionalKey(Schema.Finite)
})
export type Configuration = typeof Configuration.Type

/** By which it is known that a task was stopped because nobody wants it. */
const unwanted = "keelson: the Pod is not wanted any more"
const startedBy = (uid: string) => uid
/** As many as ECS describes at once. */
const most = 100

/** What ECS has refused, for good or not. */
const unavailable = (error: Failed | Unavailable) =>
  error instanceof Failed
    ? new Unavailable({ contract: "cloud/ecs", applied: "no", cause: new Error(`${error.code}: ${error.message}`) })
    : error
/** What is wrong with the Pod itself, as ECS sees it. */
const mine = (error: Failed | Unavailable) =>
  hasCode(error, "ClientException", "InvalidParameterException")
    ? new PodRefused({ reason: "RefusedByECS", message: error.message })
    : unavailable(error)

export const layer = (configuration: Configuration) =>
  Layer.effect(
    ContainerService,
    Effect.gen(function* () {
      const {
        assignPublicIp = false,
        clusterName = "kubernetes",
        ecsCluster: cluster,
        endpoint = "",
        region
      } = configuration
      const { executionRole = "", pollSeconds = 5, securityGroups = [], subnets, taskRole = "" } = configuration
      const { ask, make } = yield* openEcs({ endpoint, region })
      const looks = yield* PubSub.unbounded<void>()
      const look = PubSub.publish(looks, undefined)
      const ended = new Set<string>()
      const family = (uid: string) => `k8s-${uid}`

      const listed = (about: { readonly startedBy?: string; readonly desiredStatus: "RUNNING" | "STOPPED" }) =>
        ask(async (client, { paginateListTasks }, options) => {
          const arns: Array<string> = []
          for await (const { taskArns = [] } of paginateListTasks({ client }, { cluster, ...about }, options))
            arns.push(...taskArns)
          return arns
        })
      const described = (arns: ReadonlyArray<string>) =>
        Effect.forEach(
          Array.from({ length: Math.ceil(arns.length / most) }, (_, page) => arns.slice(page * most, (page + 1) * most)),
          (tasks) =>
            ask((client, { DescribeTasksCommand }, options) =>
              client.send(new DescribeTasksCommand({ cluster, tasks, include: ["TAGS"] }), options)
            ).pipe(Effect.map(({ tasks = [] }) => tasks))
        ).pipe(Effect.map((pages) => pages.flat()))

      const isGone = ({ lastStatus, stoppedReason }: Task, { uid }: PodState) =>
        lastStatus === "STOPPED" && (ended.has(uid) || stoppedReason === unwanted)
      /** All Pods that there are, by uid. */
      const all = Effect.gen(function* () {
        const arns = [...(yield* listed({ desiredStatus: "RUNNING" })), ...(yield* listed({ desiredStatus: "STOPPED" }))]
        const tasks = yield* described([...new Set(arns)])
        return new Map(
          tasks.flatMap((task): ReadonlyArray<readonly [string, PodState]> => {
            const pod = State.podOf(clusterName, task)
            return pod === undefined || isGone(task, pod) ? [] : [[pod.uid, pod]]
          })
        )
      })

      const run = Effect.fnUntraced(function* (pod: Definition.Given) {
        const { uid } = pod.metadata
        const definition = yield* Definition.definition(family(uid), pod, { executionRole, taskRole })
        const about = { startedBy: startedBy(uid) }
        const there = [
          ...(yield* Effect.mapError(listed({ ...about, desiredStatus: "RUNNING" }), unavailable)),
          ...(yield* Effect.mapError(listed({ ...about, desiredStatus: "STOPPED" }), unavailable))
        ]
        if (there.length > 0) return
        yield* make((client, { RegisterTaskDefinitionCommand }, options) =>
          client.send(new RegisterTaskDefinitionCommand(definition), options)
        ).pipe(Effect.mapError(mine))
        const { failures = [], tasks = [] } = yield* make((client, { RunTaskCommand }, options) =>
          client.send(
            new RunTaskCommand({
              cluster,
              taskDefinition: family(uid),
              launchType: "FARGATE",
              count: 1,
              // Of two with one token ECS runs one.
              clientToken: uid,
              startedBy: startedBy(uid),
              tags: State.tags(clusterName, pod),
              networkConfiguration: {
                awsvpcConfiguration: {
                  subnets: [...subnets],
                  securityGroups: [...securityGroups],
                  assignPublicIp: assignPublicIp ? "ENABLED" : "DISABLED"
                }
              }
            }),
            options
          )
        ).pipe(Effect.mapError(mine))
        const [failure] = failures
        if (tasks.length === 0)
          return yield* new Unavailable({
            ...{ contract: "cloud/ecs", applied: "no" },
            cause: new Error(`ECS has not run it: ${failure?.reason ?? ""} ${failure?.detail ?? ""}`)
          })
        yield* look
      })

      /** Definitions are free, but many: those of a Pod go with it. */
      const forget = Effect.fnUntraced(function* (uid: string) {
        const { taskDefinitionArns = [] } = yield* ask((client, { ListTaskDefinitionsCommand }, options) =>
          client.send(new ListTaskDefinitionsCommand({ familyPrefix: family(uid) }), options)
        )
        yield* Effect.forEach(taskDefinitionArns, (taskDefinition) =>
          ask((client, { DeregisterTaskDefinitionCommand }, options) =>
            client.send(new DeregisterTaskDefinitionCommand({ taskDefinition }), options)
          )
        )
      })
      const stop = Effect.fnUntraced(function* (uid: string) {
        ended.add(uid)
        const arns = yield* listed({ startedBy: startedBy(uid), desiredStatus: "RUNNING" })
        yield* Effect.forEach(arns, (task) =>
          ask((client, { StopTaskCommand }, options) =>
            client.send(new StopTaskCommand({ cluster, task, reason: unwanted }), options)
          )
        )
        yield* forget(uid)
        yield* look
      })

      const changes = Stream.unwrap(
        Effect.gen(function* () {
          const asked = yield* PubSub.subscribe(looks)
          let known = new Map<string, PodState>()
          const changed = Effect.map(Effect.mapError(all, unavailable), (now): ReadonlyArray<Change> => {
            const gone = [...known.keys()].filter((uid) => !now.has(uid)).map((uid): Change => ({ uid }))
            const other = [...now.values()].filter((pod) => !isDeepStrictEqual(known.get(pod.uid), pod))
            for (const { uid } of gone) ended.delete(uid)
            // What is the same stays the same object.
            known = new Map([...now].map(([uid, pod]) => [uid, other.includes(pod) ? pod : (known.get(uid) ?? pod)]))
            return [...gone, ...other.map((pod): Change => ({ uid: pod.uid, pod }))]
          })
          const next = Effect.raceFirst(PubSub.take(asked), Effect.sleep(`${pollSeconds} seconds`))
          return Stream.concat(
            Stream.fromIterableEffect(changed),
            Stream.forever(Stream.fromIterableEffect(Effect.andThen(next, changed)))
          )
        })
      )

      const { cpu = "256", memory = "512Gi", pods = 500 } = configuration
      return ContainerService.of({
        describe: () => Effect.succeed({ name: "ecs", version: "1.4.0", cpu, memory, pods, architecture: "amd64" }),
        run: ({ pod }) => Effect.flatMap(Definition.given(pod), run),
        stop: ({ uid }) => Effect.mapError(stop(uid), unavailable),
        changes: () => changes
      })
    })
  )

/** `file`: its configuration, read when it starts. */
export const plugin = (file: string) =>
  Plugin.make({
    name: "ecs",
    offers: [ContainerService],
    layer: Layer.unwrap(Effect.map(ConfigurationFile.read("ECS", Configuration, file), layer))
  })
