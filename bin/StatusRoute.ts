/** `/keelson/status`: what one server process knows of itself. What `keelson status` shows beside nodes and Pods. */
import { Effect, Schema, SubscriptionRef } from "effect"
import { Host, isolations, phases } from "../kernel/plugin/Plugin.ts"
import { names } from "../kernel/store/Log.ts"
import { Tables } from "../kernel/table/Tables.ts"
import { Routes } from "../plugins/apiserver/contracts/Routes.ts"

export const path = "/keelson/status"

export const ServerStatus = Schema.Struct({
  store: Schema.Struct({
    name: Schema.String,
    /** Whether every log is being followed. */
    following: Schema.Boolean,
    /** By log: the revision that this process has reached. */
    revisions: Schema.Record(Schema.String, Schema.Int)
  }),
  plugins: Schema.Array(
    Schema.Struct({
      name: Schema.String,
      state: Schema.Literals(phases),
      reason: Schema.optionalKey(Schema.String),
      restarts: Schema.Int,
      isolation: Schema.Literals(isolations),
      offers: Schema.Array(Schema.String)
    })
  )
})
export type ServerStatus = typeof ServerStatus.Type
const encode = Schema.encodeSync(Schema.fromJsonString(ServerStatus))

export const add = Effect.fnUntraced(function* (store: () => string) {
  const host = yield* Host
  const tables = yield* Tables
  const routes = yield* Routes
  yield* routes.add({
    prefix: path,
    handle: () =>
      Effect.map(SubscriptionRef.get(host.states), (states) => {
        const plugins = states.map(({ since: _, ...state }) => state).toSorted((a, b) => (a.name < b.name ? -1 : 1))
        const revisions = Object.fromEntries(names.map((name) => [name, tables.revision(name)]))
        const body = encode({ store: { name: store(), following: tables.following(), revisions }, plugins })
        return { code: 200, type: "application/json", body }
      })
  })
})
