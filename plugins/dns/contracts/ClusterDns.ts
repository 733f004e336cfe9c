/**
 * The server of the cluster's names on a node. Whoever implements it answers questions at its addresses for as long as its scope is
 * open, over UDP and TCP; what it answers are the laws. Two of them may answer at the same addresses at once: the one that shall
 * go stops taking questions, answers those that it has, and then lets go.
 * Source: "Kubernetes DNS-Based Service Discovery", version 1.1.0; RFC 1034, 1035, 2308, 6891, 7766.
 */
import { Schema } from "effect"
import * as Contract from "../../../kernel/plugin/Contract.ts"

const { Array: List, Boolean: Bool, Int, String: Text, Struct } = Schema

export class ClusterDns extends Contract.make<ClusterDns>()(
  "dns/ClusterDns",
  {
    version: "1.1.0",
    laws: {
      "service/address": "A Service's name has its cluster addresses: A those of IPv4, AAAA those of IPv6.",
      "service/srv":
        "Each named port of a Service has an SRV record under its protocol, with its number and the Service's name.",
      "service/reverse": "The reverse name of a cluster address leads to its Service.",
      "headless/address": "A headless Service's name has the addresses of all endpoints that are ready, and of no other.",
      "headless/empty": "The name of a headless Service without ready endpoints does not exist.",
      "headless/host": "An endpoint with a hostname has that name under its Service; several with one hostname share it.",
      "headless/srv":
        "A named port of a headless Service has an SRV record for each ready endpoint, whose target leads to it.",
      "headless/reverse": "The reverse name of an endpoint with a hostname leads to its name under the Service.",
      "headless/six": "Endpoints of IPv6 have AAAA records and names in ip6.arpa as those of IPv4 have theirs.",
      "alias/name": "An ExternalName Service is an alias of its name, and the addresses of that name come with it.",
      "pod/address": "A Pod's address with dashes is a name under its namespace, as long as there is such a namespace.",
      "absent/name": "A name that does not exist is answered with NXDOMAIN and the zone's SOA.",
      "absent/type":
        "A name that exists without such a record, also of a type nobody knows, is answered with that: no error, the zone's SOA.",
      "absent/wildcard": "An asterisk stands for nothing but itself.",
      "version/text": "dns-version of the zone has the version of the specification that is kept.",
      "change/seen":
        "What appears, changes or goes in the cluster is answered so from then on, also if it was asked for before.",
      "question/case": "Upper and lower case are the same name, and the question comes back letter for letter.",
      "question/broken":
        "What is not one question is answered with an error or not at all, and the next one is answered well.",
      "question/opcode": "Anything else than a query is refused as not implemented.",
      "answer/turns": "Of several addresses it is not always the same that comes first.",
      "edns/mirrored": "An answer has EDNS if its question has it, and only then.",
      "edns/version": "A version of EDNS that is not known is answered with BADVERS.",
      "datagram/size":
        "A datagram has no more bytes than its asker takes, 512 without EDNS; what does not fit is cut, and that is said.",
      "stream/whole": "Over TCP an answer comes whole, and a connection takes more than one question.",
      "outside/asked": "Names outside the cluster are asked for further, over UDP and TCP, and come back as they were said.",
      "outside/failover":
        "If a server that is asked further does not answer, the next one is asked within the asker's patience.",
      "outside/nobody": "If none answers, the failure is said, and names of the cluster are answered all the same.",
      "outside/kept":
        "An answer from outside is kept for as long as it holds, grows older meanwhile, and is not asked for again.",
      "outside/absent": "That a name outside does not exist is kept for as long as the SOA beside it says.",
      "describe/serves":
        "It serves wherever it says, over UDP and TCP, for the domain that it says, and says whether it is ready to."
    },
    optional: ["answer/turns", "outside/kept", "outside/absent"]
  },
  Contract.method("describe", {
    doc: "What serves, its version, where (`10.96.0.10:53`, `[fd00::a]:53`), and the domain whose names it knows.",
    success: Struct({ name: Text, version: Text, addresses: List(Text), domain: Text }),
    errors: []
  }),
  Contract.method("health", {
    doc: "Whether it knows the cluster and answers; if not, `detail` says what is amiss.",
    success: Struct({ ready: Bool, detail: Text, restarts: Int }),
    errors: []
  })
) {}
