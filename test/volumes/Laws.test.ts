/** Volumes that are folders of the node's disk keep the laws of `Volumes`, and the suite sees each of them broken. */
import { Effect, Layer } from "effect"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { describe } from "vitest"
import * as Csi from "../../adapters/volumes/csi/Csi.ts"
import * as LocalPath from "../../adapters/volumes/local-path/LocalPath.ts"
import { left } from "../Left.ts"
import { Place } from "../../conformance/volumes/Use.ts"
import * as Volumes from "../../conformance/Volumes.ts"
import { sabotage, verify } from "../Verify.ts"
import { folder } from "./Folder.ts"
import * as HostPath from "./HostPath.ts"

const lacks = process.getuid?.() === 0 ? [] : ["root"]

const localPath = Layer.unwrap(
  Effect.map(folder, (directory) => {
    const pods = join(directory, "pods")
    mkdirSync(pods)
    const volumes = LocalPath.layer({ directory: join(directory, "volumes"), nodeName: "n1" })
    return Layer.merge(volumes, Place.layer({ directory: pods }))
  })
)

describe.skipIf(lacks.length > 0)(`Volumes${left(lacks)}`, () => {
  verify("folders of the node's disk", Volumes.suite, localPath)
  sabotage(Volumes.suite, localPath)
})

const hostPath = Layer.unwrap(
  Effect.gen(function* () {
    const directory = yield* folder
    const pods = join(directory, "pods")
    mkdirSync(pods)
    return Layer.merge(Csi.layer(yield* HostPath.start(directory)), Place.layer({ directory: pods }))
  })
)

describe.skipIf(HostPath.lacks.length > 0)(`A CSI driver${left(HostPath.lacks)}`, () => {
  verify("csi-driver-host-path", Volumes.suite, hostPath)
})
