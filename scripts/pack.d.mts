/** Packs the built package as it would be published, into a new temp folder, which the caller removes. */
export function pack(): Promise<{ folder: string; tarball: string }>
