/** Whether this machine can serve Services in a network namespace of its own. */
import { execFileSync } from "node:child_process"

const programs = { nftables: ["nft list tables"], iptables: ["iptables-save", "ip6tables-save"] } as const

/** What is missing, for the name of a test that is left out for it; empty if nothing is. */
export const lacks = (mode: keyof typeof programs) => {
  const probe = `kt-proxy-probe-${process.pid}`
  try {
    const inside = [...programs[mode], "conntrack -L"].map((command) => `nsenter --net=/run/netns/${probe} ${command}`)
    const script = ["set -e", `ip netns add ${probe}`, `trap 'ip netns del ${probe}' EXIT`, ...inside].join("\n")
    execFileSync("sh", ["-c", script], { stdio: "pipe" })
    return ""
  } catch (error) {
    const [reason = "it fails"] = String(error instanceof Error ? error.message : error)
      .trim()
      .split("\n")
      .slice(-1)
    return ` (left out: it needs root, network namespaces, conntrack and ${programs[mode].join(", ")}: ${reason})`
  }
}
