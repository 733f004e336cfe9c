/**
 * Links of a page that comes through the proxy: those that lead to the page's own server by an absolute path would miss it, so
 * they are led through the proxy too. Source: "Access services running on clusters"; which attributes hold links is HTML's matter.
 */

/** Attributes whose value is one URL. */
const attributes =
  "href|src|action|formaction|background|cite|classid|codebase|data|longdesc|manifest|poster|profile|icon|usemap"
/** Inside of a tag, so that text and scripts stay what they are. */
const tag = /<[a-z][^<>]*>/gi
const link = new RegExp(`(\\s(?:${attributes})\\s*=\\s*)(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, "gi")

/** Who is asked, as the page's server knows itself and as the client does, and what stands before its paths. */
export interface Place {
  readonly hosts: ReadonlyArray<string>
  readonly prefix: string
}

const absolute = /^(?:https?:)?\/\/([^/?#]*)(.*)$/i

const through = (path: string, prefix: string) => (path === prefix || path.startsWith(`${prefix}/`) ? path : prefix + path)

/** The same where it leads elsewhere, or to a place next to the page. */
export const rewrite = (url: string, { hosts, prefix }: Place): string => {
  const [, host, rest = ""] = absolute.exec(url) ?? []
  if (host === undefined) return url.startsWith("/") ? through(url, prefix) : url
  if (!hosts.includes(host)) return url
  return through(rest.startsWith("/") ? rest : `/${rest}`, prefix)
}

export const rewriteAll = (html: string, place: Place): string =>
  html.replace(tag, (whole) =>
    whole.replace(link, (_, before: string, double?: string, single?: string, bare?: string) => {
      if (double !== undefined) return `${before}"${rewrite(double, place)}"`
      return single === undefined ? `${before}${rewrite(bare ?? "", place)}` : `${before}'${rewrite(single, place)}'`
    })
  )
