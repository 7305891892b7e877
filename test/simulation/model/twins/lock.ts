/** The twins of the scripts of the lock. */
import { FENCING_KEPT } from '../../../../src/lock/fencing-token.js'
import { ACQUIRE, EXTEND, LEAVE, OWNER, RELEASE } from '../../../../src/lock/scripts.js'
import { type Lua, type LuaTable, type LuaValue, registerTwin } from '../scripts.js'

function isTable(value: LuaValue): value is LuaTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Lua's `tonumber` for a decimal text. */
function numberOf(text: string | undefined): number | undefined {
  return text === undefined || text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)
}

function callNext({ KEYS, pcall }: Lua): void {
  const popped = pcall('zpopmin', KEYS[1]!)
  const first = Array.isArray(popped) ? popped[0] : undefined
  const [, room, number] = /^(.*):(.*)$/s.exec(typeof first === 'string' ? first : '') ?? []
  if (room !== undefined && number !== undefined) pcall('publish', `${KEYS[1]}:${room}`, number)
}

/** Returns 1 if the key holds our value, 0 if the key is missing, -1 if it holds any other value. */
function whose({ KEYS, ARGV, pcall }: Lua): number {
  const value = pcall('get', KEYS[0]!)
  if (value === false) return 0
  return value === ARGV[0] ? 1 : -1
}

registerTwin(ACQUIRE.lua, ({ KEYS, ARGV, call, pcall }) => {
  const [lock, waiting, fencing] = KEYS as [string, string, string]
  const refused = (at: number, expected: string, failure: LuaValue): LuaValue | undefined => {
    const type = call('type', KEYS[at - 1]!)
    const found = isTable(type) ? (type.ok ?? '') : ''
    if (found === expected || found === 'none') return failure === null ? undefined : failure
    return [-1, at, found]
  }
  const last = pcall('get', fencing) || '0'
  if (isTable(last)) return refused(3, 'string', last)
  const lastText = String(last)
  if (!/^\d+$/.test(lastText) || Number(lastText) > Number.MAX_SAFE_INTEGER + 1) return [-1, 3, 'string']
  const [token, ttl, id, placeText, kept] = ARGV as [string, string, string, string, string]
  const taken = ttl === '' ? call('set', lock, token, 'NX') : call('set', lock, token, 'NX', 'PX', ttl)
  const [seconds, micros] = call('time') as readonly string[]
  const now = Number(seconds) * 1_000_000 + Number(micros)
  if (taken !== false) {
    if (id !== '') pcall('zrem', waiting, id)
    const next = Math.max(Number(lastText) + 1, now)
    const keptFor = Math.ceil((next - now) / 1000) + FENCING_KEPT
    call('set', fencing, next.toFixed(0), 'PX', keptFor.toFixed(0))
    return [1, next]
  }
  const foreign = refused(1, 'string', null)
  if (foreign !== undefined) return foreign
  const place = numberOf(placeText) ?? now
  if (id !== '') {
    const added = pcall('zadd', waiting, 'NX', place.toFixed(0), id)
    if (isTable(added)) return refused(2, 'zset', added)
    if (Number(call('pttl', waiting)) < Number(kept)) call('pexpire', waiting, kept)
  }
  return [0, call('pttl', lock), place]
})

registerTwin(RELEASE.lua, lua => {
  const answer = whose(lua)
  if (answer === 1) {
    lua.call('del', lua.KEYS[0]!)
    callNext(lua)
  }
  return answer
})

registerTwin(LEAVE.lua, lua => {
  const { KEYS, ARGV, call } = lua
  const left = call('zrem', KEYS[1]!, ARGV[0]!)
  if (left === 0 && call('exists', KEYS[0]!) === 0) callNext(lua)
  return left
})

registerTwin(EXTEND.lua, lua => {
  const { KEYS, ARGV, call } = lua
  const answer = whose(lua)
  if (answer < 1) return answer
  const left = Number(call('pttl', KEYS[0]!))
  const how = ARGV[2]
  let ms = Number(ARGV[1])
  if (how === 'add' || how === 'replace') {
    if (left < 0) return -2
    if (how === 'add') ms += left
  }
  if (how === 'keep' && left > ms) return left
  call('pexpire', KEYS[0]!, ms.toFixed(0))
  return ms
})

registerTwin(OWNER.lua, whose)
