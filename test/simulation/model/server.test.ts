import { describe, expect, it } from 'vitest'
import { Random } from '../../rig/random.mjs'
import { ModelServer } from './server.js'
import { Talk } from './talk.js'

function started(options: { password?: string } = {}): { server: ModelServer; clock: { now: number } } {
  const clock = { now: 1_000_000 }
  const random = new Random(1)
  return { server: new ModelServer({ now: () => clock.now, random: () => random.float(), ...options }), clock }
}

describe('the model of a server', () => {
  it('the model server rejects commands in each of its states with the error texts of Redis', () => {
    const { server } = started()
    const talk = new Talk(server)
    server.loading = true
    expect(talk.say('GET a')).toBe('-"LOADING Redis is loading the dataset in memory"')
    server.loading = false
    server.busy = true
    expect(talk.say('PING')).toBe(
      '-"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE."',
    )
    expect(talk.say('SCRIPT KILL')).toBe('+"OK"')
    server.outOfMemory = true
    expect(talk.say('SET a 1')).toContain('-"OOM')
    expect(talk.say('GET a')).toBe('$"null"')
    server.outOfMemory = false
    server.demote('10.0.0.1', 6379)
    expect(talk.say('SET a 1')).toContain('-"READONLY')
    server.promote()
    expect(talk.say('SET a 1')).toBe('+"OK"')
    expect(talk.closed).toBe(false)
  })

  it('the model server ends a blocking call at its timeout, and then runs the commands sent after it', () => {
    const { server, clock } = started()
    const talk = new Talk(server)
    expect(talk.say('BLPOP list 0.5')).toBe('')
    expect(talk.say('SET a 1')).toBe('')
    expect(server.wakeAt).toBe(1_000_500)
    clock.now = 1_000_500
    server.wake()
    expect(talk.replies()).toBe('*"null" +"OK"')
  })

  it('the model server gives an item to the client that has waited longest, and never to a closed one', () => {
    const { server } = started()
    const [first, second, third] = [new Talk(server), new Talk(server), new Talk(server)]
    for (const talk of [first, second]) talk.say('BLPOP list 0')
    first.connection.close()
    expect(third.say('RPUSH list x')).toBe(':"1"')
    expect(second.replies()).toBe('*[$"list" $"x"]')
    expect(first.replies()).toBe('')
  })

  it('the model server delays commands while it is paused', () => {
    const { server, clock } = started()
    const [talk, other] = [new Talk(server), new Talk(server)]
    expect(other.say('CLIENT PAUSE 100 WRITE')).toBe('+"OK"')
    expect(talk.say('GET a')).toBe('$"null"')
    expect(talk.say('SET a 1')).toBe('')
    clock.now += 100
    server.wake()
    expect(talk.replies()).toBe('+"OK"')
  })

  it('the model server removes an expired key by itself and sends the keyspace event', () => {
    const { server, clock } = started()
    const [talk, watching] = [new Talk(server), new Talk(server)]
    talk.say('CONFIG SET notify-keyspace-events KEA')
    talk.say('SET a 1 PX 50')
    watching.say('SUBSCRIBE __keyevent@0__:expired')
    clock.now = server.wakeAt
    server.wake()
    expect(watching.replies()).toBe('*[$"message" $"__keyevent@0__:expired" $"a"]')
  })

  it('the model server requires its password, and rejects connections over its limit', () => {
    const { server } = started({ password: 'secret' })
    const talk = new Talk(server)
    expect(talk.say('GET a')).toBe('-"NOAUTH Authentication required."')
    expect(talk.say('AUTH wrong')).toContain('-"WRONGPASS')
    expect(talk.say('HELLO 3 AUTH default secret')).toContain('%[')
    server.maxClients = 1
    const tooMany = new Talk(server)
    server.flush()
    expect(tooMany.replies()).toBe('-"ERR max number of clients reached"')
    expect(tooMany.closed).toBe(true)
  })

  it('the model server ends blocking calls and their connections when it becomes a replica', () => {
    const { server } = started()
    const talk = new Talk(server)
    talk.say('BLPOP list 0')
    server.demote('10.0.0.1', 6379)
    expect(talk.replies()).toContain('-"UNBLOCKED force unblock')
    expect(talk.closed).toBe(true)
  })

  it('a restart of the model server closes its connections, and keeps or drops the data', () => {
    const { server } = started()
    const talk = new Talk(server)
    talk.say('SET a 1')
    server.restart(true)
    expect(talk.closed).toBe(true)
    const again = new Talk(server)
    expect(again.say('GET a')).toBe('$"1"')
    server.restart(false)
    expect(new Talk(server).say('GET a')).toBe('$"null"')
  })

  it('the model server records in order the commands that were queued, run by EXEC or rejected', () => {
    const phases: string[] = []
    const server = new ModelServer({
      now: () => 0,
      random: () => 0,
      history: ({ args, phase }) => phases.push(`${phase} ${args[0]}`),
    })
    const talk = new Talk(server)
    for (const words of ['MULTI', 'SET a 1', 'EXEC', 'NONE', 'BLPOP l 0']) talk.say(words)
    new Talk(server).say('RPUSH l x')
    expect(phases).toEqual([
      'ran MULTI',
      'queued SET',
      'exec SET',
      'ran EXEC',
      'refused NONE',
      'blocked BLPOP',
      'ran RPUSH',
      'unblocked BLPOP',
    ])
  })
})
