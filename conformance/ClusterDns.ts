/**
 * The checks of the laws of `ClusterDns`. They ask real questions, over UDP and TCP, of whatever answers at the addresses; about
 * objects that they make in its cluster's API (`cluster-dns/World.ts`), and about names that servers of theirs know
 * (`cluster-dns/Outside.ts`), which it has to ask further.
 */
import { ClusterDns } from "../plugins/dns/contracts/ClusterDns.ts"
import { checks as elsewhere } from "./cluster-dns/Elsewhere.ts"
import { checks as messages } from "./cluster-dns/Messages.ts"
import { checks as names } from "./cluster-dns/Names.ts"
import type { World } from "./cluster-dns/World.ts"
import * as Suite from "./Suite.ts"

export const suite = Suite.make<ClusterDns, ClusterDns["Service"], typeof ClusterDns.laws, ClusterDns | World>(ClusterDns, {
  ...names,
  ...messages,
  ...elsewhere
})
