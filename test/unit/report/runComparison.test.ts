import { afterEach, describe, expect, it } from 'vitest'
import { printComparison, summarizeComparison } from '../../../src/report/comparisonText.ts'
import { compareReplies } from '../../../src/report/runComparison.ts'
import { inEnglish } from '../../../src/text/translate.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../support/simulatedRun.ts'

const open: SimulatedRun[] = []
afterEach(() => Promise.all(open.splice(0).map((run) => run.close())))

/** Exit code and output by host. */
async function played(
  replies: Record<string, readonly [code: number, output: string]>,
  view?: { readonly sort?: string; readonly columns?: string[]; readonly group?: string },
) {
  const run = await simulateRun(Object.keys(replies), {
    action: { kind: 'shell', command: 'df -h' },
    ...(view !== undefined && { view }),
  })
  open.push(run)
  for (const [host, [code, text]] of Object.entries(replies)) run.finish(host, code, [{ stream: 1, text }])
  return run
}

const df = (use: number) => `Filesystem Size Use% Mounted on\n/dev/vda1   20G  ${use}% /\n`

describe('a run compared with the run before', () => {
  it('says of each agent what has become of it', async () => {
    const then = await played({
      sick1: [1, 'full'],
      sick2: [1, 'full'],
      fine: [0, 'ok'],
      steady: [0, 'ok'],
      talks: [0, 'one'],
      left: [0, 'ok'],
    })
    const now = await played({
      sick1: [0, 'ok'],
      sick2: [3, 'full'],
      fine: [1, 'broken'],
      steady: [0, 'ok'],
      talks: [0, 'two'],
      came: [0, 'ok'],
    })
    const comparison = await compareReplies(then.run, now.run)
    expect(Object.fromEntries(comparison.agents.map(({ hostname, change }) => [hostname, change]))).toEqual({
      sick1: 'fixed',
      sick2: 'still-failing',
      fine: 'newly-failed',
      steady: 'same',
      talks: 'changed',
      came: 'added',
    })
    expect(comparison.gone).toEqual([{ agentId: agentIdOf('left'), hostname: 'left' }])
    expect(summarizeComparison(comparison, inEnglish)).toBe(
      '1 fixed, 1 newly failed, 1 still failing, 1 not in the run before, 1 changed, 1 the same',
    )
  })

  it('names values that changed, folds agents to which the same happened, and says where outputs differ', async () => {
    const then = await played({ web1: [0, df(97)], web2: [0, df(97)], db: [0, df(12)] })
    const now = await played({ web1: [0, df(41)], web2: [0, df(41)], db: [0, df(12)] })
    const { text, differing } = printComparison(
      await compareReplies(then.run, now.run),
      then.run.state,
      now.run.state,
      inEnglish,
    )
    const line = text.split('\n').findIndex((each) => each.startsWith('web[1-2] (2)'))
    expect(text.split('\n')[line]).toMatch(
      /^web\[1-2\] \(2\) +succeeded +succeeded +changed +Use%: 97% → 41%$/,
    )
    expect(text).toMatch(/^db +succeeded +succeeded +same$/m)
    expect(differing).toEqual([{ line, agentId: agentIdOf('web1') }])
  })

  it('names first what the snippet of the command is about', async () => {
    const disk = (use: number): [number, string] => [0, `Size Used Use%\n80G ${use}G  ${use}%\n`]
    const valuesWith = async (view?: Parameters<typeof played>[1]) => {
      const [then, now] = [await played({ web: disk(97) }), await played({ web: disk(41) }, view)]
      const { agents } = await compareReplies(then.run, now.run)
      return agents[0]?.values?.map(({ name }) => name)
    }
    expect(await valuesWith()).toEqual(['Used', 'Use%'])
    expect(await valuesWith({ sort: '-Use%' })).toEqual(['Use%', 'Used'])
    expect(await valuesWith({ columns: ['fact:az', 'column:Use%'] })).toEqual(['Use%', 'Used'])
    // What another version may have recorded.
    expect(await valuesWith({ group: 'capture:(', sort: '-Use%' })).toEqual(['Used', 'Use%'])
  })

  it('shows no control characters and no lines of servers', async () => {
    const then = await played({ web1: [0, '{"a":"1"}'] })
    const now = await played({ web1: [0, JSON.stringify({ a: 'x\n\u202edeliaf\u001b[31m' })] })
    const { text } = printComparison(
      await compareReplies(then.run, now.run),
      then.run.state,
      now.run.state,
      inEnglish,
    )
    expect(text).not.toMatch(/[\u202e\u001b]/)
    expect(text).toMatch(/^web1 .*a: 1 → x <U\+202E>deliaf/m)
  })

  it('says that an agent has not finished', async () => {
    const then = await played({ web1: [1, ''] })
    const now = await simulateRun(['web1'])
    open.push(now)
    expect(summarizeComparison(await compareReplies(then.run, now.run), inEnglish)).toBe('1 not finished')
  })
})
