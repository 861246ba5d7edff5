import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SpooledReply, SpoolFull } from '../../../agent/src/spooledReply.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'))
  path = join(directory, 'run.reply')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const output = (body: string) => ({ kind: 'output', body }) as const
const result = (body: string) => ({ kind: 'result', body }) as const

async function bodiesOf(reply: SpooledReply): Promise<string[]> {
  return Promise.all(Array.from({ length: reply.count }, (_, index) => reply.body(index)))
}

describe('a spooled reply', () => {
  it('gives its bodies back, now and after a restart', async () => {
    const reply = new SpooledReply(path)
    const bodies = ['{"a":1}', 'x'.repeat(200_000), '{}']
    for (const body of bodies) await reply.append(output(body))
    expect([reply.frames, reply.isFinished]).toEqual([3, false])
    await reply.append(result('{"r":1}'))
    expect(await bodiesOf(reply)).toEqual([...bodies, '{"r":1}'])
    await reply.close()
    const again = await SpooledReply.read(path)
    expect(again && (await bodiesOf(again))).toEqual([...bodies, '{"r":1}'])
    expect([again?.frames, again?.isFinished]).toEqual([3, true])
    await again?.close()
  })

  it('loses only a last line that is torn, and goes on behind it', async () => {
    const reply = new SpooledReply(path)
    await reply.append(output('first'))
    await reply.close()
    appendFileSync(path, 'o torn in the mid')
    const again = (await SpooledReply.takeUp(path)) as SpooledReply
    expect(await bodiesOf(again)).toEqual(['first'])
    await again.append(result('last'))
    expect(await bodiesOf(again)).toEqual(['first', 'last'])
    await again.close()
    expect(readFileSync(path, 'utf8')).toBe('o first\nr last\n')
  })

  it('is left as it is by whoever looks at it while it grows', async () => {
    const reply = new SpooledReply(path)
    await reply.append(output('first'))
    // What a write of several pages looks like in its middle.
    appendFileSync(path, 'o sec')
    const seen = (await SpooledReply.read(path)) as SpooledReply
    expect(await bodiesOf(seen)).toEqual(['first'])
    expect(readFileSync(path, 'utf8')).toBe('o first\no sec')
    await seen.close()
    await reply.append(output('second'))
    await reply.append(result('last'))
    expect(await bodiesOf(reply)).toEqual(['first', 'second', 'last'])
    await reply.close()
    expect(readFileSync(path, 'utf8')).toBe('o first\no second\nr last\n')
  })

  it('never gives other memory for a body that the disk has lost', async () => {
    const reply = new SpooledReply(path)
    await reply.append(output('x'.repeat(10_000)))
    truncateSync(path, 100)
    await expect(reply.body(0)).rejects.toThrow('does not give body 0')
    await reply.close()
    await expect(reply.body(0)).rejects.toThrow('does not give body 0')
  })

  it('is readable for the agent’s user only', async () => {
    const reply = new SpooledReply(path)
    await reply.append(output('x'))
    await reply.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that is no more is undefined', async () => {
    expect(await SpooledReply.read(path)).toBeUndefined()
  })

  it('full of garbage holds nothing', async () => {
    writeFileSync(path, Buffer.from([0, 255, 10, 13, 10, 120, 10]))
    const reply = await SpooledReply.read(path)
    expect(reply?.count).toBe(0)
    await reply?.close()
  })

  it('keeps to memory what a full disk does not take, up to a limit, and always the result', async () => {
    const reply = new SpooledReply('/dev/full')
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let index = 0; index < 4; index += 1) await reply.append(output(megabyte))
    await expect(reply.append(output(megabyte))).rejects.toThrow(SpoolFull)
    await reply.append(result('done'))
    expect([reply.frames, reply.isFinished]).toEqual([4, true])
    expect((await reply.body(3)).length).toBe(megabyte.length)
    expect(await reply.body(4)).toBe('done')
    await reply.close()
  })
})
