import { join } from "node:path"
import { defineConfig } from "vitest/config"

const include = ["test/**/*.test.ts"]
const endToEnd = ["test/e2e/**/*.test.ts"]
const interchange = ["test/interchange/**/*.test.ts"]

/** What packages from outside import of the project is resolved from its folder, wherever they lie, as it is in a server. */
const outside = {
  name: "outside",
  enforce: "pre" as const,
  resolveId(this: { resolve: (id: string, importer: string) => Promise<unknown> }, id: string, importer?: string) {
    const isFromOutside = importer !== undefined && !importer.startsWith(import.meta.dirname)
    return id.startsWith("keelson/") && isFromOutside
      ? this.resolve(id, join(import.meta.dirname, "vitest.config.ts"))
      : undefined
  }
}
const plugins = [outside]

/** One cluster after another, and after the rest: they take the whole machine. */
const whole = {
  globalSetup: ["test/e2e/bundle.mjs"],
  fileParallelism: false,
  testTimeout: 300_000,
  hookTimeout: 300_000,
  sequence: { groupOrder: 1 }
}

export default defineConfig({
  test: {
    projects: [
      {
        plugins,
        test: {
          name: "parts",
          include,
          exclude: [...endToEnd, ...interchange],
          testTimeout: 60_000,
          // Most of their time they wait for something: one core less than there are, as is usual, would be too few of two.
          maxWorkers: "100%",
          sequence: { groupOrder: 0 }
        }
      },
      { plugins, test: { ...whole, name: "e2e", include: endToEnd } },
      { plugins, test: { ...whole, name: "interchange", include: interchange } }
    ]
  }
})
