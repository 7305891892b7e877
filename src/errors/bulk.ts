/**
 * Makes an error without a stack. A stack costs ten times what the rest of an error does, and that of an error made by our
 * own clock, for the loss of a connection or for a reply shows nothing of the caller: where there are many, they would hold up
 * the event loop.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  // Where the intrinsics are frozen it stays as it is.
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}
