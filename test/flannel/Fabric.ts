/**
 * Nodes of a Flannel network in network namespaces of their own, each with a bridge and a Pod behind it, on one wire:
 *
 *     pod1 10.244.1.2 ── keelson0 (n1) eth0 10.200.7.1 ─┐
 *     pod2 10.244.2.2 ── keelson0 (n2) eth0 10.200.7.2 ─┼ wire
 *     pod3 10.244.3.2 ── keelson0 (n3) eth0 10.200.7.3 ─┘
 *
 * and the same with fd00:7::N and fd00:244:N::2. All of it is gone when the scope closes.
 */
import { Effect, Schedule } from "effect"
import { Client } from "../../kernel/client/Client.ts"
import { Node } from "../../plugins/resources/contracts/core/v1.ts"
import { sh } from "../network/Netns.ts"

export const podCidrs = ["10.244.0.0/16", "fd00:244::/48"]
export const addressesOf = (index: number) => [`10.200.7.${index}`, `fd00:7::${index}`]
export const rangesOf = (index: number) => [`10.244.${index}.0/24`, `fd00:244:0:${index}::/64`]
export const podsOf = (index: number) => [`10.244.${index}.2`, `fd00:244:0:${index}::2`]
const gatewaysOf = (index: number) => [`10.244.${index}.1`, `fd00:244:0:${index}::1`]

export const make = Effect.fnUntraced(function* (count: number) {
  const name = (part: string) => `kt-fl-${process.pid}-${part}`
  const indexes = Array.from({ length: count }, (_, at) => at + 1)
  const parts = ["wire", ...indexes.flatMap((index) => [`n${index}`, `pod${index}`])]
  const inside = (part: string, command: string) => `ip -n ${name(part)} ${command}`
  const link = (a: string, nameA: string, b: string, nameB: string) =>
    `ip link add ${nameA} netns ${name(a)} type veth peer name ${nameB} netns ${name(b)}`
  const address = (part: string, device: string, values: ReadonlyArray<string>, bits: readonly [number, number]) =>
    [
      ...values.map((value) => {
        const is6 = value.includes(":")
        return inside(part, `addr add ${value}/${bits[is6 ? 1 : 0]} dev ${device}${is6 ? " nodad" : ""}`)
      }),
      inside(part, `link set ${device} up`)
    ].join("\n")
  const node = (index: number) => {
    const [own, pod] = [`n${index}`, `pod${index}`]
    const [gateway4 = "", gateway6 = ""] = gatewaysOf(index)
    return [
      link("wire", `v${own}`, own, "eth0"),
      inside("wire", `link set v${own} master br0 up`),
      address(own, "eth0", addressesOf(index), [24, 64]),
      inside(own, "link add keelson0 type bridge"),
      address(own, "keelson0", gatewaysOf(index), [24, 64]),
      link(own, "vpod", pod, "eth0"),
      inside(own, "link set vpod master keelson0 up"),
      address(pod, "eth0", podsOf(index), [24, 64]),
      inside(pod, `route add default via ${gateway4}`),
      inside(pod, `-6 route add default via ${gateway6}`),
      `nsenter --net=/run/netns/${name(own)} sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding'`
    ].join("\n")
  }

  yield* Effect.acquireRelease(sh(parts.map((part) => `ip netns add ${name(part)}`).join("\n")), () =>
    Effect.ignore(sh(parts.map((part) => `ip netns del ${name(part)} || true`).join("\n")))
  )
  yield* sh(
    [
      ...parts.map((part) => inside(part, "link set lo up")),
      inside("wire", "link add br0 type bridge"),
      inside("wire", "link set br0 up"),
      ...indexes.map(node)
    ].join("\n")
  )

  const launcher = (part: string) => ["nsenter", `--net=/run/netns/${name(part)}`, "--"]
  const run = (part: string, script: string) => sh(`${launcher(part).join(" ")} sh -ec '${script}'`)
  /** Whether a Pod hears another, at once. */
  const hears = (from: number, to: string, size = 56) =>
    Effect.isSuccess(run(`pod${from}`, `busybox ping -c 1 -W 1 -s ${size} ${to}`))
  return {
    indexes,
    launcher,
    run,
    hears,
    /** As soon as a Pod hears another: the first packets may come before there is a way. */
    reaches: (from: number, to: string, size?: number) =>
      hears(from, to, size).pipe(
        Effect.repeat({ until: (yes) => yes, schedule: Schedule.spaced("50 millis") }),
        Effect.timeoutOrElse({
          duration: "100 seconds",
          orElse: () => Effect.die(new Error(`pod${from} does not reach ${to}`))
        })
      ),
    /** What a node has on its machine, for comparing: the kernel's own words without what counts or ages. */
    look: (part: string) =>
      Effect.map(
        run(part, "ip -o link; ip -o addr; ip route show table all; ip -6 route show table all; nft list ruleset"),
        (text) =>
          text
            .split("\n")
            .map((line) => line.replace(/ (valid_lft|expires|pref) .*| state \w+/g, "").trim())
            .filter(
              (line) => line !== "" && !line.includes("fe80") && !line.includes("anycast") && !line.includes("multicast")
            )
            .toSorted()
      ),
    /** The Nodes in the API, as kubelets register them. */
    register: Effect.gen(function* () {
      const client = yield* Client
      for (const index of indexes) {
        const [podCIDR = "", ...others] = rangesOf(index)
        const made = yield* client.create(Node, {
          metadata: { name: `n${index}` },
          spec: { podCIDR, podCIDRs: [podCIDR, ...others] }
        })
        const addresses = addressesOf(index).map((each) => ({ type: "InternalIP", address: each }))
        yield* client.update(Node, { ...made, status: { ...made.status, addresses } }, { subresource: "status" })
      }
    })
  }
})
export type Fabric = Effect.Success<ReturnType<typeof make>>
