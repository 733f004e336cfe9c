/** The worst, which may be less than nothing, becomes 0, and the best 100. */
export const normalize = (scores: Array<number>) => {
  let worst = Number.POSITIVE_INFINITY
  let best = Number.NEGATIVE_INFINITY
  for (const score of scores) {
    if (score < worst) worst = score
    if (score > best) best = score
  }
  for (let index = 0; index < scores.length; index++)
    scores[index] = best > worst ? Math.trunc(100 * (((scores[index] ?? 0) - worst) / (best - worst))) : 0
}
