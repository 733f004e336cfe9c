/** Links of pages behind the proxy. */
import { describe, expect, it } from "@effect/vitest"
import { rewrite, rewriteAll } from "../../plugins/apiserver/streaming/Links.ts"

const place = { hosts: ["10.244.0.7:80", "api:6443"], prefix: "/api/v1/namespaces/d/pods/p/proxy" }

describe("links", () => {
  it("are led through the proxy where they lead to the page's own server", () => {
    expect(rewrite("/a?b#c", place)).toBe(`${place.prefix}/a?b#c`)
    expect(rewrite("http://10.244.0.7:80/a", place)).toBe(`${place.prefix}/a`)
    expect(rewrite("http://10.244.0.7:80", place)).toBe(`${place.prefix}/`)
    for (const url of ["a/b", "#x", "http://example.com/a", "//example.com/a", `${place.prefix}/a`, "mailto:a@b"]) {
      expect(rewrite(url, place)).toBe(url)
    }
  })

  it("are found in tags only", () => {
    const html = `<a class=x href="/a">/b href="/c"</a><img src='/d'><form action=/e><p data-x="/f">`
    const { prefix } = place
    expect(rewriteAll(html, place)).toBe(
      `<a class=x href="${prefix}/a">/b href="/c"</a><img src='${prefix}/d'><form action=${prefix}/e><p data-x="/f">`
    )
  })
})
