/** `npm run check:package`: runs publint and attw on the packed package, for every kind of module resolution. */
import { rmSync } from 'node:fs'
import { run, tool } from './child.mjs'
import { pack } from './pack.mjs'

const { folder, tarball } = await pack()
try {
  await run([...tool('publint'), '--strict', tarball])
  await run([...tool('attw', '@arethetypeswrong/cli'), '--no-emoji', tarball])
} finally {
  rmSync(folder, { recursive: true })
}
