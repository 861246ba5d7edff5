import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Caller, type Callers, readCallers } from '../../support/callers.ts'

/**
 * From the request to SQS up to what people and programs do: everything that leads to a message on a command queue passes
 * one of each of these. Who calls one of them either has a row in docs/security.md, or is the next of them.
 */
const gates: readonly (readonly [file: string, ...names: string[]])[] = [
  ['src/queues/queues.ts', 'Queues.send', 'Queues.sendBatch'],
  ['src/queues/sender.ts', 'createSender', 'Sender.send'],
  ['src/queues/permissionProbe.ts', 'probePermissions'],
  ['src/master/sending/broadcast.ts', 'Broadcast.publish'],
  ['src/master/sending/runTransport.ts', 'createRunTransport'],
  [
    'src/master/engine/transport.ts',
    ...['publish', 'cancel', 'resend', 'askEveryone'].map((name) => `RunTransport.${name}`),
  ],
  [
    'src/master/engine/rolloutSteps.ts',
    ...['start', 'again', 'advance'].map((name) => `RolloutSteps.${name}`),
  ],
  ['src/master/engine/followUp.ts', ...['tick', 'cancel', 'askEveryone'].map((name) => `FollowUp.${name}`)],
  [
    'src/master/engine/run.ts',
    ...['begin', 'cancel', 'askEveryone', 'resume', 'tick'].map((name) => `Run.${name}`),
  ],
  ['src/master/runResumption.ts', 'RunResumption.resume'],
  ['src/master/environmentStop.ts', 'EnvironmentStop.stop'],
  [
    'src/master/master.ts',
    ...['start', 'resume', 'resumePaused', 'stopEverything'].map((name) => `Master.${name}`),
  ],
  ['src/console/send/runs.ts', 'Runs.send'],
  ['src/console/send/continueRun.ts', 'continueRun'],
  ['src/console/send/stopEverything.ts', 'stopEverything'],
  [
    'src/console/send/sending.ts',
    ...['ask', 'withArguments', 'again', 'continueRun'].map((name) => `Sending.${name}`),
  ],
]

let callers: Callers
let table: readonly { readonly code: readonly string[]; readonly asked: string }[]
beforeAll(async () => {
  callers = await readCallers(process.cwd(), ['src', 'agent/src'])
  table = tableIn(await readFile('docs/security.md', 'utf8'))
  // It compiles the sources, which takes its time on a busy machine.
}, 60_000)
afterAll(() => callers?.close())

const written = ({ file, within }: Caller) => `${file}: ${within}`

/** Everything that leads to a send, by the sources. */
function found(): string[] {
  const sdk = ['SendMessageCommand', 'SendMessageBatchCommand'].flatMap((name) =>
    callers.ofImported(name, '@aws-sdk/client-sqs'),
  )
  const ours = gates.flatMap(([file, ...names]) => names.flatMap((name) => callers.of(file, name)))
  return [...new Set([...sdk, ...ours].map(written))].toSorted()
}

describe('Every way to send to a command queue', () => {
  it('has a row in docs/security.md, which says where it is asked, and every row a way', () => {
    expect([...new Set(table.flatMap(({ code }) => code))].toSorted()).toEqual(found())
    for (const { asked } of table) expect(asked.length).toBeGreaterThan(1)
  })

  it('goes through each of these: none of them is unused', () => {
    for (const [file, ...names] of gates)
      for (const name of names) expect([name, callers.of(file, name).length]).not.toEqual([name, 0])
  })
})

/** The rows of the table: the code that the second column names, and what the third says. */
function tableIn(document: string) {
  const section = document.split('\n## Every way to send to the command queue\n')[1]?.split('\n## ')[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| way |'))
  return rows
    .map((row) => row.split(' | '))
    .filter(([way]) => way !== '| ---')
    .map(([, code = '', asked = '']) => ({
      code: [...code.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
      asked,
    }))
}
