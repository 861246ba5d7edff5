import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { type BodyBounds, bodyBounds, type MessageKind } from '../../src/protocol/bounds.ts'
import { openBody, UnreadableBody } from '../../src/protocol/envelope.ts'

/** A process that opens the bodies of a file, one a line, and says how many were opened and why the others were not. */
const [path = '', kind = 'command', mode = 'bounded'] = process.argv.slice(2)

const nothing = { characters: Infinity, depth: Infinity, marks: Infinity }
/** Takes the defence out. */
const unbounded: BodyBounds = {
  ...{ envelope: nothing, command: { ...nothing, characters: 2 ** 27 }, dataBytes: 2 ** 27 },
  ...{ reply: { ...nothing, characters: 2 ** 27 }, facts: { ...nothing, characters: 2 ** 27 } },
}

let opened = 0
const refused: string[] = []
for await (const body of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
  try {
    openBody(body, kind as MessageKind, mode === 'bounded' ? bodyBounds : unbounded)
    opened += 1
  } catch (error) {
    if (!(error instanceof UnreadableBody)) throw error
    refused.push(error.message)
  }
}
const isClean = !('polluted' in {})
process.stdout.write(JSON.stringify({ opened, refused, isClean }))
