/** What an isolate is started with: which plugin, how far from here, what it may reach, and what it may use up. */
import { Context, type Effect, type Schema, type Scope } from "effect"
import type { Isolation, Life } from "../Plugin.ts"
import type * as Wire from "../Wire.ts"
import type { AnyContract } from "./Guest.ts"
import type { IsolateFailed } from "./Protocol.ts"

/** What a sandbox lets through. Nothing is granted that is not named; the API is reached by what serves `Api` here. */
export interface Grants {
  /** Files and folders by absolute path. What can be written can be read. */
  readonly files?: { readonly read?: ReadonlyArray<string>; readonly write?: ReadonlyArray<string> }
  /** `host:port` that it may connect to, over TCP, as the plugin names them. */
  readonly network?: ReadonlyArray<string>
  /** Programs that it may run, by absolute path. */
  readonly commands?: ReadonlyArray<string>
  /** Names of variables of this process's environment: a process finds no others either. */
  readonly environment?: ReadonlyArray<string>
}

/** What an isolate may use. It is ended, and started again with back-off, when it takes more. */
export interface Budgets {
  /** All that a process holds, Node.js's own 60 MiB among it: 512 MiB if it is not said. Of a thread, the heap: no limit then. */
  readonly memoryBytes?: number
  /** Processors, such as 0.5. A sandbox gets no more; elsewhere it is not kept. */
  readonly cpus?: number
  /** Processes and threads of a sandbox. */
  readonly pids?: number
  /** How long a call may take; streams may go on for ever. */
  readonly callMillis?: number
  /** How long it may leave a ping without an answer, which an endless loop does. */
  readonly silentMillis?: number
  /** How many messages it may send in a second beyond the answers that were asked for. */
  readonly messages?: number
}

export const defaultMemory = 512 * 1024 ** 2

/** Who speaks to a remote plugin, and whom it believes: PEM. */
interface Identity {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** The name in the server's certificate, if it is another than that of its host. */
  readonly serverName?: string
}
/** A machine that is reached. */
export interface RemoteTls extends Identity {
  readonly host: string
  readonly port: number
}
/** A subject of NATS, at which some machine serves the plugin. */
export interface RemoteNats extends Identity {
  /** `tls://host:port`, several with commas between them. */
  readonly nats: string
  /** What its subjects begin with, such as `plugins.lab`. */
  readonly subject: string
}
/** Where a remote plugin is. */
export type Remote = RemoteTls | RemoteNats

export interface Settings<
  Offers extends ReadonlyArray<AnyContract> = ReadonlyArray<AnyContract>,
  Needs extends ReadonlyArray<AnyContract> = ReadonlyArray<AnyContract>
> {
  readonly name: string
  /** Exports the plugin as `plugin`: its value, or a function of `options`. */
  readonly module: URL
  readonly options?: Schema.Json
  /** As their consumers here know them. */
  readonly offers: Offers
  /** What it is given, each served by what serves it here; with `Api` among them the plugin can need `Client`. */
  readonly needs: Needs
  readonly isolation: Isolation
  readonly grants?: Grants
  /**
   * What makes a sandbox. `permissions`: those of the runtime alone. If it is not said, `namespaces`; where these cannot be made,
   * Deno's permissions if it is there, and nothing otherwise.
   */
  readonly confinement?: "namespaces" | "permissions"
  /** What a sandbox's guest runs on, whose permissions it has: `deno` if it is not said and Deno is there. */
  readonly runtime?: "deno" | "node"
  readonly budgets?: Budgets
  readonly remote?: Remote
  readonly life?: Life
}

/** Starts a guest and gives the wire to it. Closing the scope ends the guest, whatever it does. */
export type Open = (
  settings: Settings,
  die: (reason: string) => void
) => Effect.Effect<Wire.Wire, IsolateFailed, Scope.Scope>

/** Where the guest's program is: for a build that puts it elsewhere than beside this file. */
export const Main = Context.Reference<URL>("kernel/Isolate/Main", {
  defaultValue: () => new URL("./GuestMain.ts", import.meta.url)
})
