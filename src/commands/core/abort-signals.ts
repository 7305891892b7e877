/** Watches AbortSignals with one listener per signal, however many calls share it. */

/** An object that is notified when a signal aborts. */
export interface SignalWatcher {
  aborted(reason: unknown): void
}

const watched = new WeakMap<AbortSignal, Set<SignalWatcher>>()

/**
 * Calls `watcher.aborted` when `signal` aborts, until `unwatchSignal`. If the signal has already aborted, nothing is
 * called.
 */
export function watchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  let watchers = watched.get(signal)
  if (watchers === undefined) {
    watchers = new Set()
    watched.set(signal, watchers)
  }
  if (watchers.size === 0) signal.addEventListener('abort', notify)
  watchers.add(watcher)
}

export function unwatchSignal(signal: AbortSignal, watcher: SignalWatcher): void {
  const watchers = watched.get(signal)
  if (watchers?.delete(watcher) && watchers.size === 0) signal.removeEventListener('abort', notify)
}

/** Calls `aborted` when `signal` aborts, until the returned function is called. Without a signal it does nothing. */
export function onAbort(signal: AbortSignal | undefined, aborted: (reason: unknown) => void): () => void {
  if (signal === undefined) return nothing
  const watcher: SignalWatcher = { aborted }
  watchSignal(signal, watcher)
  return () => unwatchSignal(signal, watcher)
}

function nothing(): void {}

function notify(this: AbortSignal): void {
  const watchers = watched.get(this)
  if (watchers === undefined) return
  for (const watcher of [...watchers]) if (watchers.has(watcher)) watcher.aborted(this.reason)
}

/** Whether `value` is an AbortSignal of any realm: jsdom and node:vm have their own classes. */
export function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}
