/** A cluster of one process on SQLite. */
import { kubectlTests } from "./Kubectl.ts"
import { suite } from "./Suite.ts"
import { volumes, volumesLater } from "./Volumes.ts"

suite("a cluster on SQLite", {}, (it) => {
  volumes(it)
  kubectlTests(it)
  volumesLater(it)
})
