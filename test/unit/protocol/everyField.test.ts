import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import { invalidField, KnownAction } from '../../../src/protocol/action.ts'
import { messageSchemas, parseMessage } from '../../../src/protocol/messages.ts'
import { protocolVectors } from '../../support/protocolVectors.ts'

type Fields = Readonly<Record<string, v.GenericSchema>>
type Sample = Readonly<Record<string, unknown>>

const messages = protocolVectors.messages.map(({ message }) => message)

/** A value that no field takes. */
const nothingWeSay = { nothing: [null] }

/** Fields that take anything, or that are read as something else where they are wrong. */
const lenient = ['refusal.code', 'facts.facts']

/** Each field with a value that is wrong, and each that must be there without it. */
function faultsOf(fields: Fields, sample: Sample): { field: string; fault: string; json: Sample }[] {
  return Object.entries(fields).flatMap(([field, schema]) => {
    const { [field]: _, ...without } = sample
    const wrong = { field, fault: 'wrong', json: { ...sample, [field]: nothingWeSay } }
    const isOptional = schema.type === 'optional'
    return isOptional ? [wrong] : [wrong, { field, fault: 'missing', json: without }]
  })
}

/** By schema, not by hand: a field that is added is here as well. */
const actionFaults = KnownAction.options.flatMap(({ entries }) => {
  const kind = entries.kind.pipe[0].literal
  const sample = messages
    .map(({ action }) => action as Sample | undefined)
    .find((action) => action?.kind === kind)
  const { kind: _, ...fields } = entries as Fields
  return faultsOf(fields, sample ?? {}).map((fault) => ({ kind, ...fault }))
})

const messageFaults = Object.entries(messageSchemas).flatMap(([type, { entries }]) => {
  const sample = messages.find((message) => message.type === type) ?? {}
  return faultsOf(entries as Fields, sample)
    .filter(({ field }) => !lenient.includes(`${type}.${field}`))
    .map((fault) => ({ type, ...fault }))
})

describe('every field of every action', () => {
  it.each(actionFaults)('is named where it is $fault: $field of $kind', ({ kind, field, json }) => {
    expect(invalidField(json as { kind: string })).toMatch(new RegExp(`^${field}\\b.*: .`))
    const command = { ...messages.find(({ type }) => type === 'command'), action: json }
    const message = parseMessage(command)
    expect(message).toMatchObject({ action: { kind: 'unsupported', requested: kind } })
    expect(message).toHaveProperty('action.invalid', expect.stringMatching(new RegExp(`^${field}\\b`)))
  })

  it('is named as well where the action is wrapped, because the command requires a part', () => {
    for (const { kind, field, json } of actionFaults) {
      const wrapped = { kind: 'requires targetSet', requires: ['targetSet'], action: json }
      const message = parseMessage({ ...messages.find(({ type }) => type === 'command'), action: wrapped })
      expect(message).toMatchObject({ action: { kind: 'unsupported', requested: kind } })
      expect(message).toHaveProperty('action.invalid', expect.stringMatching(new RegExp(`^${field}\\b`)))
    }
  })
})

describe('every field of every message', () => {
  it.each(messageFaults)('is named where it is $fault: $field of $type', ({ field, json }) => {
    expect(() => parseMessage(json)).toThrow(new RegExp(`^${field}\\b.*: .`))
  })

  it('is said to mean something in docs/messages.md', () => {
    const silent = Object.entries(messageSchemas).flatMap(([type, { entries }]) =>
      Object.entries(entries as Fields)
        .filter(([field]) => !['type', 'issuer', 'stdout', 'stderr'].includes(field))
        .filter(([, schema]) => {
          const inner =
            schema.type === 'optional'
              ? (schema as v.OptionalSchema<v.GenericSchema, undefined>).wrapped
              : schema
          return v.getDescription(inner) === undefined
        })
        .map(([field]) => `${type}.${field}`),
    )
    expect(silent).toEqual([])
  })
})
