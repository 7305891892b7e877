import { describe, expect, it } from 'vitest'
import { Command, State } from '../../../src/commands/core/command.js'
import { text } from '../../../src/commands/core/decoders.js'
import { write } from '../../../src/commands/core/spec.js'
import { linkClosed, noConnection, queueFull } from '../../../src/connection/link/link-errors.js'

const SPEC = write('NOT.ADMITTED', text)
const PLACE = { node: 'a:1', lastError: undefined }
const ERRORS = {
  'while there is no connection': (command: Command) => noConnection(command, PLACE),
  'when the queue is full': (command: Command) => queueFull(command, 'queue.maxCommands (5)', PLACE),
  'when the client is closed': (command: Command) => linkClosed(command, PLACE),
}

describe.each(Object.entries(ERRORS))('the error of a command that is not accepted %s', (when, errorOf) => {
  it(`a command that is rejected ${when} has outcome not sent if it was never written`, () => {
    expect(errorOf(new Command(SPEC, ['k', 'v']))).toMatchObject({ outcome: 'not sent' })
  })

  it(`a command that is rejected ${when} has outcome unknown if an earlier connection was lost with it`, () => {
    const command = new Command(SPEC, ['k', 'v'])
    command.state |= State.written
    expect(errorOf(command)).toMatchObject({ outcome: 'unknown', message: expect.stringContaining('not sent again') })
  })
})
