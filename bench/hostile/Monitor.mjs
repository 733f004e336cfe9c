/** Loaded into a server before its program: tells its parent, when asked, how long its event loop was held up and what it holds in memory. */
import { monitorEventLoopDelay } from "node:perf_hooks"

const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()
process.channel?.unref()
process.on("message", (asked) => {
  if (asked === "collect") globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  const milliseconds = (nanoseconds) => nanoseconds / 1e6
  process.send?.({ longest: milliseconds(delay.max), p99: milliseconds(delay.percentile(99)), heapUsed, rss })
  delay.reset()
})
process.channel?.unref()
