/** What is quoted of many figures. */

/** The figure at this share of all, in order. */
export function quantile(figures, share) {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length * share)]
}

/** CPU as lower quartile of the rounds, wall time as median. */
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
