/**
 * The two daemons of an Open vSwitch of our own: its database and the switch. They keep everything in the node's folder, run detached so
 * that Pods keep their network while the agent is started again, are found again by what is noted of them, and started when they end.
 */
import { Effect, Schedule, Schema } from "effect"
import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { closeSync, existsSync, mkdirSync, openSync, rmSync } from "node:fs"
import { join } from "node:path"
import * as Program from "../../Program.ts"
import * as Leftovers from "../Leftovers.ts"

export class SwitchFailed extends Schema.TaggedError<SwitchFailed>()("SwitchFailed", { message: Schema.String }) {}

export interface Place {
  /** Of the node: the same for all its networks. */
  readonly directory: string
  readonly folder: string
  /** Where the sockets are: a socket's path may have 107 bytes. */
  readonly run: string
}

export const placeIn = (directory: string): Place => {
  const folder = join(directory, "openvswitch")
  const name = createHash("sha256").update(folder).digest("hex").slice(0, 16)
  return { directory, folder, run: folder.length < 70 ? folder : `/run/keelson-${name}-ovs` }
}

const socketIn = ({ run }: Place) => join(run, "db.sock")
const schema = "/usr/share/openvswitch/vswitch.ovsschema"
const programs = ["ovsdb-server", "ovs-vswitchd", "ovs-vsctl", "ovsdb-tool", "ethtool"]

/** What the machine lacks for it. */
export const missing = () => [
  ...programs.filter((name) => Program.find(name) === undefined),
  ...[schema, "/dev/net/tun"].filter((path) => !existsSync(path))
]

/** A call of the switch's own program; it waits until the switch has done it. */
export const vsctl = (place: Place, ...args: ReadonlyArray<string>) =>
  Effect.mapError(
    Program.run("ovs-vsctl", [`--db=unix:${socketIn(place)}`, "--timeout=20", ...args]),
    ({ detail }) => new SwitchFailed({ message: `ovs-vsctl ${args.join(" ")}: ${detail}` })
  )

/** By its control socket each is known among all processes. */
const controlOf = ({ run }: Place, name: string) => join(run, `${name}.ctl`)

const argumentsOf = (place: Place, name: string) => [
  `--unixctl=${controlOf(place, name)}`,
  `--log-file=${join(place.folder, `${name}.log`)}`,
  "--verbose=console:off",
  "--verbose=file:warn"
]

const start = (place: Place, name: string, args: ReadonlyArray<string>) =>
  Effect.try({
    try: () => {
      const mark = controlOf(place, name)
      if (Leftovers.processOf(place.directory, mark) !== undefined) return
      const log = openSync(join(place.folder, `${name}.out`), "a", 0o600)
      const env = { ...process.env, OVS_RUNDIR: place.run, OVS_DBDIR: place.folder, OVS_LOGDIR: place.folder }
      const child = spawn(name, [...args, ...argumentsOf(place, name)], {
        env,
        detached: true,
        stdio: ["ignore", log, log],
        cwd: "/"
      })
      closeSync(log)
      // Who waits for it learns that it did not start.
      child.on("error", () => undefined)
      child.unref()
      if (child.pid !== undefined) Leftovers.noteProcess(place.directory, { pid: child.pid, mark })
    },
    catch: (cause) => new SwitchFailed({ message: `${name} cannot be started: ${cause}` })
  })

export const isRunning = (place: Place) =>
  ["ovsdb-server", "ovs-vswitchd"].every(
    (name) => Leftovers.processOf(place.directory, controlOf(place, name)) !== undefined
  )

const prepare = Effect.fnUntraced(function* ({ folder, run }: Place) {
  const absent = missing()
  if (absent.length > 0)
    return yield* new SwitchFailed({
      message: `Open vSwitch needs ${absent.join(", ")}: install openvswitch-switch and ethtool`
    })
  yield* Effect.sync(() => {
    for (const path of [folder, run]) mkdirSync(path, { recursive: true, mode: 0o700 })
  })
  const database = join(folder, "conf.db")
  if (existsSync(database)) return database
  yield* Effect.mapError(
    Program.run("ovsdb-tool", ["create", database, schema]),
    ({ detail }) => new SwitchFailed({ message: `the switch's database cannot be made: ${detail}` })
  )
  return database
})

/** Both, as far as they do not run. Done when the database answers. */
export const run = Effect.fn("OpenVSwitch.run")(function* (place: Place) {
  const database = yield* prepare(place)
  yield* start(place, "ovsdb-server", [database, `--remote=punix:${socketIn(place)}`])
  yield* vsctl(place, "--no-wait", "init").pipe(Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 200 }))
  yield* start(place, "ovs-vswitchd", [`unix:${socketIn(place)}`])
})

/** The switch first: it would wait for its database. */
export const stop = Effect.fn("OpenVSwitch.stop")(function* (place: Place) {
  for (const name of ["ovs-vswitchd", "ovsdb-server"]) {
    const found = Leftovers.processOf(place.directory, controlOf(place, name))
    if (found !== undefined) yield* Leftovers.end(found)
  }
  yield* Effect.sync(() => {
    if (place.run !== place.folder) rmSync(place.run, { recursive: true, force: true })
  })
})
