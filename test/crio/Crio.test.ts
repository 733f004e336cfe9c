/** CRI-O, where it is built. */
import * as Runs from "../parts/Runs.ts"

Runs.laws("crio")
Runs.life("crio")
