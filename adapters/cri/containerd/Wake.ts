/** containerd has the CRI's events from version 1.7 on; its own, which do as well, are in all. */
import * as Wake from "../Wake.ts"

export const wake = Wake.wake(Wake.onEvents("Subscribe", "/containerd.services.events.v1.Events/Subscribe"))
