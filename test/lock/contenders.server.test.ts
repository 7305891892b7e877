import { expect, test } from 'vitest'
import { isBuilt, runChild } from '../rig/child.js'

// `npm run chaos:lock` runs it in full.
const SHORT = ['--sections', '300', '--kills', '5', '--pauses', '5', '--cuts', '10']

test('of 50 contenders in 8 processes that are killed, stopped and cut off no two hold the lock at once', {
  timeout: 60_000,
}, async ({ skip }) => {
  skip(!isBuilt(), 'no dist/: run `npm run build` first')
  const { code, stdout, stderr } = await runChild('test/long/lock-contenders.mjs', { args: SHORT, timeout: 50_000 })
  console.log(stdout)
  expect(stderr).toBe('')
  expect(code, stdout).toBe(0)
})
