/** Both data planes in a real kernel, with real packets. Needs root, nft, iptables and network namespaces, and says so without. */
import { describe } from "@effect/vitest"
import { Layer } from "effect"
import { harness, podCidr, suite } from "../../conformance/ServiceProxy.ts"
import * as Command from "../../plugins/kube-proxy/Command.ts"
import * as Modes from "../../plugins/kube-proxy/Modes.ts"
import { sabotage, verify } from "../Verify.ts"
import { lacks } from "./Machine.ts"

const on = (mode: Modes.Mode) => harness((within) => Modes.layer(Command.within(within), mode, { podCidr }))

for (const mode of Modes.modes) {
  const why = lacks(mode)
  describe.skipIf(why !== "")(`${mode}${why}`, () => verify(mode, suite, on(mode)))
}

const why = lacks("nftables")
describe.skipIf(why !== "")(`the suite${why}`, () => {
  sabotage(suite, Layer.fresh(on("nftables")))
})
