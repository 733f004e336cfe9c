/**
 * What upstream's scheduler takes by `--config`: profiles, which plugins have a say in them at which points, and their arguments.
 * Source: kubescheduler.config.k8s.io/v1.
 */
import { Effect, Schema, SchemaIssue } from "effect"
import { parse } from "yaml"
import { Duration } from "./Durations.ts"
import { Extender, mistakeIn } from "./extenders/Settings.ts"

export class BadConfiguration extends Schema.TaggedError<BadConfiguration>()("BadConfiguration", {
  message: Schema.String
}) {}

const { Array: List, Boolean: Bool, Int, Literal, Literals, String: Text, Struct, Unknown, optionalKey } = Schema

export const points = [
  "preEnqueue",
  "queueSort",
  "preFilter",
  "filter",
  "postFilter",
  "preScore",
  "score",
  "reserve",
  "permit",
  "preBind",
  "bind",
  "postBind"
] as const
export type Point = (typeof points)[number]

const Named = Struct({ name: Text, weight: optionalKey(Int) })
const PluginSet = Struct({ enabled: optionalKey(List(Named)), disabled: optionalKey(List(Struct({ name: Text }))) })
export type PluginSet = typeof PluginSet.Type
const Plugins = Struct({
  multiPoint: optionalKey(PluginSet),
  preEnqueue: optionalKey(PluginSet),
  queueSort: optionalKey(PluginSet),
  preFilter: optionalKey(PluginSet),
  filter: optionalKey(PluginSet),
  postFilter: optionalKey(PluginSet),
  preScore: optionalKey(PluginSet),
  score: optionalKey(PluginSet),
  reserve: optionalKey(PluginSet),
  permit: optionalKey(PluginSet),
  preBind: optionalKey(PluginSet),
  bind: optionalKey(PluginSet),
  postBind: optionalKey(PluginSet)
})
export type Plugins = typeof Plugins.Type

const Resource = Struct({ name: Text, weight: Int })
const Selector = Struct({
  matchLabels: optionalKey(Schema.Record(Text, Text)),
  matchExpressions: optionalKey(List(Struct({ key: Text, operator: Text, values: optionalKey(List(Text)) })))
})
const NodeTerm = Struct({
  matchExpressions: optionalKey(List(Struct({ key: Text, operator: Text, values: optionalKey(List(Text)) }))),
  matchFields: optionalKey(List(Struct({ key: Text, operator: Text, values: optionalKey(List(Text)) })))
})
const about = { apiVersion: optionalKey(Text), kind: optionalKey(Text) }

/** The arguments of each plugin that has some. */
export const Arguments = Struct({
  DefaultPreemption: optionalKey(
    Struct({
      ...about,
      minCandidateNodesPercentage: optionalKey(Int),
      minCandidateNodesAbsolute: optionalKey(Int)
    })
  ),
  DynamicResources: optionalKey(
    Struct({ ...about, filterTimeout: optionalKey(Duration), bindingTimeout: optionalKey(Duration) })
  ),
  InterPodAffinity: optionalKey(
    Struct({
      ...about,
      hardPodAffinityWeight: optionalKey(Int),
      ignorePreferredTermsOfExistingPods: optionalKey(Bool)
    })
  ),
  NodeAffinity: optionalKey(
    Struct({
      ...about,
      addedAffinity: optionalKey(
        Struct({
          requiredDuringSchedulingIgnoredDuringExecution: optionalKey(Struct({ nodeSelectorTerms: List(NodeTerm) })),
          preferredDuringSchedulingIgnoredDuringExecution: optionalKey(List(Struct({ weight: Int, preference: NodeTerm })))
        })
      )
    })
  ),
  NodeResourcesBalancedAllocation: optionalKey(Struct({ ...about, resources: optionalKey(List(Resource)) })),
  NodeResourcesFit: optionalKey(
    Struct({
      ...about,
      ignoredResources: optionalKey(List(Text)),
      ignoredResourceGroups: optionalKey(List(Text)),
      scoringStrategy: optionalKey(
        Struct({
          type: Literals(["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"]),
          resources: optionalKey(List(Resource)),
          requestedToCapacityRatio: optionalKey(Struct({ shape: List(Struct({ utilization: Int, score: Int })) }))
        })
      )
    })
  ),
  PodTopologySpread: optionalKey(
    Struct({
      ...about,
      defaultingType: optionalKey(Literals(["System", "List"])),
      defaultConstraints: optionalKey(
        List(
          Struct({
            maxSkew: Int,
            topologyKey: Text,
            whenUnsatisfiable: Literals(["DoNotSchedule", "ScheduleAnyway"]),
            labelSelector: optionalKey(Selector)
          })
        )
      )
    })
  ),
  VolumeBinding: optionalKey(Struct({ ...about, bindTimeoutSeconds: optionalKey(Int) }))
})
export type Arguments = typeof Arguments.Type

const Profile = Struct({
  schedulerName: optionalKey(Text),
  percentageOfNodesToScore: optionalKey(Int),
  plugins: optionalKey(Plugins),
  pluginConfig: optionalKey(List(Struct({ name: Text, args: Unknown })))
})

/** Of what there is besides, nothing says how Pods are placed: who leads, how often the API is asked, where metrics are. */
const File = Struct({
  apiVersion: Literal("kubescheduler.config.k8s.io/v1"),
  kind: Literal("KubeSchedulerConfiguration"),
  percentageOfNodesToScore: optionalKey(Int),
  podInitialBackoffSeconds: optionalKey(Int),
  podMaxBackoffSeconds: optionalKey(Int),
  profiles: optionalKey(List(Profile)),
  extenders: optionalKey(List(Extender))
})
export type Configuration = typeof File.Type
export const Configuration = File

const format = SchemaIssue.makeFormatterStandardSchemaV1()
const decoder = <A>(schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownEffect(schema, { errors: "all" })
  return (value: unknown, where: string) =>
    Effect.mapError(decode(value), ({ issue }) => {
      const lines = format(issue).issues.map(
        ({ message, path = [] }) => `${[where, path.map(String).join(".")].filter(Boolean).join(": ")}: ${message}`
      )
      return new BadConfiguration({ message: lines.join("\n") })
    })
}
const [file, args] = [decoder(File), decoder(Arguments)]

/** The arguments of a profile's plugins, by their names. What has none is another program's plugin. */
export const argumentsOf = (given: ReadonlyArray<{ readonly name: string; readonly args: unknown }> = []) =>
  args(Object.fromEntries(given.map(({ args, name }) => [name, args])), "pluginConfig")

/** These resources are others' to look after. */
export const ignoring = (args: Arguments, ignoredResources: ReadonlyArray<string>): Arguments => ({
  ...args,
  NodeResourcesFit: { ...args.NodeResourcesFit, ignoredResources }
})

/** `source` is how the text is called where it is wrong. */
export const read = (text: string, source: string) =>
  Effect.try({
    try: (): unknown => parse(text),
    catch: (error) => new BadConfiguration({ message: `${source}: it is no YAML: ${String(error)}` })
  }).pipe(
    Effect.flatMap((value) => file(value, source)),
    Effect.flatMap((configuration) => {
      const mistake = mistakeIn(configuration.extenders ?? [])
      return mistake === undefined
        ? Effect.succeed(configuration)
        : Effect.fail(new BadConfiguration({ message: `${source}: ${mistake}` }))
    })
  )
