/** AWS keeps the laws of a cloud, also when it throttles, when its answers are lost and when who asks dies. */
import { describe } from "@effect/vitest"
import { layer } from "../../conformance/adapters/aws.ts"
import * as IngressBalancers from "../../conformance/IngressBalancers.ts"
import * as Instances from "../../conformance/Instances.ts"
import * as LoadBalancers from "../../conformance/LoadBalancers.ts"
import * as Routes from "../../conformance/Routes.ts"
import * as Moto from "../../conformance/stage/Moto.ts"
import { left } from "../Left.ts"
import * as Zones from "../../conformance/Zones.ts"
import { verify } from "../Verify.ts"

const lacks = Moto.lacks()
/** `npm run conformance -- cloud` disturbs each call; here the first of each deed is. */
const aws = layer(150)

describe.skipIf(lacks.length > 0)(`on moto${left(lacks)}`, () => {
  verify("AWS", Instances.suite, aws)
  verify("AWS", Zones.suite, aws)
  verify("AWS", LoadBalancers.suite, aws)
  verify("AWS", IngressBalancers.suite, aws)
  verify("AWS", Routes.suite, aws)
})
