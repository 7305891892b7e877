import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import * as errors from '../../src/errors/errors.js'
import {
  ClusterCrossSlotError,
  ClusterDownError,
  ClusterError,
  ConnectionError,
  DataError,
  ExecAbortError,
  LockError,
  LockNotOwnedError,
  MasterDownError,
  MovedError,
  RedisError,
  ResponseError,
  TimeoutError,
} from '../../src/errors/errors.js'

const CLASSES = { ...errors }
type Name = keyof typeof CLASSES

/** Each class, with all classes that it is an instance of besides `RedisError` and itself. */
const ANCESTORS: Record<Name, Name[]> = {
  RedisError: [],
  ConnectionError: [],
  AuthenticationError: ['ConnectionError'],
  AuthorizationError: ['ConnectionError'],
  BusyLoadingError: ['ConnectionError'],
  MaxConnectionsError: ['ConnectionError'],
  TimeoutError: [],
  InvalidResponse: [],
  DataError: [],
  PubSubError: [],
  WatchError: [],
  ChildDeadlockedError: [],
  LockError: [],
  LockNotOwnedError: ['LockError'],
  ResponseError: [],
  NoScriptError: ['ResponseError'],
  ExecAbortError: ['ResponseError'],
  ReadOnlyError: ['ResponseError'],
  NoPermissionError: ['ResponseError'],
  ModuleError: ['ResponseError'],
  OutOfMemoryError: ['ResponseError'],
  AuthenticationWrongNumberOfArgsError: ['ResponseError', 'AuthenticationError'],
  TryAgainError: ['ResponseError'],
  ClusterCrossSlotError: ['ResponseError'],
  AskError: ['ResponseError'],
  MovedError: ['ResponseError', 'AskError'],
  ClusterError: [],
  ClusterDownError: ['ResponseError', 'ClusterError'],
  MasterDownError: ['ResponseError', 'ClusterError', 'ClusterDownError'],
  RedisClusterException: [],
  SlotNotCoveredError: ['RedisClusterException'],
}

/** The classes that the project was specified with. */
const FOUNDING = `AskError AuthenticationError AuthenticationWrongNumberOfArgsError AuthorizationError BusyLoadingError
  ChildDeadlockedError ClusterCrossSlotError ClusterDownError ClusterError ConnectionError DataError ExecAbortError
  InvalidResponse LockError LockNotOwnedError MasterDownError ModuleError MovedError NoPermissionError NoScriptError
  PubSubError ReadOnlyError RedisClusterException RedisError ResponseError SlotNotCoveredError TimeoutError TryAgainError
  WatchError`.split(/\s+/)

const NAMES = Object.keys(ANCESTORS) as Name[]

function make(name: Name): RedisError {
  return new CLASSES[name]('text', { reason: 'not owned', lockName: 'job', slot: 1, host: 'h', port: 2 })
}

describe('error classes', () => {
  it('the exported error classes are those of the table, and include all specified ones', () => {
    expect(Object.keys(CLASSES).sort()).toEqual([...NAMES].sort())
    expect(FOUNDING.filter(name => !(name in CLASSES))).toEqual([])
  })

  it.each(NAMES)('%s is an instance of its parents and of no other class', name => {
    const error = make(name)
    const expected = new Set<Name>(['RedisError', name, ...ANCESTORS[name]])
    for (const other of NAMES) expect([other, error instanceof CLASSES[other]]).toEqual([other, expected.has(other)])
    expect(error).toBeInstanceOf(Error)
  })

  it.each(NAMES)('%s has its name, on the prototype', name => {
    const error = make(name)
    expect(error.name).toBe(name)
    expect(Object.hasOwn(error, 'name')).toBe(false)
    expect(String(error)).toBe(`${name}: text`)
    expect(error.stack).toMatch(new RegExp(`^${name}: text\n +at .*errors\\.test`))
    const seen: string[] = []
    for (const key in error) seen.push(key)
    expect(seen).not.toContain('name')
  })

  it('values that are not our errors are instances of no error class', () => {
    for (const value of [undefined, null, 1, 'ClusterDownError', {}, new Error('x'), () => 1, Object.create(null)]) {
      for (const name of NAMES) expect(value instanceof CLASSES[name]).toBe(false)
    }
  })
})

describe('the two parents of ClusterDownError', () => {
  it('a ClusterDownError is not an instance of a class that a user derives from ClusterError', () => {
    class Mine extends ClusterError {}
    expect(new ClusterDownError('CLUSTERDOWN x') instanceof Mine).toBe(false)
    expect(new MasterDownError('MASTERDOWN x') instanceof Mine).toBe(false)
    expect(new ClusterError('x') instanceof Mine).toBe(false)
    expect(new Mine('x') instanceof Mine).toBe(true)
    expect(new Mine('x') instanceof ClusterError).toBe(true)
    expect(new Mine('x') instanceof ClusterDownError).toBe(false)
  })

  it('a class that a user derives from ClusterDownError has both parents', () => {
    class Mine extends ClusterDownError {}
    expect(new Mine('x') instanceof ClusterError).toBe(true)
    expect(new Mine('x') instanceof ResponseError).toBe(true)
    expect(new ClusterDownError('x') instanceof Mine).toBe(false)
  })
})

describe('error details', () => {
  const all = { code: 'C', command: 'GET', node: 'h:1', attempts: 2, outcome: 'unknown' } as const

  it('error details are set when given', () => {
    const cause = new Error('below')
    const error = new ConnectionError('lost', { ...all, cause })
    expect({ ...error }).toEqual(all)
    expect(error.cause).toBe(cause)
    expect(inspect(error)).toMatch(
      /code: 'C',\n.*command: 'GET',\n.*node: 'h:1',\n.*attempts: 2,\n.*outcome: 'unknown'/,
    )
    expect(inspect(error)).toContain('[cause]: Error: below')
  })

  it('error details that are not given read as undefined and are not printed', () => {
    const nothing = { code: undefined, command: undefined, node: undefined, attempts: undefined, outcome: undefined }
    for (const error of [
      new RedisError('x'),
      new RedisError('x', {}),
      new RedisError('x', { ...nothing, cause: undefined }),
    ]) {
      expect([error.code, error.command, error.node, error.attempts, error.outcome, error.cause]).toEqual(
        Array(6).fill(undefined),
      )
      expect(Object.keys(error)).toEqual([])
      expect(inspect(error)).toMatch(/^RedisError: x\n[^{]*$/)
      expect(inspect(error)).not.toContain('undefined')
      expect(JSON.stringify(error)).toBe('{"name":"RedisError","message":"x"}')
    }
  })

  it('error details can be added later', () => {
    const error = new ExecAbortError('EXECABORT Transaction discarded because of previous errors.')
    const cause = new ResponseError('ERR syntax error')
    error.cause = cause
    error.command = 'EXEC'
    error.attempts = 1
    expect(inspect(error)).toContain('ERR syntax error')
    expect(error.toJSON()).toEqual({
      name: 'ExecAbortError',
      message: 'EXECABORT Transaction discarded because of previous errors.',
      code: 'EXECABORT',
      command: 'EXEC',
      node: undefined,
      attempts: 1,
      outcome: undefined,
    })
  })

  it('errors are written as JSON without stack, cause and bigints', () => {
    const error = new DataError('too big', { ...all, cause: new Error('secret'), value: 2n ** 63n })
    expect(error.value).toBe(2n ** 63n)
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({ error: { name: 'DataError', message: 'too big', ...all } })
  })

  it('a TimeoutError has its phase and elapsed time', () => {
    const error = new TimeoutError('too late', { phase: 'written', elapsed: 5012, outcome: 'unknown' })
    expect([error.phase, error.elapsed, error.outcome]).toEqual(['written', 5012, 'unknown'])
    expect(Object.keys(new TimeoutError('too late'))).toEqual([])
    expect(new TimeoutError('too late', { elapsed: 0 }).elapsed).toBe(0)
  })

  it('a LockError has the name of the lock and a reason', () => {
    const cause = new TimeoutError('too late')
    const error = new LockError('nobody answers', { reason: 'unreachable', lockName: 'job', cause })
    expect([error.reason, error.lockName, error.cause]).toEqual(['unreachable', 'job', cause])
    expect(new LockNotOwnedError('gone', { reason: 'expired', lockName: 'job' }).reason).toBe('expired')
  })

  it('a redirect error has slot, host and port', () => {
    const error = new MovedError('MOVED 7 h:6379', { slot: 7, host: 'h', port: 6379 })
    expect([error.slot, error.host, error.port, error.code]).toEqual([7, 'h', 6379, 'MOVED'])
  })
})

describe('the code of a ResponseError', () => {
  it('the code of a ResponseError is its first word unless a code is given', () => {
    expect(new ResponseError('WRONGTYPE Operation against a key').code).toBe('WRONGTYPE')
    expect(new ResponseError('BUSY').code).toBe('BUSY')
    expect(new ResponseError('').code).toBe('')
    expect(new ResponseError('said by us', { code: 'ERR' }).code).toBe('ERR')
  })

  it('a ClusterCrossSlotError has code CROSSSLOT, with or without a reply', () => {
    expect(new ClusterCrossSlotError()).toMatchObject({
      message: "CROSSSLOT Keys in request don't hash to the same slot",
      code: 'CROSSSLOT',
    })
    expect(new ClusterCrossSlotError('a transaction stays in one slot', { command: 'SET' })).toMatchObject({
      message: 'a transaction stays in one slot',
      code: 'CROSSSLOT',
      command: 'SET',
    })
  })
})
