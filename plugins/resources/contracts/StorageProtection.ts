/** The finalizers of storage objects that are in use: set by admission, taken away by controllers. */
export const claim = "kubernetes.io/pvc-protection"
export const volume = "kubernetes.io/pv-protection"
export const attributes = "kubernetes.io/vac-protection"
