/**
 * The CNI program by which a runtime asks the node's agent, and the folder of programs that runtimes look into. The program is one
 * script that needs nothing but Node.js: it hands what it was given to the agent's socket, and what the agent answers back.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"

/** The program's name, and so the plugin's type in a list. */
export const type = "keelson"

/** How long it waits for an agent that is just being started again, milliseconds. */
const patience = 5_000

const script = String.raw`"use strict"
// A CNI plugin: it asks the node's agent over a unix socket. Written by keelson; changes are overwritten.
const { connect } = require("node:net")
const { readFileSync } = require("node:fs")

const versions = ["0.3.1", "0.4.0", "1.0.0", "1.1.0"]
const { CNI_COMMAND: command = "", CNI_CONTAINERID = "", CNI_NETNS = "", CNI_IFNAME = "", CNI_ARGS = "" } = process.env

let cniVersion = "1.1.0"
const say = (value, code) => process.stdout.write(JSON.stringify(value) + "\n", () => process.exit(code))
const fail = (code, msg, details = "") => say({ cniVersion, code, msg, details }, 1)

const read = () => {
  try {
    const config = JSON.parse(readFileSync(0, "utf8"))
    if (typeof config.cniVersion === "string") cniVersion = config.cniVersion
    return config
  } catch (error) {
    return void fail(6, "the configuration on standard input is no JSON", String(error))
  }
}

const late = (socket, details) =>
  fail(command === "STATUS" ? 50 : 11, "the node's agent does not answer on " + socket + ": try again later", details)

// Until the agent took the request it is as if it had never been made; afterwards nobody knows, and the caller asks again.
const ask = (config, until) => {
  const socket = connect(config.socket)
  let answer = ""
  socket.setEncoding("utf8")
  socket.on("connect", () => {
    const request = { command, containerId: CNI_CONTAINERID, netns: CNI_NETNS, ifname: CNI_IFNAME, args: CNI_ARGS, config }
    socket.write(JSON.stringify(request) + "\n")
  })
  socket.on("data", (text) => (answer += text))
  socket.on("error", ({ code, message }) => {
    const absent = code === "ENOENT" || code === "ECONNREFUSED"
    if (absent && command !== "STATUS" && Date.now() < until) return setTimeout(ask, 100, config, until)
    late(config.socket, message)
  })
  socket.on("end", () => {
    let told
    try {
      told = JSON.parse(answer)
    } catch {
      return late(config.socket, "the connection ended without an answer")
    }
    if (told.error !== undefined) return fail(told.error.code, told.error.msg, told.error.details)
    if (told.result === undefined) process.exit(0)
    say({ ...told.result, cniVersion }, 0)
  })
}

if (command === "VERSION") {
  read()
  say({ cniVersion, supportedVersions: versions }, 0)
} else if (!["ADD", "DEL", "CHECK", "STATUS", "GC"].includes(command)) {
  fail(4, "CNI_COMMAND is " + JSON.stringify(command) + ": expected ADD, DEL, CHECK, STATUS, GC or VERSION")
} else {
  const config = read()
  if (config === undefined) {
  } else if (!versions.includes(cniVersion)) fail(1, "CNI " + cniVersion + " is not spoken here: " + versions.join(", "))
  else if (typeof config.socket !== "string") fail(7, "the configuration has no socket")
  else ask(config, Date.now() + PATIENCE)
}
`.replace("PATIENCE", `${patience}`)

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

const replace = (path: string, text: string, mode: number) => {
  if (existsSync(path) && readFileSync(path, "utf8") === text) return
  writeFileSync(`${path}.new`, text, { mode })
  chmodSync(`${path}.new`, mode)
  renameSync(`${path}.new`, path)
}

/** Puts the program into a folder that a runtime looks for CNI's programs in. */
export const install = (folder: string) => {
  mkdirSync(folder, { recursive: true, mode: 0o755 })
  const module = join(folder, `${type}.cjs`)
  replace(module, script, 0o644)
  // Not by the first line of the script: its length is limited, and paths may have spaces.
  replace(join(folder, type), `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(module)}\n`, 0o755)
}

const linked = (path: string) => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

export const binIn = (directory: string) => join(directory, "bin")

/**
 * A folder with the machine's CNI programs, as links, and ours: what a runtime is given to look into that knows one folder only. With
 * it any network can become the node's while the runtime runs.
 */
export const folder = (directory: string, programs: ReadonlyArray<string>) => {
  const bin = binIn(directory)
  install(bin)
  for (const from of programs.toReversed())
    for (const name of readdirSync(from)) {
      const [path, target] = [join(bin, name), join(from, name)]
      if (name === type || name === `${type}.cjs` || linked(path) === target) continue
      if (linked(path) !== undefined) unlinkSync(path)
      symlinkSync(target, path)
    }
  return bin
}
