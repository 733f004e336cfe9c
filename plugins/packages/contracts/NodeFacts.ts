/** What a package that runs on a node learns of it: `node`, beside the values of its configuration. */
export type NodeFacts = {
  readonly name: string
  readonly address: string
  /** The package's own on this node, whichever version of it runs. Nobody else looks into it. */
  readonly directory: string
  /** Of all Pods and Services of the cluster; one for each IP family, as in `10.244.0.0/16,fd00:10:244::/56`. */
  readonly podCidr: string
  readonly serviceCidr: string
  /** Where the cluster's names are answered. With `held` the address is on the node already. */
  readonly dns: {
    readonly address: ReadonlyArray<string>
    readonly domain: string
    readonly port: number
    readonly held: boolean
  }
  /** What stands before every command about the node's network, where that is not this process's; absent on nodes. */
  readonly within?: ReadonlyArray<string>
  /** Where what lets HTTP in listens; and with what its folders' names begin, which processes may enter that are not root. */
  readonly ingress: { readonly addresses: ReadonlyArray<string>; readonly directory: string }
  /** Where the node's networks keep what they have given. */
  readonly network: { readonly directory: string }
}
