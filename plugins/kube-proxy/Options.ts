/** What every data plane is told. */
export interface PlaneOptions {
  /** Of all Pods of the cluster; one for each IP family, as in `10.244.0.0/16,fd00:10:244::/56`. */
  readonly podCidr: string
  /** At which of the node's addresses node ports are answered, as CIDRs. Absent or empty: at all but loopback. */
  readonly nodePortAddresses?: ReadonlyArray<string>
  /** What was programmed stays when the data plane ends: who uses it says `remove`. */
  readonly keep?: boolean
}
