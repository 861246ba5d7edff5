import { describe, expect, it } from 'vitest'
import { actionName, actionText, printArguments } from '../../../src/run/actionText.ts'

const script = {
  kind: 'script' as const,
  name: 'fix it.sh',
  content: Buffer.from('#!/bin/sh\necho é\n').toString('base64'),
  args: ['a b', '--force', "it's", ''],
}

describe('What an action is called', () => {
  it('is its command, its script with parameters as a shell would need them, or its kind', () => {
    expect(actionName({ kind: 'shell', command: 'set -e\nls' })).toBe('set -e\nls')
    expect(actionName(script)).toBe(`'fix it.sh' 'a b' --force 'it'\\''s' ''`)
    expect(actionName({ kind: 'ping' })).toBe('ping')
    expect(actionName({ kind: 'facts' })).toBe('facts')
  })
})

describe('What an action has executed', () => {
  it('is its command, or the text of its script', () => {
    expect(actionText({ kind: 'shell', command: 'set -e\nls' })).toBe('set -e\nls')
    expect(actionText(script)).toBe('#!/bin/sh\necho é\n')
    expect(actionText({ kind: 'ping' })).toBe('ping')
  })
})

describe('Parameters', () => {
  it('are quoted where a shell would take them apart or replace something in them', () => {
    expect(printArguments(['a=1', '$(three)', '*'])).toBe(`a=1 '$(three)' '*'`)
  })
})
