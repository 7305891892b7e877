/** Summaries of many measurements. */

/** The figure at this share of the sorted figures: 0.5 is the median. */
export function quantile(figures, share) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length * share)]
}

/** The lower quartile of the CPU times, and the median of the wall times. */
export function quoted(rounds) {
  return {
    cpu: quantile(
      rounds.map(({ cpu }) => cpu),
      0.25,
    ),
    wall: quantile(
      rounds.map(({ wall }) => wall),
      0.5,
    ),
  }
}
