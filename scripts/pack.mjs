import { mkdtempSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { capture, npm } from './child.mjs'

/** Packs the built package as for publishing, into a new temp folder. The caller must remove the folder. */
export async function pack() {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'respire-pack-'))
  const { code, output } = await capture([npm, 'pack', '--silent', '--pack-destination', folder])
  if (code !== 0) throw new Error(`npm pack: exit ${code}\n${output}`)
  return { folder, tarball: path.join(folder, output.trim().split('\n').at(-1)) }
}
