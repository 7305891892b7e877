/**
 * Creates an error without a stack. A stack costs ten times as much as the rest of an error, and the stack of an error that is
 * created by a timer, a lost connection or a reply shows nothing of the caller. Many of them would block the event loop.
 */
export function withoutStack<E extends Error>(make: () => E): E {
  const { stackTraceLimit } = Error
  // If the intrinsics are frozen, the limit stays as it is.
  Reflect.set(Error, 'stackTraceLimit', 0)
  try {
    return make()
  } finally {
    Reflect.set(Error, 'stackTraceLimit', stackTraceLimit)
  }
}
