/**
 * What a server does when others join it: it enters itself too, and when there are enough brings the store to a replica on each. After
 * that it keeps what it has to know of them when it is started again.
 */
import { Effect, FileSystem, Schedule, Stream } from "effect"
import { Client } from "../kernel/client/Client.ts"
import { Switch } from "../kernel/store/Switch.ts"
import { ConfigMap } from "../plugins/resources/contracts/core/v1.ts"
import { selfOf } from "./JoinServer.ts"
import * as Membership from "./Membership.ts"
import type { Paths } from "./Paths.ts"
import * as Servers from "./Servers.ts"
import type { Settings } from "./Settings.ts"
import * as Store from "./Store.ts"

const again = Schedule.spaced("10 seconds")

/** The store, from where one server had it to a replica on every one. */
const replicate = Effect.fnUntraced(function* (settings: Settings, paths: Paths, place: Servers.Place) {
  const found = yield* Effect.serviceOption(Switch)
  const { move } = yield* Effect.fromOption(found)
  const files = yield* FileSystem.FileSystem
  const replicated = { ...settings, store: "jetstream" }
  yield* Effect.logInfo(`there are ${place.all.length} servers: the store moves to a replica on each`)
  const { entries, held } = yield* move({
    layer: Store.member(replicated, paths, place),
    record: (id) =>
      Servers.write(Servers.fileOf(paths), { store: replicated.store, servers: place.all, move: id }).pipe(
        Effect.provideService(FileSystem.FileSystem, files)
      ),
    onStep: (step, detail) => Effect.logInfo(`the store moves: ${step} ${detail}`)
  })
  yield* Membership.sayReplicated
  yield* Effect.logInfo(`the store has a replica on each server: ${entries} entries came along, writes waited ${held} ms`)
})

/** Until the scope closes. `place`: if it is one of several already. */
export const follow = Effect.fn("Grow.follow")(function* (
  settings: Settings,
  paths: Paths,
  place: Servers.Place | undefined,
  at: Store.At
) {
  const client = yield* Client
  const replicates = !Store.external(settings.store)
  const self = place?.self ?? selfOf(settings, replicates)
  let isOneOfMany = place !== undefined || !replicates
  let kept = JSON.stringify(place?.all)

  const keep = Effect.fnUntraced(function* (servers: ReadonlyArray<Servers.Server>) {
    const text = JSON.stringify(servers)
    if (text === kept || !servers.some(({ name }) => name === self.name)) return
    yield* Servers.write(Servers.fileOf(paths), { store: at.store, servers })
    kept = text
  })

  const react = Effect.fnUntraced(function* (map: ConfigMap) {
    const servers = Membership.serversOf(map)
    if (servers.length === 0) return
    // Who was removed is not entered again by itself.
    if (place === undefined && !servers.some(({ name }) => name === self.name)) return yield* Membership.enter(self)
    if (isOneOfMany) {
      yield* keep(servers)
      if (replicates && !Membership.isReplicated(map)) yield* Membership.sayReplicated
      return
    }
    if (servers.length < Membership.enough) {
      return yield* Effect.logInfo(
        `${servers.length} of ${Membership.enough} servers are there: the store waits for the rest`
      )
    }
    const grown: Servers.Place = { self, all: servers, isLocal: false }
    yield* replicate(settings, paths, grown)
    isOneOfMany = true
    at.store = "jetstream"
    at.place = grown
  })

  const cache = yield* client.cache(ConfigMap, { indexes: {}, selection: Membership.selection })
  const seen = cache.changes.pipe(
    Stream.runForEach(() =>
      Effect.suspend(() => {
        const map = cache.get(Membership.key)
        return map === undefined ? Effect.void : react(map)
      }).pipe(
        Effect.tapError((error) =>
          Effect.logWarning("what the servers of the cluster are to one another did not work out", error)
        ),
        Effect.retry(again)
      )
    )
  )
  yield* Effect.forkScoped(seen)
})
