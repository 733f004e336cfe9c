/** The Lease of the server that runs scheduler and controllers, in kube-system. */
export const leadership = "keelson-controllers"
