/** Podman, where it is installed. */
import * as Runs from "../parts/Runs.ts"

Runs.laws("podman")
Runs.life("podman")
Runs.powers("podman")
