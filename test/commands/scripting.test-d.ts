import { describe, expectTypeOf, it } from 'vitest'
import type { Pipeline } from '../../src/client/pipeline.js'
import type { Commands } from '../../src/commands/commands.js'
import type { Bigints, Bytes, Plain, Promised } from '../../src/commands/core/context.js'
import { int } from '../../src/commands/core/decoders.js'
import { Script } from '../../src/commands/script.js'
import type { FunctionLibrary, FunctionStats } from '../../src/commands/scripting.js'

declare const plain: Commands<Promised>
declare const bytes: Commands<Promised<Bytes<Plain>>>
declare const bigints: Commands<Promised<Bigints<Plain>>>

declare const pipeline: Pipeline<[]>

describe('types of script commands', () => {
  it('EVAL and FCALL return unknown', () => {
    expectTypeOf(plain.eval('x', ['k'], ['a'])).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(bytes.fcallRo('f')).toEqualTypeOf<Promise<unknown>>()
  })

  it('FUNCTION LIST returns libraries with typed fields', () => {
    expectTypeOf(plain.functionDump()).toEqualTypeOf<Promise<Buffer>>()
    expectTypeOf(bytes.functionList({ withcode: true })).toEqualTypeOf<Promise<FunctionLibrary[]>>()
    expectTypeOf(bigints.functionStats()).resolves.toExtend<FunctionStats<Bigints<Plain>>>()
    expectTypeOf(bigints.scriptExists('a')).toEqualTypeOf<Promise<bigint[]>>()
    // @ts-expect-error
    void plain.scriptFlush({ async: true, sync: true })
  })

  it('a Script gives its reply a type, on clients and pipelines', () => {
    expectTypeOf(new Script({ lua: 'x' }).run(plain)).toEqualTypeOf<Promise<unknown>>()
    expectTypeOf(new Script<number>({ lua: 'x', decode: int }).run(bytes, 'k')).toEqualTypeOf<Promise<number>>()
    const decoded = new Script({ lua: 'x', decode: reply => String(reply) })
    expectTypeOf(decoded).toEqualTypeOf<Script<string>>()
    expectTypeOf(decoded.run(pipeline, ['k'], ['a']).get('k').exec()).resolves.toEqualTypeOf<[string, string | null]>()
  })
})
