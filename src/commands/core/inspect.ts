/** What `console.log` and debuggers show of the objects that users hold: their state, never an argument, a value or a password. */

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

type Inspect = (value: object, options: object) => string

/** Makes `util.inspect` show the objects of `type` as the name of their class and `state`. */
export function showState<T>(type: { readonly prototype: T }, state: (object: T) => object): void {
  Object.defineProperty(type.prototype, INSPECT, {
    configurable: true,
    value(this: T & object, depth: number, options: object, inspect: Inspect): string {
      const { name } = this.constructor
      return depth < 0 ? `[${name}]` : `${name} ${inspect(state(this), options)}`
    },
  })
}
