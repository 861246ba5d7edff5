import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { OutputAssembler, OutputCut } from '../../../../src/master/engine/outputAssembler.ts'
import { OutputLog } from '../../../../src/master/store/outputLog.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'outputs-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const path = () => join(directory, 'output')

function take(outputs: OutputAssembler, agentId: string, frame: number, text: string) {
  return outputs.take(agentId, frame, [[1, text.length]], Buffer.from(text))
}

describe('The outputs of a run', () => {
  it('take no more of the disk than the whole run may, and what still has room is kept', async () => {
    const log = await OutputLog.open(path())
    const outputs = new OutputAssembler(log, 1000, 60)
    expect(take(outputs, 'a', 0, 'x'.repeat(30))).toMatchObject({ stdoutBytes: 30 })
    expect(() => take(outputs, 'b', 0, 'y'.repeat(30))).toThrow(
      expect.objectContaining({ by: 'run', message: expect.stringContaining('more than 60 bytes') }),
    )
    expect(take(outputs, 'c', 0, 'z')).toMatchObject({ stdoutBytes: 1 })
    // Of what was cut, nothing more is taken: it would be a part with a hole before it.
    expect(take(outputs, 'b', 1, 'y')).toBeUndefined()
    expect(outputs.ended('b')).toBe('incomplete')
    await log.flush()
    expect(log.totalBytes).toBeLessThanOrEqual(60)
  })

  it('take no more after a restart either', async () => {
    const first = await OutputLog.open(path())
    take(new OutputAssembler(first, 1000, 60), 'a', 0, 'x'.repeat(40))
    await first.flush()
    const log = await OutputLog.resume(path())
    expect(() => take(new OutputAssembler(log, 1000, 60), 'b', 0, 'y'.repeat(40))).toThrow(OutputCut)
  })
})
