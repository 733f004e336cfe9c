/** Files of volumes: what they hold, and that a reader sees all of them change at once. */
import { assert, describe, it } from "@effect/vitest"
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach } from "vitest"
import { refreshAt } from "../../plugins/kubelet/pod/Starting.ts"
import * as AtomicDirectory from "../../plugins/kubelet/volumes/AtomicDirectory.ts"
import { type Files, payload } from "../../plugins/kubelet/volumes/Payload.ts"
import type { Pod } from "../../plugins/resources/contracts/core/v1.ts"

const file = (text: string, mode = 0o644) => ({ bytes: Buffer.from(text), mode })
let directory = ""
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "volumes-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))
const read = (name: string) => readFileSync(join(directory, name), "utf8")
const visible = () => readdirSync(directory).filter((name) => !name.startsWith(".."))

describe("a folder that changes at once", () => {
  it("shows files through one link, and replaces them by replacing it", () => {
    assert.isTrue(
      AtomicDirectory.write(
        directory,
        new Map([
          ["a", file("1")],
          ["dir/b", file("2", 0o600)]
        ])
      )
    )
    const before = readlinkSync(join(directory, "..data"))
    assert.deepStrictEqual([read("a"), read("dir/b"), statSync(join(directory, "dir/b")).mode & 0o777], ["1", "2", 0o600])
    assert.isTrue(
      AtomicDirectory.write(
        directory,
        new Map([
          ["a", file("3")],
          ["c", file("4")]
        ])
      )
    )
    assert.notStrictEqual(readlinkSync(join(directory, "..data")), before)
    assert.deepStrictEqual([read("a"), visible().toSorted()], ["3", ["a", "c"]])
    assert.notInclude(readdirSync(directory), before)
  })

  it("leaves alone what has not changed, and writes nothing outside", () => {
    const files: Files = new Map([
      ["a", file("1")],
      ["../b", file("2")]
    ])
    AtomicDirectory.write(directory, files)
    assert.deepStrictEqual(visible(), ["a"])
    const same: Files = new Map([["a", file("1")]])
    assert.isFalse(AtomicDirectory.write(directory, same))
  })
})

describe("what a volume holds", () => {
  const metadata = {
    name: "web",
    namespace: "shop",
    uid: "u1",
    resourceVersion: "1",
    creationTimestamp: "",
    labels: { app: "web" }
  }
  // Only what payloads read of a Pod.
  const pod = { metadata, spec: { containers: [] }, status: {} } as unknown as Pod
  const context = {
    pod,
    place: { nodeName: "n1", hostIps: [], podIps: [], allocatable: {} },
    tokens: new Map([["token", "jwt"]]),
    sources: {
      configMap: (name: string) => (name === "config" ? { metadata, data: { a: "1", b: "2" } } : undefined),
      secret: () => ({ metadata, type: "Opaque", data: { key: Buffer.from("secret").toString("base64") } })
    }
  }
  const texts = (files: Files | undefined) =>
    Object.fromEntries([...(files ?? [])].map(([path, { bytes }]) => [path, Buffer.from(bytes).toString()]))

  it("a projected volume has all its sources", () => {
    const sources = [
      { configMap: { name: "config", items: [{ key: "a", path: "c/a" }] } },
      { secret: { name: "any" } },
      { serviceAccountToken: { path: "token", expirationSeconds: 3600 } },
      { downwardAPI: { items: [{ path: "labels", fieldRef: { apiVersion: "v1", fieldPath: "metadata.labels" } }] } }
    ]
    const files = payload({ name: "all", projected: { defaultMode: 0o644, sources } }, context)
    assert.deepStrictEqual(texts(files), { "c/a": "1", key: "secret", token: "jwt", labels: 'app="web"' })
  })

  it("what is missing is said by name, unless it is optional", () => {
    const volume = (optional: boolean) => ({ name: "v", configMap: { name: "gone", defaultMode: 0o644, optional } })
    assert.throws(() => payload(volume(false), context), 'configmap "gone" not found')
    assert.deepStrictEqual(texts(payload(volume(true), context)), {})
  })
})

describe("volumes that follow objects", () => {
  it("are looked at again a minute after they were mounted, and not before there is anything to look at", () => {
    // Only what is read of a Pod here.
    const pod = { metadata: {}, spec: { containers: [], volumes: [{ name: "c", configMap: {} }] } } as unknown as Pod
    const due = (at: number, hollow = false) =>
      refreshAt({ pod, refreshed: { at, version: "" }, site: { settings: { hollow } } })
    assert.strictEqual(due(5000), 65_000)
    assert.strictEqual(due(Number.NEGATIVE_INFINITY), Number.POSITIVE_INFINITY)
    assert.strictEqual(due(5000, true), Number.POSITIVE_INFINITY)
  })
})
