/** Whether a source was changed, added or removed since dist was built. */
export function isStale(): boolean
export function build(): Promise<void>
