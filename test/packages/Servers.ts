/** Servers of one store, in this process: they have nothing else in common. */
import { Effect, Exit, Layer, Scope } from "effect"
import { join } from "node:path"
import * as ControlPlane from "../../bin/ControlPlane.ts"
import * as Keys from "../../bin/Keys.ts"
import * as Paths from "../../bin/Paths.ts"
import * as Server from "../../bin/Server.ts"
import * as Settings from "../../bin/Settings.ts"
import { freePort } from "../../kernel/FreePort.ts"
import { Client } from "../../kernel/client/Client.ts"

export const server = Effect.fnUntraced(function* (
  home: string,
  name: string,
  log: Parameters<typeof ControlPlane.controlPlane>[0]["log"]
) {
  const settings: Settings.Settings = {
    ...Settings.defaults(),
    dataDir: join(home, name),
    nodeName: name,
    nodeIp: "127.0.0.1",
    apiPort: yield* freePort,
    store: "memory"
  }
  const paths = Paths.make(settings.dataDir, settings.nodeName)
  yield* Keys.openServer(settings, paths)
  const options = yield* Server.optionsOf(settings, paths)
  const scope = yield* Scope.fork(yield* Effect.scope)
  const built = yield* Layer.build(ControlPlane.controlPlane({ ...options, controllers: ["-job"], log })).pipe(
    Scope.provide(scope)
  )
  const client = yield* Effect.provide(Client, yield* Effect.provideContext(Layer.build(ControlPlane.ownClient), built))
  return { client, end: Scope.close(scope, Exit.void) }
})
