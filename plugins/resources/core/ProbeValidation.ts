/** What is wrong with the probes of a container, and with what it does when it starts and stops. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import { nonNegative, when } from "../../../kernel/resource/Rules.ts"
import type {
  Container,
  EphemeralContainer,
  ExecAction,
  GRPCAction,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
  SleepAction,
  TCPSocketAction
} from "../contracts/core/v1.ts"

interface Handler {
  readonly exec?: ExecAction
  readonly httpGet?: HTTPGetAction
  readonly tcpSocket?: TCPSocketAction
  readonly grpc?: GRPCAction
  readonly sleep?: SleepAction
}
const handlers = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const

/** What a hook needs to know of its Pod. */
export interface Around {
  readonly graceSeconds: number
}

/** A port by its number or by its name. */
export const validatePort = (port: number | string, field: string): Causes.Causes =>
  typeof port === "number"
    ? Names.portNumber(port).map((why) => Causes.invalid(field, port, why))
    : Causes.broken(field, port, Names.portName(port))

const validateHandler = (handler: Handler, field: string, { graceSeconds }: Around): Causes.Causes => {
  const [first, second] = handlers.filter((name) => handler[name] !== undefined)
  // Of several only the first is looked at.
  const { exec, grpc, httpGet, sleep, tcpSocket }: Handler = first === undefined ? {} : { [first]: handler[first] }
  return [
    ...(first === undefined ? [Causes.required(field, "must specify a handler type")] : []),
    ...(second === undefined ? [] : [Causes.forbidden(`${field}.${second}`, "may not specify more than 1 handler type")]),
    ...(exec !== undefined && (exec.command ?? []).length === 0 ? [Causes.required(`${field}.exec.command`)] : []),
    ...(httpGet === undefined ? [] : validateHttp(httpGet, `${field}.httpGet`)),
    ...(tcpSocket === undefined ? [] : validatePort(tcpSocket.port, `${field}.tcpSocket.port`)),
    ...(grpc === undefined ? [] : validatePort(grpc.port, `${field}.grpc.port`)),
    ...when(sleep !== undefined && (sleep.seconds < 0 || sleep.seconds > graceSeconds), () =>
      Causes.invalid(
        `${field}.sleep`,
        sleep?.seconds,
        `must be non-negative and less than terminationGracePeriodSeconds (${graceSeconds})`
      )
    )
  ]
}

const validateHttp = ({ httpHeaders = [], path, port, scheme }: HTTPGetAction, field: string): Causes.Causes => [
  ...(path === "" ? [Causes.required(`${field}.path`)] : []),
  ...validatePort(port, `${field}.port`),
  ...(scheme === "HTTP" || scheme === "HTTPS" ? [] : [Causes.notSupported(`${field}.scheme`, scheme, ["HTTP", "HTTPS"])]),
  ...httpHeaders.flatMap(({ name }) => Causes.broken(`${field}.httpHeaders`, name, Names.headerName(name)))
]

const numbers = ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] as const

const validateProbe = (probe: Probe, field: string, around: Around): Causes.Causes => [
  ...validateHandler(probe, field, around),
  ...numbers.flatMap((name) => nonNegative(`${field}.${name}`, probe[name])),
  ...(probe.terminationGracePeriodSeconds !== undefined && probe.terminationGracePeriodSeconds <= 0
    ? [
        Causes.invalid(
          `${field}.terminationGracePeriodSeconds`,
          probe.terminationGracePeriodSeconds,
          "must be greater than 0"
        )
      ]
    : [])
]

/** Who has failed once has failed, but for being ready. */
const once = (probe: Probe, field: string): Causes.Causes =>
  probe.successThreshold === 1 ? [] : [Causes.invalid(`${field}.successThreshold`, probe.successThreshold, "must be 1")]

export const validateProbes = (container: Container | EphemeralContainer, field: string, around: Around): Causes.Causes => {
  const { livenessProbe, readinessProbe, startupProbe } = container
  const at = (name: string) => `${field}.${name}`
  return [
    ...(livenessProbe
      ? [...validateProbe(livenessProbe, at("livenessProbe"), around), ...once(livenessProbe, at("livenessProbe"))]
      : []),
    ...(readinessProbe ? validateProbe(readinessProbe, at("readinessProbe"), around) : []),
    ...(readinessProbe?.terminationGracePeriodSeconds !== undefined
      ? [
          Causes.invalid(
            at("readinessProbe.terminationGracePeriodSeconds"),
            readinessProbe.terminationGracePeriodSeconds,
            "must not be set for readinessProbes"
          )
        ]
      : []),
    ...(startupProbe
      ? [...validateProbe(startupProbe, at("startupProbe"), around), ...once(startupProbe, at("startupProbe"))]
      : [])
  ]
}

/** What starts once and ends is not probed, and has nothing to do at its start or end. */
const running = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"] as const

export const validateLifecycle = (
  container: Container | EphemeralContainer,
  field: string,
  sort: string,
  around: Around
): Causes.Causes => {
  if (sort === "initContainers" && container.restartPolicy !== "Always")
    return running
      .filter((name) => container[name] !== undefined)
      .map((name) => Causes.forbidden(`${field}.${name}`, "may not be set for init containers without restartPolicy=Always"))
  const { postStart, preStop } = container.lifecycle ?? {}
  const hook = (handler: LifecycleHandler | undefined, name: string) =>
    handler === undefined ? [] : validateHandler(handler, `${field}.lifecycle.${name}`, around)
  return [...hook(postStart, "postStart"), ...hook(preStop, "preStop")]
}
