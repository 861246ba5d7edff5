import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type Openable, ReplyOpener } from '../../../webview/replyOpener.ts'
import type { Selected } from '../../../webview/selected.ts'

/** The parts of a page without their looks: what was done to them, in order. */
function openablePage() {
  const done: string[] = []
  let selected: Selected | undefined
  let asked: Selected | undefined
  const parts: Openable = {
    lists: {
      select: (row) => done.push(`select ${JSON.stringify(row)}`),
      focus: (row) => done.push(`focus list of ${JSON.stringify(row)}`),
    },
    detail: {
      get selected() {
        return selected
      },
      reveal: () => {},
      select: (row) => {
        selected = row
      },
      output: { focus: () => done.push('focus output') },
    },
    splitter: { split: (isSplit) => done.push(isSplit ? 'split' : 'join') },
    comparison: {
      get isAsking() {
        return asked !== undefined
      },
      start: (of) => {
        asked = of
      },
      take: (other) => {
        if (asked === undefined) return false
        done.push(`compare ${JSON.stringify(asked)} with ${JSON.stringify(other)}`)
        asked = undefined
        return true
      },
      end: () => {
        asked = undefined
      },
    },
  }
  const opener = new ReplyOpener(parts, () => done.push('changed'))
  return { opener, done, selected: () => selected }
}

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('window', globalThis)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('opening replies', () => {
  it('opens the row that was chosen, and gives the focus to its output when it is chosen again', () => {
    const { opener, done, selected } = openablePage()
    opener.choose({ agent: 'web1' })
    expect(selected()).toEqual({ agent: 'web1' })
    expect(done).toEqual(['split', 'select {"agent":"web1"}', 'changed'])
    opener.choose({ agent: 'web1' })
    expect(done.at(-1)).toBe('focus output')
  })

  it('follows the moves through a list while a reply is open, and only the last of quick ones', () => {
    const { opener, done, selected } = openablePage()
    opener.movedTo({ agent: 'web1' })
    vi.runAllTimers()
    expect(selected()).toBeUndefined()
    opener.open({ agent: 'web1' })
    opener.movedTo({ agent: 'web2' })
    opener.movedTo({ agent: 'web3' })
    vi.runAllTimers()
    expect(selected()).toEqual({ agent: 'web3' })
    expect(done.join()).not.toContain('web2')
  })

  it('stays closed when it is closed right after a move', () => {
    const { opener, selected } = openablePage()
    opener.open({ agent: 'web1' })
    opener.movedTo({ agent: 'web2' })
    expect(opener.back()).toBe(true)
    vi.runAllTimers()
    expect(selected()).toBeUndefined()
  })

  it('takes the next row for a comparison that was asked for, and leaves open what is open', () => {
    const { opener, done, selected } = openablePage()
    opener.open({ group: 1 })
    opener.compare({ group: 1 }, 'group 1')
    opener.movedTo({ group: 2 })
    vi.runAllTimers()
    opener.choose({ group: 2 })
    expect(done.at(-1)).toBe('compare {"group":1} with {"group":2}')
    expect(selected()).toEqual({ group: 1 })
  })

  it('steps back from a comparison first, then from the reply, then from nothing', () => {
    const { opener, done, selected } = openablePage()
    opener.open({ agent: 'web1' })
    opener.compare({ agent: 'web1' }, 'web1')
    expect(opener.back()).toBe(true)
    expect(selected()).toEqual({ agent: 'web1' })
    expect(opener.back()).toBe(true)
    expect(selected()).toBeUndefined()
    expect(done).toContain('focus list of {"agent":"web1"}')
    expect(opener.back()).toBe(false)
  })
})
