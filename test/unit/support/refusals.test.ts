import { readFileSync } from 'node:fs'
import * as sdk from '@aws-sdk/client-sqs'
import { describe, expect, it } from 'vitest'
import {
  type EntryFailure,
  entryFailures,
  operations,
  type Refusal,
  refusals,
  refusalsOf,
} from '../../support/faults/refusals.ts'

/** Errors in the SDK's model, as it exports them: `[…, name, { awsQueryError, httpError }, …]`. */
const model = new Map(
  Object.entries(sdk)
    .filter(([name, value]) => name.endsWith('$') && Array.isArray(value) && value[0] === -3)
    .map(([name, value]) => {
      const traits = (value as unknown as unknown[])[3] as {
        awsQueryError?: [code: string, status: number]
        httpError?: number
      }
      return [name.slice(0, -1), traits] as const
    }),
)

describe('the refusals of the fault proxy', () => {
  it.each(operations)('of %s are those that the documentation of the SDK names', (operation) => {
    const file = `node_modules/@aws-sdk/client-sqs/dist-types/commands/${operation}Command.d.ts`
    const documented = [
      ...readFileSync(file, 'utf8').matchAll(/@throws \{@link (\w+)\} \(client fault\)/g),
    ].map(([, name]) => name)
    expect(documented.length).toBeGreaterThan(0)
    const ours = refusalsOf(operation).filter((code) => refusals[code].by === 'sqs')
    expect(ours.toSorted()).toEqual(documented.toSorted())
  })

  it.each((Object.keys(refusals) as Refusal[]).filter((code) => refusals[code].by === 'sqs'))(
    'by %s have status and query code of the model',
    (code) => {
      const traits = model.get(code)
      const form: { status: number; query?: string } = refusals[code]
      expect(form.query?.replace(';Sender', '')).toBe(traits?.awsQueryError?.[0])
      expect(form.status).toBe(traits?.httpError ?? 400)
    },
  )

  it('of entries are of batches only', () => {
    for (const code of Object.keys(entryFailures) as EntryFailure[])
      for (const operation of entryFailures[code].of) expect(operation).toMatch(/Batch$/)
  })
})
