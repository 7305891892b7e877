/** Whether a source has changed, come or gone since dist was built. */
export function isStale(): boolean
export function build(): Promise<void>
