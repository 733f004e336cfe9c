/** Versions of the server: numbers with dots, and perhaps a suffix that is older than the release it is named after. */
const parts = (version: string) => {
  const [numbers = "", suffix] = version.replace(/^v/, "").split(/-(.*)/s)
  return { numbers: numbers.split(".").map(Number), isPreview: suffix !== undefined }
}

export const isBefore = (version: string, floor: string) => {
  const [one, other] = [parts(version), parts(floor)]
  for (let at = 0; at < 3; at++) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return one.isPreview && !other.isPreview
}
