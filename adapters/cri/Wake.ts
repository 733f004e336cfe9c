/** The CRI's own events, by which we know when to look. Of an event nothing is read but that it came. */
import { Stream } from "effect"
import { type Cri, UNIMPLEMENTED } from "./Cri.ts"
import type { Wake } from "./CriEvents.ts"

const path = "/runtime.v1.RuntimeService/GetContainerEvents"

/** At once, for what happened before anybody listened, and then with each event. */
export const onEvents = (name: string, path: string) => (cri: Cri["Service"]) =>
  Stream.concat(
    Stream.succeed(undefined),
    cri.serverStream(
      name,
      path,
      () => Buffer.alloc(0),
      () => undefined
    )
  )

/** `otherwise` is for a runtime that is older than these events. */
export const wake =
  (otherwise: Wake = () => Stream.empty): Wake =>
  (cri) =>
    Stream.catchIf(
      onEvents("GetContainerEvents", path)(cri),
      ({ code }) => code === UNIMPLEMENTED,
      () => otherwise(cri)
    )
