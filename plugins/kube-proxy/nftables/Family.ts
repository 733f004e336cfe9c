/** What differs between the tables of the two IP families. */
export interface Family {
  readonly family: "IPv4" | "IPv6"
  readonly table: string
  /** As in `ip saddr`. */
  readonly ip: "ip" | "ip6"
  readonly address: "ipv4_addr" | "ipv6_addr"
  readonly loopback: string
  /**
   * Who asks what, as a key, and how the connection's mark becomes what is remembered of it, or something below `firstSlot`. nft 1.0.6
   * has too few registers to note more than one number beside an address of IPv6: there a hash stands for who asks.
   */
  readonly sender: { readonly type: string; readonly expression: string; readonly recall: ReadonlyArray<string> }
}

/** Marks from here on are slots and numbers of endpoints, so that a connection on its way is not taken for somebody else's. */
export const firstSlot = "0x4b000000"
export const slotMask = "0xff000000"

/** Fixed, so that a sender is recognized after the table was loaded anew. */
const seed = "0x6b65656c"

const senderOf = (ip: "ip" | "ip6") => `${ip} saddr . ${ip} daddr . meta l4proto . th dport`
const hashed = `jhash ${senderOf("ip6")} mod ${Number(firstSlot)} seed ${seed}`

export const IPv4: Family = {
  family: "IPv4",
  table: "ip keelson-proxy",
  ip: "ip",
  address: "ipv4_addr",
  loopback: "127.0.0.0/8",
  sender: {
    type: "ipv4_addr . ipv4_addr . inet_proto . inet_service",
    expression: senderOf("ip"),
    recall: ["ct mark set 0", `ct mark set ${senderOf("ip")} map @senders`]
  }
}

export const IPv6: Family = {
  family: "IPv6",
  table: "ip6 keelson-proxy",
  ip: "ip6",
  address: "ipv6_addr",
  loopback: "::1",
  sender: { type: "mark", expression: hashed, recall: [`ct mark set ${hashed}`, "ct mark set ct mark map @senders"] }
}
