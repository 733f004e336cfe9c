/** What a connection is asked with, as the object that admission sees. Source: core/v1 PodExecOptions and its like. */
import type { WireObject } from "../../../kernel/client/Api.ts"
import type { At } from "../../../kernel/pipeline/Pipeline.ts"
import { bodyKind } from "../objects/BodyKind.ts"
import { flag } from "../Query.ts"

const flags = ["stdin", "stdout", "stderr", "tty"] as const

const ofStreams = (query: URLSearchParams): WireObject => {
  const asked = Object.fromEntries(flags.flatMap((name) => (flag(query, name) === true ? [[name, true]] : [])))
  const container = query.get("container") ?? ""
  const command = query.getAll("command")
  return {
    ...asked,
    ...(container !== "" && { container }),
    ...(command.length > 0 && { command })
  }
}

const ofPorts = (query: URLSearchParams): WireObject => {
  const ports = query.getAll("ports").flatMap((text) =>
    text
      .split(",")
      .filter((port) => /^\d+$/.test(port))
      .map(Number)
  )
  return ports.length === 0 ? {} : { ports }
}

/** `path`: what follows `proxy`. */
export const optionsOf = (at: At, query: URLSearchParams, path = ""): WireObject => {
  const { apiVersion, kind } = bodyKind(at)
  const type = { apiVersion, kind }
  if (at.subresource === "proxy") return { ...type, ...(path !== "" && { path }) }
  return { ...type, ...(at.subresource === "portforward" ? ofPorts(query) : ofStreams(query)) }
}
