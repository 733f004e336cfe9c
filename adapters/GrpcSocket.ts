/** A gRPC client of a program of this machine, at its socket. It connects when it is called, and again soon after the program has begun anew. */
import * as grpc from "@grpc/grpc-js"
import { Effect } from "effect"

/** Until the scope closes. */
export const client = (socket: string, options: grpc.ClientOptions = {}) =>
  Effect.acquireRelease(
    Effect.sync(
      () =>
        new grpc.Client(`unix://${socket}`, grpc.credentials.createInsecure(), {
          "grpc.default_authority": "localhost",
          "grpc.initial_reconnect_backoff_ms": 100,
          "grpc.max_reconnect_backoff_ms": 1000,
          ...options
        })
    ),
    (open) => Effect.sync(() => open.close())
  )
