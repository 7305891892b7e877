import { describe, expect, it } from 'vitest'
import { errorFromReply } from '../../src/errors/from-reply.js'
import { useServer } from '../servers/vitest.js'

/** A value that every command below contains, and that no text of a server contains. */
const CANARY = 'cAnArY\' "q'

/** Commands that a sweep must not send: they push, cannot be undone, or affect another server. */
const SKIPPED =
  /^(shutdown|monitor|debug|p?sync|replconf|replicaof|slaveof|failover|quit|multi|[ps]?subscribe|config\|rewrite|(bg)?save|bgrewriteaof)$/

describe('a server that repeats arguments', () => {
  const server = useServer()

  async function refusal(...args: (string | number)[]): Promise<string | undefined> {
    return server()
      .command(...args)
      .then(
        () => undefined,
        (error: Error) => error.message,
      )
  }

  it('arguments that a real server repeats in known error texts are cut', async () => {
    const echoed: string[] = []
    for (const args of [
      ['FOO', CANARY],
      [`SET k ${CANARY}`],
      ['CONFIG', CANARY],
      ['CONFIG', 'SET', CANARY, 'x'],
      ['ACL', 'SETUSER', 'u', `+${CANARY}`],
      ['ACL', 'SETUSER', 'u', `#${CANARY}`],
      ['ACL', 'SETUSER', 'u', `(~${CANARY}`],
      ['ACL', 'CAT', CANARY],
      ['HELLO', '3', CANARY],
      ['CLIENT', 'KILL', 'TYPE', CANARY],
      ['CLIENT', 'TRACKING', 'on', 'BCAST', 'PREFIX', CANARY, 'PREFIX', `${CANARY}x`],
      ['XREADGROUP', 'GROUP', CANARY, 'c', 'STREAMS', CANARY, '>'],
      ['XPENDING', CANARY, CANARY],
      ['LATENCY', 'GRAPH', CANARY],
      ['EVAL', `return 'cAnArY' "cAnArY"`, 0],
      ['EVAL', `#!${CANARY}\nreturn 1`, 0],
      ['EVAL', `#!lua flags=${CANARY}\nreturn 1`, 0],
      ['EVAL', "return redis.call('xpending', KEYS[1], ARGV[1])", 1, CANARY, CANARY],
      ['FUNCTION', 'LIST', CANARY],
    ]) {
      const text = await refusal(...args)
      if (text === undefined) continue
      if (text.includes('cAnArY')) echoed.push(text)
      expect(errorFromReply(text).message).not.toContain('cAnArY')
    }
    // Otherwise this test would pass with a server that repeats nothing.
    expect(echoed.length).toBeGreaterThanOrEqual(12)
  })

  it('no error of any command with one to five arguments contains an argument', async () => {
    const raw = await server().connect()
    const names = (await raw.command('COMMAND', 'LIST')) as string[]
    expect(names.length).toBeGreaterThan(200)
    const texts = new Set<string>()
    for (const name of names) {
      if (SKIPPED.test(name)) continue
      for (let count = 1; count <= 5; count++) {
        const args = [...name.split('|'), ...Array<string>(count).fill(CANARY)]
        const text = await raw.command(...args).then(
          () => undefined,
          (error: Error) => error.message,
        )
        if (text?.includes('cAnArY')) texts.add(text)
      }
    }
    raw.close()
    expect(texts.size).toBeGreaterThan(5)
    const kept = [...texts].map(text => errorFromReply(text).message).filter(message => message.includes('cAnArY'))
    expect(kept).toEqual([])
  }, 60_000)
})
