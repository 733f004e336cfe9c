/** Scores of any size as whole numbers from 0 to 100, in place. */
const greatest = (scores: ReadonlyArray<number>) => {
  let most = 0
  for (const score of scores) if (score > most) most = score
  return most
}

/** The greatest becomes 100. */
export const most = (scores: Array<number>) => {
  const top = greatest(scores)
  if (top === 0) return
  for (let index = 0; index < scores.length; index++) scores[index] = Math.trunc(((scores[index] ?? 0) * 100) / top)
}

/** The greatest becomes 0. */
export const least = (scores: Array<number>) => {
  const top = greatest(scores)
  for (let index = 0; index < scores.length; index++)
    scores[index] = top === 0 ? 100 : 100 - Math.trunc(((scores[index] ?? 0) * 100) / top)
}
