/** CRI-O. */
import { join } from "node:path"
import * as Crio from "../../adapters/cri/crio/Crio.ts"
import type { Site } from "../Adapter.ts"
import * as Machine from "../stage/Machine.ts"
import { make } from "./runtimes.ts"

const options = ({ directory }: Site) => ({ directory: join(directory, "crio") })

export const adapters = [
  make({
    name: "crio",
    title: "CRI-O",
    lacks: () => Machine.lacking("crio", "pinns", "conmon", "skopeo", "runc"),
    layer: (site) => Crio.layer({ ...options(site), stop: "remove" }),
    importImage: (site, archive) => Crio.importImage(Crio.folders(options(site)).socket, archive),
    cni: (site) => Crio.folders(options(site)).cni
  })
]
