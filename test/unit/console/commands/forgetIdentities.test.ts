import { afterEach, describe, expect, it, vi } from 'vitest'
import * as vscode from 'vscode'
import { forgetIdentities } from '../../../../src/console/commands/forgetIdentities.ts'
import type { OpenMaster } from '../../../../src/console/environments/connectionState.ts'
import { agentNodes, environmentNode } from '../../../../src/console/environments/treeNode.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const environment = declared('testing')
const [web1, web2] = agentNodes(environmentNode(environment), [knownAgent('web1'), knownAgent('web2')])

afterEach(() => Reflect.deleteProperty(vscode.window, 'showWarningMessage'))

/** What was let go of when the user answers so; `undefined` is all. */
async function forgotten(answer: string | undefined, clicked?: unknown, selected?: unknown) {
  const letGo = vi.fn(async (_agentIds?: readonly string[]) => {})
  let sentence = ''
  Object.assign(vscode.window, {
    showWarningMessage: async (message: string) => {
      sentence = message
      return answer
    },
  })
  const connections = { use: async () => ({ master: { letGo } }) as unknown as OpenMaster }
  await forgetIdentities(async () => environment, connections)(clicked, selected)
  return { calls: letGo.mock.calls, sentence }
}

describe('“Forget Proven Identities…”', () => {
  it('forgets what the selected agents have proven, and names them before', async () => {
    const { calls, sentence } = await forgotten('Forget', web1, [web1, web2])
    expect(sentence).toBe('Forget what these agents of testing have proven (2): web[1-2]?')
    expect(calls).toEqual([[['i-web1', 'i-web2']]])
  })

  it.each([
    ['the row of an environment', environmentNode(environment)],
    ['the palette', undefined],
  ])('forgets what all agents have proven when it comes from %s', async (_, clicked) => {
    expect((await forgotten('Forget', clicked)).calls).toEqual([[undefined]])
  })

  it('forgets nothing without a yes', async () => {
    expect((await forgotten(undefined, web1, [web1])).calls).toEqual([])
  })
})
