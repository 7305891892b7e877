/**
 * A text that no reply, and no message, is by chance: 64 random bits in hexadecimal. Not a secret, so Math.random does:
 * node:crypto takes as long to load as a quarter of this package.
 */
export function nonce(): string {
  return half() + half()
}

function half(): string {
  return Math.trunc(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}
