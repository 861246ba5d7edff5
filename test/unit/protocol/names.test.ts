import fc from 'fast-check'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import {
  AgentId,
  EnvironmentName,
  isThrowAwayReplyQueue,
  MasterId,
  masterOfReplyQueue,
  mayReplyTo,
  privateReplyQueue,
  QueueName,
  RunId,
  throwAwayMaster,
} from '../../../src/protocol/names.ts'
import { anyText } from '../../support/anyText.ts'

describe('mayReplyTo', () => {
  it('allows the private reply queue of every master of the environment', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,48}$/), anyMasterId, (environment, masterId) => {
        const queue = privateReplyQueue(environment, masterId)
        expect(v.is(QueueName, queue)).toBe(true)
        expect(mayReplyTo(environment, 'somewhere_agent', queue)).toBe(true)
      }),
    )
  })

  it('allows the configured reply queue, whatever its name', () => {
    expect(mayReplyTo('testing', 'answers', 'answers')).toBe(true)
    expect(mayReplyTo('testing', 'answers', 'testing_agent')).toBe(false)
  })

  it.each([
    'production_0f3a9c2e-1_agent',
    'testing_0f3a9c2e-1_facts',
    'testing_0f3a9c2e-1_master',
    'testing_eu_agent',
    'testing_eu_0f3a9c2e-1_agent',
    'testing__agent',
    'testing_agent',
    'x-testing_0f3a9c2e-1_agent',
    'testing_0f3a9c2e-1_agent/../other',
  ])('does not allow %s to agents of testing', (queue) => {
    expect(mayReplyTo('testing', 'testing_eu-west_replies', queue)).toBe(false)
  })
})

describe('The private reply queue', () => {
  it('names its master, and no other queue names one', () => {
    expect(masterOfReplyQueue('testing', 'testing_0f3a9c2e-1_agent')).toBe('0f3a9c2e-1')
    for (const queue of ['testing_agent', 'testing_eu_0f3a9c2e-1_agent', 'testing_0f3a9c2e-1_facts'])
      expect(masterOfReplyQueue('testing', queue)).toBeUndefined()
  })

  it('of a master that nobody takes over from is known by its name, and agents may reply to it', () => {
    const queue = privateReplyQueue('testing', throwAwayMaster('0f3a9c2e'))
    expect([queue, isThrowAwayReplyQueue('testing', queue)]).toEqual(['testing_0f3a9c2e-0_agent', true])
    expect(mayReplyTo('testing', 'testing_agent', queue)).toBe(true)
    for (const other of ['testing_0f3a9c2e-10_agent', 'testing_agent', 'testing_eu_0f3a9c2e-0_agent'])
      expect(isThrowAwayReplyQueue('testing', other)).toBe(false)
  })
})

describe('names', () => {
  it('that become files or folders cannot leave their folder', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        for (const schema of [RunId, AgentId, EnvironmentName]) {
          if (v.is(schema, text)) expect(text).not.toMatch(/^\.|[/\\\0]/)
        }
      }),
    )
    for (const path of ['..', '.', '../x', 'a/b', 'a\\b', 'a\0b', '']) {
      expect(v.is(RunId, path) || v.is(AgentId, path) || v.is(EnvironmentName, path)).toBe(false)
    }
  })

  it('leave room for the longest private reply queue', () => {
    const longest = privateReplyQueue('e'.repeat(48), 'm'.repeat(16).concat('-999'))
    expect(v.is(QueueName, longest)).toBe(true)
  })
})

const anyMasterId = fc.stringMatching(/^[0-9a-f]{8}-[1-9][0-9]?$/).filter((id) => v.is(MasterId, id))
