/** The clouds keep the laws, and the suites see each law broken. */
import { local, memory } from "../../conformance/adapters/clouds.ts"
import * as IngressBalancers from "../../conformance/IngressBalancers.ts"
import * as Instances from "../../conformance/Instances.ts"
import * as LoadBalancers from "../../conformance/LoadBalancers.ts"
import * as Routes from "../../conformance/Routes.ts"
import * as Zones from "../../conformance/Zones.ts"
import { sabotage, verify } from "../Verify.ts"

verify("a cloud in memory", Instances.suite, memory)
verify("a cloud in memory", Zones.suite, memory)
verify("a cloud in memory", LoadBalancers.suite, memory)
verify("a cloud in memory", IngressBalancers.suite, memory)
verify("a cloud in memory", Routes.suite, memory)

verify("the local cloud", Instances.suite, local)
verify("the local cloud", Zones.suite, local)
verify("the local cloud", LoadBalancers.suite, local)

sabotage(Instances.suite, memory)
sabotage(Zones.suite, memory)
sabotage(LoadBalancers.suite, memory)
sabotage(IngressBalancers.suite, memory)
sabotage(Routes.suite, memory)
