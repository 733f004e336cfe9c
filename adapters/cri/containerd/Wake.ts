/**
 * containerd's own events, by which we know when to look: the CRI has events only from version 1.7 on, these are in all.
 * Of an event nothing is read but that it came.
 */
import { Stream } from "effect"
import type { Cri } from "../Cri.ts"

export const wake = (cri: Cri["Service"]) =>
  Stream.concat(
    Stream.succeed(undefined),
    cri.serverStream(
      "Subscribe",
      "/containerd.services.events.v1.Events/Subscribe",
      () => Buffer.alloc(0),
      () => undefined
    )
  )
