import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { Connections } from '../../../../src/console/environments/connections.ts'
import { environmentRows } from '../../../../src/console/environments/environmentRows.ts'
import { describeNode, explainNode } from '../../../../src/console/environments/treeItems.ts'
import { environmentNode } from '../../../../src/console/environments/treeNode.ts'
import { ConsentMissing } from '../../../../src/console/profile/workspaceConsent.ts'
import { ConfirmedRun } from '../../../../src/console/send/confirmSend.ts'
import { questionText } from '../../../../src/console/send/question.ts'
import { itemsFor } from '../../../../src/console/send/reviewItems.ts'
import { planDetails } from '../../../../src/console/send/runPlan.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const endpoint = 'https://sqs.example.com/path'
const origin = { kind: 'file', folder: 'api', file: 'file:///api/x.fleet.yaml', offset: 0 } as const
const production = declared('production', { endpoint, origin, profile: 'admin' })
const request = {
  filter: everyone,
  action: { kind: 'shell' as const, command: 'reboot' },
  timeoutMs: 60_000,
}
const plan = { environment: production, request }
const reach = reachOf({ ...unknownFleet, agents: [knownAgent('web1')] }, request)
const connections = new Connections(
  async () => {
    throw new Error('not in this test')
  },
  () => false,
)

afterEach(() => {
  Reflect.deleteProperty(vscode.window, 'showWarningMessage')
})

describe('The endpoint of an environment', () => {
  it('is in its row and its tooltip', () => {
    const row = describeNode(environmentNode(production), connections, false)
    expect(row.description).toBe(`api · ${endpoint} · admin`)
    const tooltip = explainNode(environmentNode(production), connections) as vscode.MarkdownString
    expect(tooltip.value.replaceAll('\\', '')).toContain(`| Endpoint | ${endpoint} |`)
  })

  it('is in the review, in the question and in the document beside it', async () => {
    expect(itemsFor(plan, reach)[0]?.detail).toContain(`through ${endpoint}`)
    const asked: unknown[][] = []
    Object.assign(vscode.window, {
      showWarningMessage: async (...question: unknown[]) => void asked.push(question),
    })
    const documents = { keep: () => vscode.Uri.file('/text') }
    const { signal } = new AbortController()
    await ConfirmedRun.ask(plan, reach, undefined, { kind: 'page' }, undefined, signal, documents)
    expect(asked[0]?.[0]).toContain(`through ${endpoint}`)
    expect(asked[0]?.[1]).toMatchObject({ detail: expect.stringContaining(`Endpoint: ${endpoint}`) })
    const details = planDetails(plan, reach, undefined, inEnglish)
    const question = {
      environment: 'production',
      sentence: 'x',
      note: undefined,
      details,
      agents: [],
      yes: 'Run',
    }
    expect(questionText(question)).toContain(`Endpoint: ${endpoint}`)
  })
})

describe('An environment that the user has not agreed to connect', () => {
  const node = environmentNode(production)

  it('says so in its row, where a click or Enter connects', () => {
    const error = new ConsentMissing('Not connected: this workspace sends … Connect…')
    const [row] = environmentRows(node, { kind: 'failed', error }, '')
    expect(row && describeNode(row, connections, false)).toMatchObject({
      label: error.message,
      iconPath: { id: 'plug' },
      command: { command: 'ec2-collective.connect', arguments: [production.key] },
    })
  })

  it('is told from one that cannot be connected', () => {
    const [row] = environmentRows(node, { kind: 'failed', error: new Error('no network') }, '')
    const item = row && describeNode(row, connections, false)
    expect([item?.iconPath, item?.command]).toEqual([expect.objectContaining({ id: 'error' }), undefined])
  })
})
