/** The changes of a server, in steps that its replicas apply as a whole: one step for each command or transaction. */
import type { EventClass } from './database.js'
import type { Value } from './values.js'

export interface Change {
  readonly db: number
  readonly key: string
  readonly value: Value | undefined
  readonly expiry: number | undefined
}

export type Effect =
  | ({ readonly what: 'key' } & Change)
  | {
      readonly what: 'event'
      readonly db: number
      readonly kind: EventClass
      readonly name: string
      readonly key: string
    }
  | { readonly what: 'flush'; readonly db: number }
  | { readonly what: 'swap'; readonly db: number; readonly other: number }
  | { readonly what: 'publish'; readonly channel: string; readonly message: string }
  | { readonly what: 'spublish'; readonly channel: string; readonly message: string }

export interface Step {
  /** The offset after it. */
  readonly offset: number
  readonly effects: readonly Effect[]
}

type Draft = Exclude<Effect, { what: 'key' }> | { readonly what: 'key'; readonly db: number; readonly key: string }

export class ReplicationLog {
  offset = 0
  #draft: Draft[] = []
  #changed = new Set<string>()
  /** Called with each step. */
  onStep: ((step: Step) => void) | undefined

  key(db: number, key: string): void {
    const name = `${db} ${key}`
    if (this.#changed.has(name)) return
    this.#changed.add(name)
    this.#draft.push({ what: 'key', db, key })
  }

  event(db: number, kind: EventClass, name: string, key: string): void {
    if (kind !== 'm') this.#draft.push({ what: 'event', db, kind, name, key })
  }

  add(effect: Exclude<Effect, { what: 'key' } | { what: 'event' }>): void {
    if (effect.what === 'flush' || effect.what === 'swap') this.#changed.clear()
    this.#draft.push(effect)
  }

  /** Ends the step, if there are changes. `size` is its length in the replication stream. */
  end(size: number, current: (db: number, key: string) => Omit<Change, 'db' | 'key'>): void {
    const draft = this.#draft
    if (draft.length === 0) return
    this.#draft = []
    this.#changed.clear()
    const changes = draft.some(({ what }) => what !== 'event')
    if (!changes) return
    this.offset += size
    if (this.onStep === undefined) return
    // The values of keys are those at the end of the step, so they come after its flushes and swaps.
    const keys = draft.flatMap((each): Effect[] =>
      each.what === 'key' ? [{ ...each, ...current(each.db, each.key) }] : [],
    )
    const others = draft.filter(each => each.what !== 'key')
    const sweeping = others.filter(({ what }) => what === 'flush' || what === 'swap')
    const rest = others.filter(({ what }) => what !== 'flush' && what !== 'swap')
    this.onStep({ offset: this.offset, effects: [...sweeping, ...keys, ...rest] })
  }
}
