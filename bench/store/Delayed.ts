/**
 * A process whose every flush to the disk takes longer, as on a disk that is not as cheap as a virtual machine's: strace holds the
 * call back after it is done. With a filter in the kernel it stops nothing but these calls, so that all else costs what it did.
 */
import { spawn, spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** What the command is started with. `journal` gets a line a flush. */
export const under = (milliseconds: number, journal: string, command: ReadonlyArray<string>): ReadonlyArray<string> =>
  milliseconds === 0
    ? command
    : [
        "strace",
        "--follow-forks",
        "--seccomp-bpf",
        "--quiet=all",
        `--output=${journal}`,
        "--trace=fsync,fdatasync,sync_file_range,msync,syncfs,sync",
        `--inject=fsync,fdatasync,sync_file_range,msync,syncfs,sync:delay_exit=${milliseconds}ms`,
        ...command
      ]

export const isThere = () => spawnSync("strace", ["--version"]).status === 0

/** How many flushes were made so far. */
export const flushes = (journal: string) =>
  readFileSync(journal, "utf8")
    .split("\n")
    .filter((line) => /\b(fsync|fdatasync|sync_file_range|msync|syncfs|sync)\(/.test(line)).length

/** Flushes one after another, and several threads at once: how long one takes, in milliseconds. */
const program = `
const fs = require("node:fs")
const file = fs.openSync(process.argv[1], "w")
const waits = []
for (let count = 0; count < 40; count++) {
  fs.writeSync(file, "x")
  const start = performance.now()
  fs.fdatasyncSync(file)
  waits.push(performance.now() - start)
}
const start = performance.now()
let left = 4
for (let count = 0; count < 4; count++) fs.fdatasync(file, () => {
  if (--left > 0) return
  waits.sort((one, other) => one - other)
  console.log(JSON.stringify({ p50: waits[20], least: waits[0], four: performance.now() - start }))
})`

export interface Calibrated {
  readonly p50: number
  readonly least: number
  /** Four at once: were they held back one after another, it would be four times as long. */
  readonly four: number
}

/** What a flush takes in fact, as the program that makes it sees it. */
export const calibrate = (milliseconds: number, directory: string) =>
  new Promise<Calibrated>((resolve, reject) => {
    const node = [process.execPath, "-e", program, `${directory}/flushed`]
    const [command = "", ...args] = under(milliseconds, `${directory}/calibrated.strace`, node)
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] })
    let text = ""
    child.stdout.on("data", (chunk) => {
      text += chunk
    })
    child.on("error", reject)
    child.on("close", (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`strace ended with ${code}`))))
  })
