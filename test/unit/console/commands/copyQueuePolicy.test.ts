import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { copyQueuePolicy } from '../../../../src/console/commands/copyQueuePolicy.ts'
import type { Credentials } from '../../../../src/console/profile/credentials.ts'
import { declared } from '../../../support/declared.ts'

const owner = '333333333333'
const noCredentials = {
  connectionOf: () => Promise.reject(new Error('no keys')),
} as unknown as Credentials

let copied: string | undefined
let told: string
/** What the input boxes offered and found wrong. */
let offered: unknown[]

/** Answers with these texts in turn; a text that is found wrong ends it, as Escape does. */
function answer(texts: (string | undefined)[], queue: string | undefined): void {
  copied = undefined
  told = ''
  offered = []
  Object.assign(vscode.window, {
    showInputBox: async ({ value, validateInput }: vscode.InputBoxOptions) => {
      const text = texts.shift()
      const problem = text === undefined ? undefined : await validateInput?.(text)
      offered.push(problem ?? value)
      return problem ? undefined : text
    },
    showQuickPick: async (queues: string[]) => queues.find((each) => each === queue),
    setStatusBarMessage: (text: string) => {
      told = text
    },
  })
  const writeText = async (text: string) => {
    copied = text
  }
  Object.assign(vscode.env, { clipboard: { writeText } })
}

afterEach(() => {
  for (const name of ['showInputBox', 'showQuickPick', 'setStatusBarMessage'])
    Reflect.deleteProperty(vscode.window, name)
  Reflect.deleteProperty(vscode.env, 'clipboard')
})

const principals = () =>
  JSON.parse(copied ?? '{"Statement":[]}').Statement.map(
    (each: { Sid: string; Principal: { AWS: string[] } }) => [
      each.Sid,
      ...each.Principal.AWS.map((arn) => /\d{12}/.exec(arn)?.[0]),
    ],
  )

describe('“Copy Queue Policy for Other Accounts…”', () => {
  const command = (environment = declared('testing', { account: owner })) =>
    copyQueuePolicy(async () => environment, noCredentials)

  it('copies the policy of one queue, with the accounts of agents and of people', async () => {
    answer(['111111111111, 222222222222 111111111111', '444444444444'], 'testing_master')
    await command()()
    expect(principals()).toEqual([
      ['OtherAgents', '111111111111', '222222222222'],
      ['OtherMasters', '444444444444'],
    ])
    expect(JSON.parse(copied ?? '').Statement[0].Resource).toBe(
      `arn:aws:sqs:eu-west-1:${owner}:testing_master`,
    )
    expect(told).toContain('Copied the policy of testing_master.')
  })

  it('offers the same accounts for the next queue', async () => {
    const run = command()
    answer(['111111111111', ''], 'testing_master')
    await run()
    answer(['111111111111', ''], 'testing_facts')
    await run()
    expect(offered).toEqual(['111111111111', ''])
    expect(JSON.parse(copied ?? '').Statement[0].Resource).toMatch(/:testing_facts$/)
  })

  it.each([
    ['a wrong account', ['12345'], '“12345” is not the number of an AWS account.'],
    ['no account at all', ['', ' '], 'Enter at least one account.'],
  ])('refuses %s, and copies nothing', async (_, texts, problem) => {
    answer(texts, 'testing_master')
    await command()()
    expect([offered.at(-1), copied]).toEqual([problem, undefined])
  })

  it('copies nothing when it is cancelled at any question', async () => {
    for (const [texts, queue] of [
      [[undefined], 'testing_master'],
      [['111111111111', undefined], 'testing_master'],
      [['111111111111', ''], undefined],
    ] as const) {
      answer([...texts], queue)
      await command()()
      expect(copied).toBeUndefined()
    }
  })

  it('says what to fill in where AWS does not tell the owner', async () => {
    answer(['111111111111', ''], 'testing_facts')
    await command(declared('testing'))()
    expect(copied).toContain('arn:aws:sqs:eu-west-1:*:testing_facts')
    expect(told).toContain('Replace * with your account number')
  })
})
