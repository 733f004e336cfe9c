/** Makes the archive of an image out of files: what `docker load` and `ctr images import` read. Nothing has to be installed for it. */
import { Schema } from "effect"
import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { type Entry, tar } from "./Tar.ts"

export interface Image {
  /** With its tag: `hello:1`. */
  readonly name: string
  readonly files: ReadonlyArray<Entry>
  readonly entrypoint?: ReadonlyArray<string>
  readonly command?: ReadonlyArray<string>
  readonly env?: ReadonlyArray<string>
  readonly user?: string
  readonly workingDirectory?: string
  readonly ports?: ReadonlyArray<number>
}

const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex")
const architectures: { readonly [of: string]: string } = { x64: "amd64", arm64: "arm64", arm: "arm" }
export const architecture = architectures[process.arch] ?? process.arch

export class NotStatic extends Schema.TaggedError<NotStatic>()("NotStatic", { path: Schema.String }) {}

/** Whether a program runs without anything else in its image: an ELF file without an interpreter. */
export const isStatic = (path: string) => {
  const bytes = readFileSync(path)
  if (bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2) return false
  const offset = Number(bytes.readBigUInt64LE(32))
  const [size, count] = [bytes.readUInt16LE(54), bytes.readUInt16LE(56)]
  const interpreter = 3
  return !Array.from({ length: count }, (_, index) => bytes.readUInt32LE(offset + index * size)).includes(interpreter)
}

/** The folders on the way to the files, each before what is in it. Those that are given are not among them: podman takes no path twice. */
const folders = (files: ReadonlyArray<Entry>): ReadonlyArray<Entry> => {
  const given = new Set(files.map(({ path }) => path))
  const paths = new Set<string>()
  for (const { path } of files) {
    const parts = path.split("/").slice(0, -1)
    for (let depth = 1; depth <= parts.length; depth++) paths.add(`${parts.slice(0, depth).join("/")}/`)
  }
  return Array.from(paths, (path) => ({ path, directory: true }) as const).filter(({ path }) => !given.has(path))
}

/** The same files give the same bytes, and so the same image id. */
export const make = (image: Image): Uint8Array => {
  const layer = tar([...folders(image.files), ...image.files])
  const config = Buffer.from(
    JSON.stringify({
      created: "1970-01-01T00:00:00Z",
      architecture,
      os: "linux",
      config: {
        Entrypoint: image.entrypoint ?? [],
        Cmd: image.command ?? [],
        Env: image.env ?? ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
        User: image.user ?? "",
        WorkingDir: image.workingDirectory ?? "/",
        ExposedPorts: Object.fromEntries((image.ports ?? []).map((port) => [`${port}/tcp`, {}]))
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${digest(layer)}`] }
    })
  )
  const names = { Config: `${digest(config)}.json`, Layers: [`${digest(layer)}/layer.tar`] }
  const manifest = Buffer.from(JSON.stringify([{ ...names, RepoTags: [image.name] }]))
  return tar([
    { path: names.Config, bytes: config },
    { path: `${digest(layer)}/`, directory: true },
    { path: `${digest(layer)}/layer.tar`, bytes: layer },
    { path: "manifest.json", bytes: manifest }
  ])
}

/** The commands of busybox that a shell script expects. */
const applets =
  "sh ash cat echo ls ps sleep true false env id hostname wget httpd nc nslookup ping ip ifconfig grep sed awk head tail wc test mkdir rm cp mv ln chmod chown touch date df du kill mount umount stat sort tr cut find xargs yes printf seq tee vi top free uname whoami tar gzip gunzip md5sum sha256sum base64 dd sync expr timeout".split(
    " "
  )

/** The files of a small system: busybox, its commands, and who root is. */
export const busybox = (path: string): ReadonlyArray<Entry> => [
  { path: "bin/busybox", bytes: readFileSync(path), mode: 0o755 },
  ...applets.map((applet) => ({ path: `bin/${applet}`, link: "busybox" })),
  {
    path: "etc/passwd",
    bytes: Buffer.from("root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
  },
  { path: "etc/group", bytes: Buffer.from("root:x:0:\nnogroup:x:65534:\n") },
  { path: "root/", directory: true, mode: 0o700 },
  { path: "tmp/", directory: true, mode: 0o1777 },
  { path: "www/", directory: true }
]
