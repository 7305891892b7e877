import { describe, expect, test } from 'vitest'
import { refusedCertificate, type Socket } from '../../../src/connection/socket/dial.js'

describe('a certificate that the client does not trust', () => {
  const encrypted = { encrypted: true } as unknown as Socket

  test.each([
    ['Node', Object.assign(new Error('self-signed certificate'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })],
    ['Deno', new Error('invalid peer certificate: UnknownIssuer')],
    ['Deno, with a code', Object.assign(new Error('invalid peer certificate: Expired'), { code: 'InvalidData' })],
  ])('the error of %s for an untrusted certificate is recognized, so that no call dials again', (_, error) => {
    expect(refusedCertificate(encrypted, error)).toBe((error as { code?: string }).code ?? error.message)
  })

  test('another error of an encrypted socket, and the same error of a plain one, are not about a certificate', () => {
    const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
    expect(refusedCertificate(encrypted, reset)).toBeUndefined()
    expect(refusedCertificate({} as Socket, new Error('invalid peer certificate: UnknownIssuer'))).toBeUndefined()
  })
})
