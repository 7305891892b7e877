const cell = new Int32Array(new SharedArrayBuffer(4))

/** The process stands still without using the CPU, as in a freeze, at a breakpoint or in a long synchronous call. */
export function standStill(ms: number): void {
  Atomics.wait(cell, 0, 0, ms)
}
