import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { pack } from '../../scripts/pack.mjs'
import { setup } from './built.js'
import { root } from './sources.js'

/** A project with the packed package and its dependencies in node_modules. */
export interface Consumer {
  readonly folder: string
  /** Runs Node in the project and returns its standard output. */
  node(...args: readonly string[]): string
  /** Compiles files of the project and returns the output of tsc. */
  compile(files: readonly string[], options: Readonly<Record<string, unknown>>, ...flags: readonly string[]): string
  remove(): void
}

/** Packs the built package and installs it, offline, in a new temp folder beside the files of the folder `consumer`. */
export async function installConsumer(): Promise<Consumer> {
  await setup()
  const { folder, tarball } = await pack()
  const modules = path.join(folder, 'node_modules')
  const ours = path.join(modules, '@respire/redis')
  mkdirSync(ours, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', ours, '--strip-components=1'])
  const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(ours, 'package.json'), 'utf8'))
  for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
    cpSync(path.join(root, 'node_modules', name), path.join(modules, name), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules/@types'), path.join(modules, '@types'))
  cpSync(path.join(root, 'test/package/consumer'), folder, { recursive: true })

  return {
    folder,
    node: (...args) =>
      execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', timeout: 30_000, stdio: 'pipe' }),
    compile(files, options, ...flags) {
      const standard = {
        target: 'es2023',
        lib: ['es2023', 'esnext.disposable'],
        strict: true,
        types: ['node'],
        noEmit: true,
      }
      const compilerOptions = { ...standard, ...options }
      writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
      const tsc = path.join(root, 'node_modules/typescript/bin/tsc')
      return spawnSync(process.execPath, [tsc, '-p', folder, ...flags], { cwd: folder, encoding: 'utf8' }).stdout
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
