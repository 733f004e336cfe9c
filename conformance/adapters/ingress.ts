/** What lets HTTP in at a node: nginx. */
import { Effect, Layer } from "effect"
import { chmodSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Nginx from "../../adapters/ingress/nginx/Nginx.ts"
import { type Adapter, checked, kit } from "../Adapter.ts"
import { suite, Victim } from "../IngressProxy.ts"

const nginx = (folder: string) => {
  const directory = join(folder, "nginx")
  // nginx' workers, who are not root, read the certificates.
  chmodSync(folder, 0o755)
  const kill = Effect.sync(() => {
    process.kill(Number(readFileSync(join(directory, "nginx.pid"), "utf8")), "SIGKILL")
  })
  return Layer.merge(Nginx.layer({ addresses: ["127.0.0.1"], directory }), Layer.succeed(Victim, kill))
}

export const adapters: ReadonlyArray<Adapter> = [
  {
    name: "nginx",
    title: "nginx",
    isAlone: false,
    lacks: () => (Nginx.find() === undefined ? ["nginx"] : []),
    kits: { "ingress-proxy": ({ directory }) => Effect.suspend(() => kit(nginx(directory), checked(suite))) }
  }
]
