import { describe, expect, it } from 'vitest'
import { seeded } from '../../rig/random.mjs'
import { useCluster } from '../../servers/vitest.js'
import { checkCluster } from './cluster-check.js'
import { dialectOf } from './sides.js'

const COMMANDS = Number(process.env.MODEL_COMMANDS ?? 1_000)

describe('the model of a cluster', () => {
  const cluster = useCluster()

  it(`the model of a cluster replies to ${COMMANDS} random commands as the real cluster does while slots move`, {
    timeout: 3_600_000,
  }, async () => {
    const random = seeded('the model of a cluster')
    const { host, port } = cluster().nodes[0]!
    const options = {
      cluster: cluster(),
      dialect: await dialectOf(host, port),
      random: () => random.float(),
      commands: COMMANDS,
      progress: (done: number) => {
        if (done % 10_000 === 0) console.log(`${done} of ${COMMANDS} commands`)
      },
    }
    await checkCluster(options).catch((error: Error) => {
      expect.fail(`SEED=${random.seed}: ${error.message}`)
    })
  })
})
