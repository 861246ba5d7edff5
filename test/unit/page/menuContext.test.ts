import { describe, expect, it } from 'vitest'
import { parseMenuContext } from '../../../src/page/menuContext.ts'

const run = { ec2Run: 'run-0001', webview: 'ec2-collective.results', ec2Row: 'agent' }

describe('the context of a menu on the page', () => {
  it('names a run, and an agent or a group', () => {
    expect(parseMenuContext({ ...run, ec2Agent: 'i-0123' })).toEqual({
      runId: 'run-0001',
      of: { agent: 'i-0123' },
    })
    expect(parseMenuContext({ ...run, ec2Group: 3 })).toEqual({ runId: 'run-0001', of: { group: 3 } })
  })

  it.each([
    undefined,
    'i-0123',
    run,
    { ...run, ec2Agent: '../../etc' },
    { ...run, ec2Agent: '$(reboot)' },
    { ...run, ec2Agent: ['i-0123'] },
    { ...run, ec2Agent: 'i-0123', ec2Group: 3 },
    { ...run, ec2Group: -1 },
    { ...run, ec2Group: '3' },
    { ec2Agent: 'i-0123' },
    { ec2Run: '../run', ec2Agent: 'i-0123' },
  ])('is dropped when it is anything else: %o', (context) => {
    expect(parseMenuContext(context)).toBeUndefined()
  })
})
