/** A process that faults are made of: killed, paused, kept away; started again whenever it ends, unless it is to stay away. */
import { spawn, type ChildProcess } from "node:child_process"
import { openSync, rmSync, writeFileSync } from "node:fs"
import { variable } from "./Skew.ts"

export interface Options {
  readonly name: string
  readonly command: ReadonlyArray<string>
  /** What it says is added to this file. */
  readonly log: string
  /** By how many seconds its clock is wrong stands here. */
  readonly clock: string
  readonly env?: { readonly [name: string]: string }
}

export class Victim {
  /** How often it has ended without being told to. */
  collapses = 0
  private child: ChildProcess | undefined
  private isKeptAway = true
  private isToldToEnd = false
  private ended = Promise.resolve()
  readonly name: string
  private readonly options: Options

  constructor(options: Options) {
    this.options = options
    this.name = options.name
  }
  start() {
    this.isKeptAway = false
    if (this.child === undefined) this.spawn()
  }
  private spawn() {
    const { clock, command, env = {}, log } = this.options
    const [program = "", ...args] = command
    const output = openSync(log, "a")
    const child = spawn(program, args, {
      stdio: ["ignore", output, output],
      detached: true,
      env: { ...process.env, ...env, [variable]: clock }
    })
    this.child = child
    this.isToldToEnd = false
    this.ended = new Promise((resolve) => {
      child.on("exit", () => {
        this.child = undefined
        if (!this.isToldToEnd) this.collapses++
        resolve()
        // As a supervisor would, which waits a moment.
        if (!this.isKeptAway) setTimeout(() => this.child === undefined && !this.isKeptAway && this.spawn(), 500)
      })
    })
  }
  private signal(signal: NodeJS.Signals) {
    if (this.child?.pid !== undefined) process.kill(this.child.pid, signal)
  }
  kill(signal: "SIGKILL" | "SIGTERM" | "SIGUSR2" = "SIGKILL") {
    this.isToldToEnd = true
    this.signal(signal)
  }
  /** Away until it is started. */
  keepAway(signal: "SIGKILL" | "SIGTERM" | "SIGUSR2" = "SIGKILL") {
    this.isKeptAway = true
    this.kill(signal)
  }
  pause() {
    this.signal("SIGSTOP")
  }
  resume() {
    this.signal("SIGCONT")
  }
  skew(seconds: number) {
    if (seconds === 0) rmSync(this.options.clock, { force: true })
    writeFileSync(this.options.clock, `${seconds}`)
  }
  /** Ends it; by force where it does not end in time. */
  async end(milliseconds: number, signal: "SIGTERM" | "SIGUSR2" = "SIGTERM") {
    this.keepAway(signal)
    this.resume()
    const force = setTimeout(() => this.signal("SIGKILL"), milliseconds)
    await this.ended
    clearTimeout(force)
  }
}
