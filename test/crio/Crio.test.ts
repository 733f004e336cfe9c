/** CRI-O, where it is built; runc, and crun by its handler. */
import * as Runs from "../parts/Runs.ts"

Runs.laws("crio")
Runs.laws("crio-crun")
Runs.life("crio")
