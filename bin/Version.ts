/** What this is, and the Kubernetes whose API it serves. */
export const version = { keelson: "0.1.0", kubernetes: "v1.36.4" }
