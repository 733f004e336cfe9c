/** GCP keeps the laws of a cloud, also when it throttles, when its answers are lost and when who asks dies. */
import { describe } from "@effect/vitest"
import { lacks, layer } from "../../conformance/adapters/gcp.ts"
import * as Instances from "../../conformance/Instances.ts"
import * as LoadBalancers from "../../conformance/LoadBalancers.ts"
import * as Routes from "../../conformance/Routes.ts"
import * as Zones from "../../conformance/Zones.ts"
import { left } from "../Left.ts"
import { verify } from "../Verify.ts"

const lacking = lacks()
/** `npm run conformance -- cloud` disturbs each call. */
const gcp = layer(11)

describe.skipIf(lacking.length > 0)(`GCP, each request checked by its description${left(lacking)}`, () => {
  verify("GCP", Instances.suite, gcp)
  verify("GCP", Zones.suite, gcp)
  verify("GCP", LoadBalancers.suite, gcp)
  verify("GCP", Routes.suite, gcp)
})
