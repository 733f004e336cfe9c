/** How a webhook is reached, and what is wrong with that. Source: admissionregistration.k8s.io/v1 WebhookClientConfig. */
import * as Causes from "../../../kernel/resource/Causes.ts"
import * as Names from "../../../kernel/resource/Names.ts"
import type { ServiceReference, WebhookClientConfig } from "../contracts/admissionregistration/v1.ts"

const form = "; desired format: https://host[/path]"

const ofUrl = (field: string, text: string): Causes.Causes => {
  if (!URL.canParse(text)) {
    // What has no scheme is a path to Go's library, and thereby a URL; so is a scheme alone.
    if (/\s/.test(text)) return [Causes.required(field, `url must be a valid URL: it cannot be parsed${form}`)]
    const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1] ?? ""
    return [
      ...(scheme === "https" ? [] : [Causes.invalid(field, scheme, `'https' is the only allowed URL scheme${form}`)]),
      Causes.invalid(field, "", `host must be specified${form}`)
    ]
  }
  const { hash, host, password, protocol, search, username } = new URL(text)
  const scheme = protocol.slice(0, -1)
  return [
    ...(scheme === "https" ? [] : [Causes.invalid(field, scheme, `'https' is the only allowed URL scheme${form}`)]),
    ...(host === "" ? [Causes.invalid(field, "", `host must be specified${form}`)] : []),
    ...(username + password === ""
      ? []
      : [
          Causes.invalid(
            field,
            password === "" ? username : `${username}:${password}`,
            "user information is not permitted in the URL"
          )
        ]),
    ...(hash.length > 1 ? [Causes.invalid(field, hash.slice(1), "fragments are not permitted in the URL")] : []),
    ...(search.length > 1 ? [Causes.invalid(field, search.slice(1), "query parameters are not permitted in the URL")] : [])
  ]
}

const ofPath = (field: string, path: string): Causes.Causes => {
  if (path === "" || path === "/") return []
  if (path === "//") return [Causes.invalid(field, path, "segment[0] may not be empty")]
  const segments = path.slice(1).replace(/\/$/, "").split("/")
  return [
    ...(path.startsWith("/") ? [] : [Causes.invalid(field, path, "must start with a '/'")]),
    ...segments.flatMap((segment, index) =>
      segment === ""
        ? [Causes.invalid(field, path, `segment[${index}] may not be empty`)]
        : Names.dns1123Subdomain(segment).map((why) => Causes.invalid(field, path, `segment[${index}]: ${why}`))
    )
  ]
}

const ofService = (field: string, { name, namespace, path = "", port = 443 }: ServiceReference): Causes.Causes => {
  const wrong = Names.portNumber(port)
  return [
    ...(name === "" ? [Causes.required(`${field}.name`)] : []),
    ...(namespace === "" ? [Causes.required(`${field}.namespace`)] : []),
    ...(wrong.length > 0 ? [Causes.invalid(`${field}.port`, port, `port is not valid: ${wrong.join(", ")}`)] : []),
    ...ofPath(`${field}.path`, path)
  ]
}

export const validate = (field: string, { service, url }: WebhookClientConfig): Causes.Causes => {
  if ((service === undefined) === (url === undefined))
    return [Causes.required(field, "exactly one of url or service is required")]
  return service === undefined ? ofUrl(`${field}.url`, url ?? "") : ofService(`${field}.service`, service)
}
