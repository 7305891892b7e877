import { describe, expect, it } from 'vitest'
import { seeded } from '../../rig/random.mjs'
import { useServer } from '../../servers/vitest.js'
import { check } from './check.js'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 3_000)

describe('the model of Redis', () => {
  const server = useServer()

  it(`the model of Redis replies to ${COMMANDS} random commands as the real server does`, {
    timeout: 3_600_000,
  }, async () => {
    const random = seeded('the model of Redis')
    const { host, port, flavour, version } = server()
    const [major, minor, patch] = version
    const options = { host, port, flavour, version: `${major}.${minor}.${patch}`, random: () => random.float() }
    const progress = (done: number) => {
      if (done % 10_000 === 0) console.log(`${done} of ${COMMANDS} commands`)
    }
    await check({ ...options, commands: COMMANDS, progress }).catch((error: Error) => {
      expect.fail(`SEED=${random.seed}: ${error.message}`)
    })
  })
})
