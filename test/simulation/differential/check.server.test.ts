import { describe, expect, it } from 'vitest'
import { useServer } from '../../servers/vitest.js'
import { check } from './check.js'

/** The seed of the run, and a generator of numbers from it. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 3_000)
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

describe('the model of Redis', () => {
  const server = useServer()

  it(`replies to ${COMMANDS} random commands as the real server does`, { timeout: 3_600_000 }, async () => {
    const { host, port, flavour, version } = server()
    const [major, minor, patch] = version
    const options = { host, port, flavour, version: `${major}.${minor}.${patch}`, random: seeded(SEED) }
    const progress = (done: number) => {
      if (done % 10_000 === 0) console.log(`${done} of ${COMMANDS} commands`)
    }
    await check({ ...options, commands: COMMANDS, progress }).catch((error: Error) => {
      expect.fail(`SEED=${SEED}: ${error.message}`)
    })
  })
})
