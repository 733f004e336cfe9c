/**
 * Modules from outside the project: what they import of it (`keelson/…`) and of Effect is what the project itself has, whatever lies
 * beside them, so that a plugin and its host speak of the same things. Node.js strips their types itself.
 */
import { registerHooks } from "node:module"
import { pathToFileURL } from "node:url"

/** The project's folder, also for its bundle, which does not know where it lies. */
export const root =
  process.env["KEELSON_DIST"] === undefined
    ? new URL("../../", import.meta.url)
    : new URL("../", pathToFileURL(`${process.env["KEELSON_DIST"]}/`))

/** Whether this very module is one of the bundle's. */
export const isBundled =
  process.env["KEELSON_DIST"] !== undefined &&
  import.meta.url.startsWith(pathToFileURL(`${process.env["KEELSON_DIST"]}/`).href)

const shared = /^(keelson|effect|@effect\/[^/]+)(\/|$)/
const home = new URL("package.json", root).href
let isRegistered = false

/** For this thread, from now on. */
export const register = () => {
  if (isRegistered) return
  isRegistered = true
  // What goes wrong in what was compiled is told of by its sources. Deno does so by itself.
  if (process.versions["deno"] === undefined) process.setSourceMapsEnabled(true)
  registerHooks({
    resolve: (specifier, context, next) =>
      shared.test(specifier) && context.parentURL?.startsWith(root.href) !== true
        ? next(specifier, { ...context, parentURL: home })
        : next(specifier, context),
    // Deno reads a module's imports before anybody is asked where they are, unless somebody is asked for what is there, too.
    ...(process.versions["deno"] !== undefined && { load: (url, context, next) => next(url, context) })
  })
}
