/**
 * Types of options that exclude each other. Next to a chosen flag the others may be false; other options must be
 * absent.
 */

type Without<T, K extends keyof T> = { readonly [P in Exclude<keyof T, K>]?: T[P] extends boolean ? false : never }

/** At most one property of `T`. */
export type AtMostOne<T> = { [K in keyof T]: Partial<Pick<T, K>> & Without<T, K> }[keyof T]

/** One property of `T`. */
export type OneOf<T> = { [K in keyof T]: Pick<T, K> & Without<T, K> }[keyof T]

/** No property of `T`. */
export type NoneOf<T> = Without<T, never>
