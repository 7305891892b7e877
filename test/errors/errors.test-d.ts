import { describe, expectTypeOf, it } from 'vitest'
import {
  AskError,
  AuthenticationError,
  ClusterCrossSlotError,
  ClusterDownError,
  ClusterError,
  ConnectionError,
  DataError,
  type DeliveryOutcome,
  type ErrorDetails,
  ExecAbortError,
  LockError,
  LockNotOwnedError,
  type LockReason,
  MasterDownError,
  MovedError,
  NoScriptError,
  type Phase,
  RedisError,
  ResponseError,
  TimeoutError,
  WatchError,
} from '../../src/errors/errors.js'
import { errorFromReply } from '../../src/errors/from-reply.js'

function narrow<T>(_: T): void {}

describe('error details', () => {
  it('error details are typed', () => {
    const error = new RedisError('x')
    expectTypeOf(error.code).toEqualTypeOf<string | undefined>()
    expectTypeOf(error.command).toEqualTypeOf<string | undefined>()
    expectTypeOf(error.node).toEqualTypeOf<string | undefined>()
    expectTypeOf(error.attempts).toEqualTypeOf<number | undefined>()
    expectTypeOf(error.outcome).toEqualTypeOf<DeliveryOutcome | undefined>()
    expectTypeOf(error.cause).toEqualTypeOf<unknown>()
    expectTypeOf(new ResponseError('x').code).toEqualTypeOf<string>()
    expectTypeOf(new TimeoutError('x').phase).toEqualTypeOf<Phase | undefined>()
    expectTypeOf(new TimeoutError('x').elapsed).toEqualTypeOf<number | undefined>()
    expectTypeOf(new DataError('x').value).toEqualTypeOf<bigint | undefined>()
    expectTypeOf<LockError['reason']>().toEqualTypeOf<LockReason>()
    expectTypeOf<MovedError['slot']>().toEqualTypeOf<number>()
    expectTypeOf(errorFromReply).toEqualTypeOf<(text: string) => RedisError>()
  })

  it('error details may be left out, undefined, or set later', () => {
    expectTypeOf<{ code: string | undefined; node?: string }>().toExtend<ErrorDetails>()
    expectTypeOf(ClusterCrossSlotError).toBeConstructibleWith()
    const error = new ExecAbortError('x')
    error.command = 'EXEC'
    error.outcome = undefined
    error.cause = new ResponseError('x')
    // @ts-expect-error 'sent' is not an outcome
    error.outcome = 'sent'
    // @ts-expect-error a lock error needs a reason
    new LockError('x')
    // @ts-expect-error a redirect needs a target
    new AskError('x', { slot: 1 })
  })
})

describe('instanceof', () => {
  it('instanceof narrows a ClusterError to its subclasses', () => {
    const error: unknown = undefined
    if (error instanceof ClusterError) {
      expectTypeOf(error).toEqualTypeOf<ClusterError>()
      if (error instanceof ClusterDownError) {
        expectTypeOf(error).toEqualTypeOf<ClusterDownError>()
        expectTypeOf(error.code).toEqualTypeOf<string>()
        if (error instanceof MasterDownError) expectTypeOf(error).toEqualTypeOf<MasterDownError>()
        else expectTypeOf(error).toEqualTypeOf<ClusterDownError>()
      } else expectTypeOf(error).toEqualTypeOf<ClusterError>()
    }
  })

  it('instanceof narrows to classes that users derive from ClusterError', () => {
    class Mine extends ClusterError {
      readonly mine = 1
    }
    const error: unknown = undefined
    if (error instanceof Mine) expectTypeOf(error).toEqualTypeOf<Mine>()
    if (error instanceof ClusterError && error instanceof Mine) expectTypeOf(error).toEqualTypeOf<Mine>()
  })

  it('a ClusterDownError is assignable to both of its parents', () => {
    expectTypeOf<ClusterDownError>().toExtend<ClusterError>()
    expectTypeOf<ClusterDownError>().toExtend<ResponseError>()
    expectTypeOf<MasterDownError>().toExtend<ClusterError>()
    expectTypeOf<ClusterError>().not.toExtend<ClusterDownError>()
    expectTypeOf<ClusterError>().not.toExtend<ResponseError>()
    expectTypeOf<ResponseError>().not.toExtend<ClusterError>()
    const down = new ClusterDownError('x')
    if (down instanceof ClusterError) expectTypeOf(down).toEqualTypeOf<ClusterDownError>()
  })

  it('the else branch of instanceof keeps parents and siblings of the class', () => {
    const response = new ResponseError('x')
    if (response instanceof NoScriptError) expectTypeOf(response).toEqualTypeOf<NoScriptError>()
    else expectTypeOf(response).toEqualTypeOf<ResponseError>()

    const lost = new ConnectionError('x')
    if (lost instanceof AuthenticationError) expectTypeOf(lost).toEqualTypeOf<AuthenticationError>()
    else expectTypeOf(lost).toEqualTypeOf<ConnectionError>()

    const lock = new LockError('x', { reason: 'no ttl', lockName: 'job' })
    if (lock instanceof LockNotOwnedError) expectTypeOf(lock).toEqualTypeOf<LockNotOwnedError>()
    else expectTypeOf(lock).toEqualTypeOf<LockError>()

    const ask = new AskError('x', { slot: 1, host: 'h', port: 2 })
    if (ask instanceof MovedError) expectTypeOf(ask).toEqualTypeOf<MovedError>()
    else expectTypeOf(ask).toEqualTypeOf<AskError>()

    const any = new RedisError('x')
    if (any instanceof ConnectionError) narrow<ConnectionError>(any)
    else if (any instanceof WatchError) narrow<WatchError>(any)
    else if (any instanceof ResponseError) narrow<ResponseError>(any)
    else if (any instanceof TimeoutError) narrow<TimeoutError>(any)
    else expectTypeOf(any).toEqualTypeOf<RedisError>()

    const plain = new Error('x')
    if (plain instanceof RedisError) expectTypeOf(plain).toEqualTypeOf<RedisError>()
    else expectTypeOf(plain).toEqualTypeOf<Error>()
  })

  it('instanceof narrows a union of results', () => {
    const result = 'text' as string | null | ResponseError
    if (result instanceof ResponseError) expectTypeOf(result).toEqualTypeOf<ResponseError>()
    else expectTypeOf(result).toEqualTypeOf<string | null>()
  })
})

describe('name', () => {
  it('error classes of the same shape are different types', () => {
    expectTypeOf<ResponseError>().not.toExtend<NoScriptError>()
    expectTypeOf<ExecAbortError>().not.toExtend<NoScriptError>()
    expectTypeOf<RedisError>().not.toExtend<ConnectionError>()
    expectTypeOf<RedisError>().not.toExtend<WatchError>()
    expectTypeOf<RedisError>().not.toExtend<ResponseError>()
    expectTypeOf<ConnectionError>().not.toExtend<AuthenticationError>()
    expectTypeOf<LockError>().not.toExtend<LockNotOwnedError>()
    expectTypeOf<AskError>().not.toExtend<MovedError>()
    expectTypeOf<MovedError>().toExtend<AskError>()
    expectTypeOf<Error>().not.toExtend<RedisError>()
  })

  it('the name of an error is a literal type that distinguishes the classes', () => {
    const error: AskError | LockError | TimeoutError = new TimeoutError('x') as AskError | LockError | TimeoutError
    if (error.name === 'TimeoutError') expectTypeOf(error).toEqualTypeOf<TimeoutError>()
    if (error.name === 'LockNotOwnedError') expectTypeOf(error).toEqualTypeOf<LockError>()
    expectTypeOf<ConnectionError['name']>().toExtend<string>()
    expectTypeOf<MovedError['name']>().toEqualTypeOf<'MovedError'>()
  })
})
