/**
 * The keeper is a shell that waits for the end of its input, which comes when our process ends, even by SIGKILL. Then it kills
 * the processes that are still listed, by pid, and removes our scratch folder. Each process has one keeper.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

const SCRIPT = `
trap '' INT TERM HUP
pids=
while read -r verb pid; do
  case $verb in
    hold) pids="$pids $pid" ;;
    drop) rest=; for p in $pids; do [ "$p" = "$pid" ] || rest="$rest $p"; done; pids=$rest ;;
  esac
done
for p in $pids; do kill -9 "$p"; done 2>/dev/null
rm -rf "$1"
`

/** @type {{ folder: string, tell: (line: string) => void } | undefined} */
let keeper

function employ() {
  if (keeper) return keeper
  const folder = mkdtempSync(path.join(os.tmpdir(), 'respire-'))
  // A process group of its own, because Ctrl-C in the terminal must not end the keeper first.
  const shell = spawn('sh', ['-c', SCRIPT, 'keeper', folder], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  shell.on('error', () => process.on('exit', () => rmSync(folder, { recursive: true, force: true }))) // no sh: Windows
  shell.stdin.on('error', () => {})
  shell.unref()
  const pipe = /** @type {import('node:net').Socket} */ (shell.stdin)
  pipe.unref()
  keeper = { folder, tell: line => pipe.write(`${line}\n`) }
  return keeper
}

/** Makes a new folder, which is removed when this process ends. */
export function scratchFolder() {
  return mkdtempSync(path.join(employ().folder, 'place-'))
}

/** Makes sure that this child is killed when our process ends. @param {import('node:child_process').ChildProcess} child */
export function keep(child) {
  const { pid } = child
  if (pid === undefined) return
  employ().tell(`hold ${pid}`)
  child.once('exit', () => employ().tell(`drop ${pid}`))
}
