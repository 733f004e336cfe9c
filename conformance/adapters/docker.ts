/** Docker. */
import { join } from "node:path"
import * as Docker from "../../adapters/cri/docker/Docker.ts"
import type { Site } from "../Adapter.ts"
import * as Machine from "../stage/Machine.ts"
import { make } from "./runtimes.ts"

const options = ({ directory }: Site) => ({ directory: join(directory, "docker") })

export const adapters = [
  make({
    name: "docker",
    title: "Docker",
    lacks: () => Machine.lacking("dockerd", "containerd", "runc"),
    layer: (site) => Docker.layer({ ...options(site), stop: "remove" }),
    importImage: (site, archive) => Docker.importImage(options(site), archive)
  })
]
