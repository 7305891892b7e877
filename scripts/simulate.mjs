/** `npm run simulate`: compiles the simulated world and the client beside it, then runs seeds (test/simulation/runner/main.ts). */
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { root, run, tool } from './child.mjs'

const compiled = path.join(root, '.cache/simulation')
const main = path.join(compiled, 'test/simulation/runner/main.js')
const compile = folder => run([...tool('tsc', 'typescript'), '-p', folder, '--noCheck'])
const args = process.argv.slice(2)

rmSync(compiled, { recursive: true, force: true })
try {
  await compile('test/simulation')
  if (args.includes('--mutants')) await runMutants(args.filter(each => each !== '--mutants'))
  else await run([process.execPath, main, ...args])
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}

/** Runs seeds on the client with each patch of test/simulation/mutants in turn, until one fails: that is as it should be. */
async function runMutants(more) {
  const patches = readdirSync(path.join(root, 'test/simulation/mutants')).filter(name => name.endsWith('.patch'))
  const missed = []
  for (const patch of patches.sort()) {
    const name = patch.slice(0, -'.patch'.length)
    const folder = path.join(root, '.cache/mutants', name)
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    cpSync(path.join(root, 'src'), path.join(folder, 'src'), { recursive: true })
    await run(['patch', '--quiet', '-p1', '-d', folder, '-i', path.join(root, 'test/simulation/mutants', patch)])
    const options = { rootDir: 'src', outDir: 'out' }
    const config = {
      extends: path.join(root, 'test/simulation/tsconfig.json'),
      compilerOptions: options,
      include: ['src'],
    }
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
    await compile(folder)
    const began = Date.now()
    const command = [
      process.execPath,
      main,
      '--seeds',
      '20000',
      '--first',
      '--quiet',
      '--client',
      `${folder}/out`,
      ...more,
    ]
    const isFound = await run(command).then(
      () => false,
      () => true,
    )
    if (!isFound) missed.push(name)
    console.log(`${isFound ? 'found ' : 'MISSED'} ${name} after ${Math.round((Date.now() - began) / 1_000)} s`)
  }
  console.log(`${patches.length - missed.length} of ${patches.length} mutants found`)
  if (missed.length > 0) throw new Error(`Missed: ${missed.join(', ')}.`)
}
