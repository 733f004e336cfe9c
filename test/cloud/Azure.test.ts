/** Azure keeps the laws of a cloud, also when it throttles, when its answers are lost and when who asks dies. */
import { describe } from "@effect/vitest"
import { lacks, layer } from "../../conformance/adapters/azure.ts"
import * as Instances from "../../conformance/Instances.ts"
import * as LoadBalancers from "../../conformance/LoadBalancers.ts"
import * as Routes from "../../conformance/Routes.ts"
import * as Zones from "../../conformance/Zones.ts"
import { left } from "../Left.ts"
import { verify } from "../Verify.ts"

const lacking = lacks()
/** `npm run conformance -- cloud` disturbs each call. */
const azure = layer(7)

describe.skipIf(lacking.length > 0)(`Azure, each request checked by its description${left(lacking)}`, () => {
  verify("Azure", Instances.suite, azure)
  verify("Azure", Zones.suite, azure)
  verify("Azure", LoadBalancers.suite, azure)
  verify("Azure", Routes.suite, azure)
})
