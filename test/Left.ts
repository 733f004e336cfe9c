/** How a test that is left out says what the machine lacks. */
export const left = (lacks: ReadonlyArray<string>) =>
  lacks.length === 0 ? "" : ` (left out: this machine lacks ${lacks.join(", ")})`
