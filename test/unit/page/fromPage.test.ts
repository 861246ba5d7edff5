import { describe, expect, it } from 'vitest'
import { parseFromPage, parsePageState } from '../../../src/page/fromPage.ts'

describe('a message from the page', () => {
  it('is taken when it is exactly a request', () => {
    for (const request of [
      { type: 'ready' },
      { type: 'cancel' },
      { type: 'output', view: 1, of: { agent: 'i-0123' }, from: 0, to: 500, follow: false },
      { type: 'output', view: 1, of: { agent: 'i-0123' }, from: 0, to: 500, follow: false, formatted: true },
      { type: 'run-again', on: { kind: 'failed' } },
      { type: 'run-again', on: { kind: 'agents', agents: ['i-0123'] } },
      { type: 'run-other', on: { kind: 'table' } },
      { type: 'compare-before' },
      { type: 'compare-before', agent: 'i-0123' },
      { type: 'save-snippet' },
      { type: 'search', search: 3, query: { text: 'x', matchCase: false, regex: true } },
      { type: 'open-link', url: 'https://example.org/a?b=c' },
      { type: 'export', format: 'csv' },
    ]) {
      expect(parseFromPage(request)).toEqual(request)
    }
  })

  it('is dropped when it is anything else', () => {
    for (const message of [
      undefined,
      null,
      'ready',
      { type: 'send', command: 'reboot' },
      { type: 'ready', command: 'reboot' },
      { type: 'run-again', on: { kind: 'all' }, filter: '*' },
      { type: 'run-other', on: { kind: 'failed' }, command: 'reboot' },
      { type: 'compare-before', agent: '../../etc' },
      { type: 'copy-link', runId: 'run-0001' },
      { type: 'run-again', on: { kind: 'agents', agents: [] } },
      { type: 'run-again', on: { kind: 'agents', agents: ['../../etc'] } },
      { type: 'output', view: 1, of: { agent: 'a', group: 1 }, from: 0, to: 10, follow: false },
      { type: 'output', view: 1, of: { agent: 'a' }, from: 0, to: 1_000_000, follow: false },
      { type: 'output', view: 1, of: { agent: 'a' }, from: -1, to: 10, follow: false },
      { type: 'search', search: 0, query: { text: 'x'.repeat(1001), matchCase: false, regex: false } },
      { type: 'open-link', url: 'command:workbench.action.quit' },
      { type: 'open-link', url: 'https://example.org@evil.example/' },
      { type: 'open-link', url: `https://example.org/${'x'.repeat(2000)}` },
      { type: 'export', format: 'exe' },
    ]) {
      expect(parseFromPage(message)).toBeUndefined()
    }
  })
})

describe('what the page keeps for a reload', () => {
  it('comes back, and is dropped when it is damaged', () => {
    const state = {
      v: 1 as const,
      runId: 'run-0001',
      selected: { groupOf: 'i-1' },
      scroll: { groups: 0, agents: 9, output: 0 },
    }
    expect(parsePageState(state)).toEqual(state)
    expect(parsePageState({ ...state, runId: '../run' })).toBeUndefined()
    expect(parsePageState(undefined)).toBeUndefined()
  })
})
