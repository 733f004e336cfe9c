/** containerd as Debian's stable release has it, and the later ones that are unpacked on this machine; runc, and crun by its handler. */
import * as Runs from "../parts/Runs.ts"

Runs.laws("containerd")
Runs.laws("containerd-crun")
Runs.laws("containerd-1.7")
Runs.laws("containerd-2.1")
Runs.laws("containerd-2.1-crun")
Runs.life("containerd")
