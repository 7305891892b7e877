/** Hash slots (CRC16/XMODEM of the hash tag), independent of the code under test and checked against a server. */

/** @param {string | Uint8Array} key */
export function slotOf(key) {
  const bytes = Buffer.from(key)
  const open = bytes.indexOf('{')
  const close = open < 0 ? -1 : bytes.indexOf('}', open)
  let crc = 0
  for (const byte of close > open + 1 ? bytes.subarray(open + 1, close) : bytes) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? ((crc << 1) ^ 0x1021) & 0xffff : crc << 1
  }
  return crc & 16383
}

/** @type {Map<number, string>} */
const tags = new Map()
let tried = 0

/** Returns a short text that hashes to this slot: `{${tagOf(slot)}}:anything` is a key of the slot. @param {number} slot */
export function tagOf(slot) {
  for (; !tags.has(slot); tried++) {
    const tag = tried.toString(36)
    const its = slotOf(tag)
    if (!tags.has(its)) tags.set(its, tag)
  }
  return /** @type {string} */ (tags.get(slot))
}
