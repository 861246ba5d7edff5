import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SpooledReply, SpoolFull } from '../../../../agent/src/store/spooledReply.ts'

let directory: string
let path: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'spool-'))
  path = join(directory, 'run.reply')
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

const output = (body: string) => ({ kind: 'output', body }) as const
const result = (body: string) => ({ kind: 'result', body }) as const

function bodiesOf(reply: SpooledReply): string[] {
  return Array.from({ length: reply.count }, (_, index) => reply.body(index))
}

/** How often this process has the file open. */
function openings(): number {
  return readdirSync('/proc/self/fd').filter((file) => {
    try {
      return readlinkSync(`/proc/self/fd/${file}`) === path
    } catch {
      return false
    }
  }).length
}

describe('a spooled reply', () => {
  it('gives its bodies back, now and after a restart', async () => {
    const reply = new SpooledReply(path)
    const bodies = ['{"a":1}', 'x'.repeat(200_000), '{}']
    for (const body of bodies) reply.append(output(body))
    expect([reply.frames, reply.isFinished]).toEqual([3, false])
    reply.append(result('{"r":1}'))
    expect(bodiesOf(reply)).toEqual([...bodies, '{"r":1}'])
    reply.close()
    const again = await SpooledReply.read(path)
    expect(again && bodiesOf(again)).toEqual([...bodies, '{"r":1}'])
    expect([again?.frames, again?.isFinished]).toEqual([3, true])
    again?.close()
  })

  it('loses only a last line that is torn, and goes on behind it', async () => {
    const reply = new SpooledReply(path)
    reply.append(output('first'))
    reply.close()
    appendFileSync(path, 'o torn in the mid')
    const again = (await SpooledReply.resume(path)) as SpooledReply
    expect(bodiesOf(again)).toEqual(['first'])
    again.append(result('last'))
    expect(bodiesOf(again)).toEqual(['first', 'last'])
    again.close()
    expect(readFileSync(path, 'utf8')).toBe('o first\nr last\n')
  })

  it('is not changed by a reader while it grows', async () => {
    const reply = new SpooledReply(path)
    reply.append(output('first'))
    // What a write of several pages looks like in its middle.
    appendFileSync(path, 'o sec')
    const seen = (await SpooledReply.read(path)) as SpooledReply
    expect(bodiesOf(seen)).toEqual(['first'])
    expect(readFileSync(path, 'utf8')).toBe('o first\no sec')
    seen.close()
    reply.append(output('second'))
    reply.append(result('last'))
    expect(bodiesOf(reply)).toEqual(['first', 'second', 'last'])
    reply.close()
    expect(readFileSync(path, 'utf8')).toBe('o first\no second\nr last\n')
  })

  it('never gives other memory for a body that the disk has lost', async () => {
    const reply = new SpooledReply(path)
    reply.append(output('x'.repeat(10_000)))
    truncateSync(path, 100)
    expect(() => reply.body(0)).toThrow('cannot read body 0')
    reply.close()
    expect(() => reply.body(0)).toThrow('cannot read body 0')
  })

  it('keeps its file open only while it is written', async () => {
    const reply = new SpooledReply(path)
    reply.append(output('first'))
    expect(openings()).toBe(1)
    reply.append(result('last'))
    expect(bodiesOf(reply)).toEqual(['first', 'last'])
    expect(openings()).toBe(0)
    for (const again of [await SpooledReply.read(path), await SpooledReply.resume(path)]) {
      expect(again && bodiesOf(again)).toEqual(['first', 'last'])
    }
    expect(openings()).toBe(0)
  })

  it('gives a small result without reading it back, until it is closed', () => {
    const reply = new SpooledReply(path)
    reply.append(result('{"r":1}'))
    truncateSync(path)
    expect(reply.body(0)).toBe('{"r":1}')
    reply.close()
    expect(() => reply.body(0)).toThrow('cannot read body 0')
  })

  it('whose end is damaged is cut off there and goes on', async () => {
    const reply = new SpooledReply(path)
    for (const body of ['first', 'second', 'third']) reply.append(output(body))
    reply.append(result('last'))
    const taken = (await SpooledReply.resume(path)) as SpooledReply
    taken.cutOff(1)
    expect([taken.frames, taken.isFinished]).toEqual([1, false])
    taken.append(result('interrupted'))
    expect(bodiesOf(taken)).toEqual(['first', 'interrupted'])
    expect(readFileSync(path, 'utf8')).toBe('o first\nr interrupted\n')
  })

  it('is readable for the agent’s user only', async () => {
    const reply = new SpooledReply(path)
    reply.append(output('x'))
    reply.close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('that is no more is undefined', async () => {
    expect(await SpooledReply.read(path)).toBeUndefined()
  })

  it('full of garbage holds nothing', async () => {
    writeFileSync(path, Buffer.from([0, 255, 10, 13, 10, 120, 10]))
    const reply = await SpooledReply.read(path)
    expect(reply?.count).toBe(0)
    reply?.close()
  })

  it('keeps to memory what a full disk does not take, up to a limit, and always the result', async () => {
    const reply = new SpooledReply('/dev/full')
    const megabyte = 'x'.repeat(1024 * 1024)
    for (let index = 0; index < 4; index += 1) reply.append(output(megabyte))
    expect(() => reply.append(output(megabyte))).toThrow(SpoolFull)
    reply.append(result('done'))
    expect([reply.frames, reply.isFinished]).toEqual([4, true])
    expect(reply.body(3).length).toBe(megabyte.length)
    expect(reply.body(4)).toBe('done')
    reply.close()
  })
})
