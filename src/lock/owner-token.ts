/** Returns 128 random bits as text: unique for practical purposes. */
export function newToken(): string {
  // Loaded with the first lock only: loading node:crypto takes a quarter of the time of loading this package.
  return process.getBuiltinModule('node:crypto').randomBytes(16).toString('base64url')
}
