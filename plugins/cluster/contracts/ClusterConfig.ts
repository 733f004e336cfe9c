/** What every node of a cluster has to know of it, as a ConfigMap that machines read when they join. */
import { Schema } from "effect"

export const key = { namespace: "kube-system", name: "keelson-config" }

export const ClusterConfig = Schema.Struct({
  podCidr: Schema.String,
  serviceCidr: Schema.String,
  clusterDomain: Schema.String
})
export type ClusterConfig = typeof ClusterConfig.Type

/** Its data: a text for each setting, under the name that the flag has in a configuration file. */
export const encode = ({ clusterDomain, podCidr, serviceCidr }: ClusterConfig) => ({ podCidr, serviceCidr, clusterDomain })
export const decode = Schema.decodeUnknownOption(ClusterConfig)
