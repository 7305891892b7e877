const cell = new Int32Array(new SharedArrayBuffer(4))

/** Blocks the process without using the CPU, like a freeze, a breakpoint or a long synchronous call. */
export function standStill(ms: number): void {
  Atomics.wait(cell, 0, 0, ms)
}
