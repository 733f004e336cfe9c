/** Podman. */
import { join } from "node:path"
import * as Podman from "../../adapters/cri/podman/Podman.ts"
import type { Site } from "../Adapter.ts"
import * as Machine from "../stage/Machine.ts"
import { make } from "./runtimes.ts"

const options = ({ directory }: Site) => ({ directory: join(directory, "podman") })

export const adapters = [
  make({
    name: "podman",
    title: "Podman",
    lacks: () => Machine.lacking("podman", "conmon", "runc"),
    layer: (site) => Podman.layer({ ...options(site), stop: "remove" }),
    importImage: (site, archive) => Podman.importImage(options(site), archive)
  })
]
