/**
 * A text that no reply and no message equals by chance: 64 random bits in hexadecimal. It is not a secret, so Math.random is
 * enough; loading node:crypto takes as long as loading a quarter of this package.
 */
export function nonce(): string {
  return half() + half()
}

function half(): string {
  return Math.trunc(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, '0')
}
