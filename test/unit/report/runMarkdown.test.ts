import { afterEach, describe, expect, it } from 'vitest'
import { runMarkdown } from '../../../src/report/runMarkdown.ts'
import { type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

let simulated: SimulatedRun
afterEach(() => simulated.close())

describe('a run as Markdown', () => {
  it('says what was run, how it ended, and what each group wrote, hosts folded', async () => {
    simulated = await simulateRun(['web1', 'web2', 'db1'])
    for (const host of ['web1', 'web2']) simulated.finish(host, 0, [{ stream: 1, text: 'ok\n' }])
    simulated.finish('db1', 3, [{ stream: 2, text: 'disk full\n' }])
    const text = await runMarkdown(simulated.run)
    expect(text).toContain('`uptime` on `production: every agent`')
    expect(text).toMatch(/^1 failed, 2 succeeded · /m)
    expect(text).toContain('**1** failed, `exit code 3`: `db1`\n\n```\ndisk full\n```')
    expect(text).toContain('**2** succeeded: `web[1-2]`\n\n```\nok\n```')
  })

  it('keeps text of servers within its code, whatever grave accents it has', async () => {
    simulated = await simulateRun(['web1'])
    simulated.finish('web1', 0, [{ stream: 1, text: '```\n@channel [x](https://evil)\n````\n' }])
    const text = await runMarkdown(simulated.run)
    expect(text).toContain('`````\n```\n@channel [x](https://evil)\n````\n`````')
  })

  it('ends long outputs and lines, and says so', async () => {
    simulated = await simulateRun(['web1'])
    const lines = Array.from({ length: 40 }, (_, index) => `line ${index} ${'x'.repeat(300)}`)
    simulated.finish('web1', 0, [{ stream: 1, text: lines.join('\n') }])
    const text = await runMarkdown(simulated.run)
    expect(text).toContain('… 25 lines before\nline 25 x')
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThan(300)
  })

  it('reads only the end of an output, however long it is', async () => {
    simulated = await simulateRun(['web1'])
    const { run } = simulated
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}`)
    simulated.finish('web1', 0, [{ stream: 1, text: `${lines.join('\n')}\n` }])
    let read = 0
    const text = await runMarkdown({
      state: run.state,
      output: async (...of) => {
        const chunks = await run.output(...of)
        read += chunks.reduce((sum, { bytes }) => sum + bytes.length, 0)
        return chunks
      },
    })
    expect(read).toBeLessThanOrEqual(65_536)
    expect(text).toContain('… more before\nline 19985\n')
    expect(text).toContain('line 19999\n```')
  })
})
