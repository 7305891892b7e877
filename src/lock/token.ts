/** 128 random bits as text: no two are ever the same. */
export function newToken(): string {
  // Loaded at the first lock: node:crypto takes as long as a quarter of this package.
  return process.getBuiltinModule('node:crypto').randomBytes(16).toString('base64url')
}
