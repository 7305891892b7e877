import { describe, expect, it } from 'vitest'
import { seeded } from '../../rig/random.mjs'
import { useServer } from '../../servers/vitest.js'
import { check } from './check.js'
import { dialectOf } from './sides.js'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 3_000)

describe('the model of Redis', () => {
  const server = useServer()

  it(`the model of Redis replies to ${COMMANDS} random commands as the real server does`, {
    timeout: 3_600_000,
  }, async () => {
    const random = seeded('the model of Redis')
    const { host, port } = server()
    const dialect = await dialectOf(host, port)
    const progress = (done: number) => {
      if (done % 10_000 === 0) console.log(`${done} of ${COMMANDS} commands`)
    }
    const options = { host, port, dialect, random: () => random.float(), commands: COMMANDS, progress }
    await check(options).catch((error: Error) => {
      expect.fail(`SEED=${random.seed}: ${error.message}`)
    })
  })
})
