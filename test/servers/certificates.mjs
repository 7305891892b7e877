/**
 * A test authority and its certificates, good and bad, as PEM. The DER is encoded here: a certificate has only eight fields,
 * this takes 2 ms where openssl takes 115, and a machine that has only Docker needs no openssl.
 */
import { createSign, generateKeyPairSync, randomBytes } from 'node:crypto'

const DAY = 86_400_000

/** @param {number} tag @param {Uint8Array[]} parts */
function der(tag, ...parts) {
  const body = Buffer.concat(parts)
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

/** @param {Uint8Array[]} parts */
const sequence = (...parts) => der(0x30, ...parts)
/** @param {string} hex the encoded object identifier */
const oid = hex => der(0x06, Buffer.from(hex, 'hex'))
/** @param {Uint8Array} bytes */
const bits = bytes => der(0x03, Buffer.from([0]), bytes)
/** @param {number} time */
const utcTime = time => der(0x17, Buffer.from(`${new Date(time).toISOString().replace(/\D/g, '').slice(2, 14)}Z`))
/** @param {string} commonName */
const distinguishedName = commonName => sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(commonName)))))
/** @param {string} id @param {Uint8Array} value */
const critical = (id, value) => sequence(oid(id), der(0x01, Buffer.from([255])), der(0x04, value))

const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'))
const VERSION_3 = der(0xa0, der(0x02, Buffer.from([2])))
const IS_AUTHORITY = critical('551d13', sequence(der(0x01, Buffer.from([255]))))

/** @param {readonly string[]} names DNS names and IPv4 addresses */
function subjectAlternativeNames(names) {
  const items = names.map(name =>
    /^[\d.]+$/.test(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name)),
  )
  return sequence(oid('551d11'), der(0x04, sequence(...items)))
}

/** @param {string} label @param {Buffer} bytes */
function pem(label, bytes) {
  const lines = bytes.toString('base64').replace(/.{64}(?=.)/g, '$&\n')
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`
}

/** @typedef {{ subject: string, privateKey: import('node:crypto').KeyObject, cert: string, key: string }} Issued */

/**
 * @param {{ subject: string, issuer?: Issued, names?: readonly string[], expired?: boolean }} wish without an issuer the certificate is self-signed, an authority
 * @returns {Issued}
 */
function issue({ subject, issuer, names, expired = false }) {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const now = Date.now()
  const [from, until] = expired ? [now - 2 * DAY, now - DAY] : [now - DAY, now + 30 * DAY]
  const extensions = [...(issuer ? [] : [IS_AUTHORITY]), ...(names ? [subjectAlternativeNames(names)] : [])]
  const content = sequence(
    VERSION_3,
    der(0x02, Buffer.from([1]), randomBytes(15)),
    ECDSA_SHA256,
    distinguishedName(issuer?.subject ?? subject),
    sequence(utcTime(from), utcTime(until)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(extensions.length > 0 ? [der(0xa3, sequence(...extensions))] : []),
  )
  const signature = createSign('sha256')
    .update(content)
    .sign(issuer?.privateKey ?? privateKey)
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  return { subject, privateKey, cert: pem('CERTIFICATE', sequence(content, ECDSA_SHA256, bits(signature))), key }
}

const LOCAL = ['localhost', '127.0.0.1']

/** @type {import('./servers.mjs').Certificates | undefined} */
let certificates

/** The certificates of this process, which are made at the first call. */
export function getCertificates() {
  if (certificates) return certificates
  const authority = issue({ subject: 'Respire test authority' })
  const stranger = issue({ subject: 'Another authority' })
  certificates = {
    ca: authority.cert,
    otherCa: stranger.cert,
    good: issue({ subject: 'localhost', issuer: authority, names: LOCAL }),
    wrongName: issue({ subject: 'redis.example.org', issuer: authority, names: ['redis.example.org'] }),
    addressOnly: issue({ subject: 'a node', issuer: authority, names: ['127.0.0.1'] }),
    noName: issue({ subject: 'localhost', issuer: authority }),
    expired: issue({ subject: 'localhost', issuer: authority, names: LOCAL, expired: true }),
    selfSigned: issue({ subject: 'localhost', names: LOCAL }),
    otherAuthority: issue({ subject: 'localhost', issuer: stranger, names: LOCAL }),
    client: issue({ subject: 'a client', issuer: authority }),
    strangeClient: issue({ subject: 'a client', issuer: stranger }),
  }
  return certificates
}
