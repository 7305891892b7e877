/** Slots of keys: the CRC16 of the key or of its hash tag. */

export const SLOTS = 16_384

export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  const part = close > open + 1 ? key.slice(open + 1, close) : key
  let crc = 0
  for (let i = 0; i < part.length; i++) {
    crc ^= part.charCodeAt(i) << 8
    for (let bit = 0; bit < 8; bit++) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff
  }
  return crc % SLOTS
}

/** Returns the ranges of consecutive slots of an owner. */
export function rangesOf(owners: Int16Array, owner: number): [number, number][] {
  const ranges: [number, number][] = []
  for (let slot = 0; slot < SLOTS; slot++) {
    if (owners[slot] !== owner) continue
    const last = ranges.at(-1)
    if (last !== undefined && last[1] === slot - 1) last[1] = slot
    else ranges.push([slot, slot])
  }
  return ranges
}
