/** Users that read values as bytes. They keep every value: it must not change when later replies arrive. */
import type { Act, UserKind } from '../act.js'
import type { Call } from '../ledger.js'
import { runsOf, show } from '../values.js'

async function readBytes(act: Act): Promise<void> {
  const part = act.simulation.ledger.part(false)
  const keys = [act.key('text'), act.key('bytes'), act.key('text'), `none:${part.token}`]
  const expects = (value: unknown, { traits }: Call) => {
    if (!Array.isArray(value) || value.length !== keys.length) return `It resolved with ${show(value)}.`
    const texts = value.map(each => (Buffer.isBuffer(each) ? each.toString('latin1') : each))
    const replies = traits.parts.flatMap(runsOf).map(({ reply }) => reply)
    const isOne = replies.some(reply => Array.isArray(reply) && reply.every((item, i) => item === texts[i]))
    return isOne ? undefined : `It resolved with ${show(texts)}; the server replied ${show(replies)}.`
  }
  await act.one('mget of bytes', act.way(), part, view => view.bytes.mget(keys), expects)
}

/** Sends text that was cut within a character. The client must reject it: UTF-8 has no bytes for it. */
async function sendCutText(act: Act): Promise<void> {
  const part = act.simulation.ledger.part(true)
  const key = `cut:${part.token}`
  const expects = () => `It resolved although its text has half of a character.`
  await act.one(`set ${key} to half a character`, act.way(), part, view => view.set(key, 'a\ud83d'), expects)
}

export const BYTES: readonly UserKind[] = [
  { name: 'readBytes', weight: 2, isSingleOnly: true, run: readBytes },
  { name: 'sendCutText', weight: 0.5, run: sendCutText },
]
