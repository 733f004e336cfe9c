/** The kinds Plugin and PluginConfiguration, as every API process serves them. */
import { Effect, Layer } from "effect"
import * as Causes from "../../kernel/resource/Causes.ts"
import * as KernelPlugin from "../../kernel/plugin/Plugin.ts"
import type { Resource } from "../../kernel/resource/Kind.ts"
import { Kinds } from "../../kernel/resource/Kinds.ts"
import { oneOf } from "../../kernel/resource/Rules.ts"
import type { Column, Strategy } from "../../kernel/resource/Strategy.ts"
import { since } from "../../kernel/resource/Age.ts"
import * as Manifest from "./contracts/Manifest.ts"
import { isNats, Plugin, PluginConfiguration, type PluginRemote, type PluginSource } from "./contracts/v1alpha1.ts"

type Value = Column<Plugin>["value"]
const column = (name: string, type: string, description: string, value: Value): Column<Plugin> => ({
  name,
  type,
  description,
  value
})
const age: Column<Resource> = {
  name: "Age",
  type: "string",
  description: "How long ago the object was created.",
  value: ({ metadata }, now) => since(metadata.creationTimestamp, now)
}

const micros = (value: number | undefined) => {
  if (value === undefined || value === 0) return ""
  return value < 1000 ? `${Math.round(value)}µs` : `${(value / 1000).toFixed(1)}ms`
}

const mistakesOf = (field: string, { digest, path }: PluginSource = { path: "/" }) => [
  ...(path.startsWith("/") ? [] : [Causes.invalid(`${field}.path`, path, "must be an absolute path")]),
  ...(digest === undefined || /^sha256:[0-9a-f]{64}$/.test(digest)
    ? []
    : [Causes.invalid(`${field}.digest`, digest, "must be sha256: and 64 hexadecimal digits")])
]

const [place, servers] = [/^[^/]+:[0-9]{1,5}$/, /^tls:\/\/[^/,]+:[0-9]{1,5}(,tls:\/\/[^/,]+:[0-9]{1,5})*$/]
const subjectForm = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/
const farMistakesOf = ({ address, subject }: PluginRemote) => [
  ...(place.test(address) || servers.test(address)
    ? []
    : [
        Causes.invalid(
          "spec.remote.address",
          address,
          "must be a host and a port, such as 10.0.0.7:8443, or NATS' servers, such as tls://10.0.0.7:4222"
        )
      ]),
  ...(subject === undefined || (isNats(address) && subjectForm.test(subject))
    ? []
    : [
        Causes.invalid(
          "spec.remote.subject",
          subject,
          "must be a subject of NATS without wildcards, such as plugins.lab, and may be set only if the address is NATS' servers"
        )
      ])
]

const reasonOf: Value = ({ status: { lastDeath, lastError, reason } }) => {
  if (reason !== undefined) return reason
  if (lastDeath !== undefined) return `died: ${lastDeath.reason}`
  return lastError === undefined ? "" : `a call failed: ${lastError}`
}

export const pluginStrategy: Strategy<Plugin> = {
  validate: ({ spec: { fallback, isolation, remote, rollbackErrorPercent, rollbackWindowSeconds, source } }) => [
    ...mistakesOf("spec.source", source),
    ...mistakesOf("spec.fallback", fallback),
    ...(remote === undefined ? [] : farMistakesOf(remote)),
    ...(remote === undefined || source === undefined
      ? []
      : [Causes.invalid("spec.remote", remote, "may not be set together with `spec.source`")]),
    ...(isolation === undefined ? [] : oneOf("spec.isolation", isolation, [...Manifest.isolations])),
    ...(rollbackWindowSeconds < 0
      ? [Causes.invalid("spec.rollbackWindowSeconds", rollbackWindowSeconds, "must be greater than or equal to 0")]
      : []),
    ...(rollbackErrorPercent < 0 || rollbackErrorPercent > 100
      ? [Causes.invalid("spec.rollbackErrorPercent", rollbackErrorPercent, "must be between 0 and 100, inclusive")]
      : [])
  ],
  columns: [
    column("State", "string", "What it does.", ({ status }) => status.state ?? "Pending"),
    column("Version", "string", "Which version of it runs.", ({ status }) => status.version ?? ""),
    column("Isolation", "string", "How far from the server it runs.", ({ status }) => status.isolation ?? ""),
    column("Restarts", "integer", "How often it was started again.", ({ status }) => status.restarts ?? 0),
    column("Calls/s", "string", "Calls in a second, of late.", ({ status }) => (status.callsPerSecond ?? 0).toFixed(1)),
    column("P99", "string", "What 99 of 100 calls took at most, of late.", ({ status }) => micros(status.p99Micros)),
    column("Errors", "integer", "Calls that failed.", ({ status }) => status.errors ?? 0),
    age,
    { ...column("Reason", "string", "Why it does not run as it should, or did not.", reasonOf), wide: true }
  ]
}

const configurationStrategy: Strategy<PluginConfiguration> = {
  validate: ({ spec: { callTimeoutMillis = 1, fallback } }) => [
    ...(fallback === undefined ? [] : oneOf("spec.fallback", fallback, ["Fail", "Ignore"])),
    ...(callTimeoutMillis < 1
      ? [Causes.invalid("spec.callTimeoutMillis", callTimeoutMillis, "must be greater than or equal to 1")]
      : [])
  ]
}

const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const kinds = yield* Kinds
    yield* kinds.add(Plugin, pluginStrategy)
    yield* kinds.add(PluginConfiguration, configurationStrategy)
  })
)

export const plugin = KernelPlugin.make({ name: "plugin-kinds", layer })
