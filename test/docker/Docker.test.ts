/** Docker, where it is installed. */
import * as Runs from "../parts/Runs.ts"

Runs.laws("docker")
Runs.life("docker")
Runs.powers("docker")
