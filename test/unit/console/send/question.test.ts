import { afterEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { askPerson, type Question, questionText } from '../../../../src/console/send/question.ts'
import { planDetails } from '../../../../src/console/send/runPlan.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { reachOf } from '../../../../src/master/fleet/reach.ts'
import { everyone } from '../../../../src/protocol/filter/writtenFilter.ts'
import { inEnglish } from '../../../../src/text/translate.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const { signal } = new AbortController()

function questionOf(command: string, hosts: readonly string[], note?: string): Question {
  const request = { filter: everyone, action: { kind: 'shell' as const, command }, timeoutMs: 60_000 }
  const reach = reachOf({ ...unknownFleet, agents: hosts.map((host) => knownAgent(host)) }, request)
  const details = planDetails({ environment: declared('testing'), request }, reach, undefined, inEnglish)
  return { environment: 'testing', sentence: 'Run it.', note, details, agents: reach.agents, yes: 'Run' }
}

/** Texts that were shown as documents, and those that are open. */
function documents() {
  const texts: string[] = []
  const open = new Set<string>()
  Object.assign(vscode.workspace, { openTextDocument: async (uri: vscode.Uri) => ({ uri }) })
  Object.assign(vscode.window, {
    showTextDocument: async ({ uri }: { uri: vscode.Uri }) => void open.add(uri.toString()),
    tabGroups: {
      get all() {
        return [
          { tabs: [...open].map((text) => ({ input: new vscode.TabInputText(vscode.Uri.parse(text)) })) },
        ]
      },
      close: async (tabs: readonly { input: vscode.TabInputText }[]) => {
        for (const { input } of tabs) open.delete(input.uri.toString())
      },
    },
  })
  const keep = (path: string, text: string) => {
    texts.push(text)
    return vscode.Uri.parse(`ec2-collective:///${path}`)
  }
  return { keep, texts, open }
}

/** The box in which a person chooses; `choose` takes the item at this place. */
function box() {
  let accept = () => {}
  const pick = {
    ...{ items: [] as vscode.QuickPickItem[], selectedItems: [] as vscode.QuickPickItem[], title: '' },
    onDidAccept: (listener: () => void) => {
      accept = listener
    },
    ...{ onDidHide: () => {}, show: () => {}, dispose: () => {} },
  }
  Object.assign(vscode.window, { createQuickPick: () => pick })
  return {
    pick,
    choose: async (index: number) => {
      await expect.poll(() => pick.items.length).toBeGreaterThan(index)
      pick.selectedItems = pick.items.slice(index, index + 1)
      accept()
    },
  }
}

afterEach(() => {
  for (const name of ['showWarningMessage', 'showInputBox', 'createQuickPick', 'showTextDocument'])
    Reflect.deleteProperty(vscode.window, name)
  Reflect.deleteProperty(vscode.workspace, 'openTextDocument')
})

describe('A question that fits into a dialog', () => {
  it('holds the whole command, the hosts and the note there', async () => {
    let detail: string | undefined
    Object.assign(vscode.window, {
      showWarningMessage: async (_: string, options: vscode.MessageOptions) => {
        detail = options.detail
        return 'Run'
      },
    })
    const { keep, texts } = documents()
    const question = questionOf('uptime\nrm -rf /srv \u202e', ['web1', 'web2'], '1 new: web2.')
    expect(await askPerson(question, { kind: 'ask' }, { keep }, signal)).toBe(true)
    expect(detail).toBe(
      [
        ...['1 new: web2.', '', 'Command:', '    uptime', '    rm -rf /srv <U+202E>'],
        ...['User: default of the agent', 'Directory: default of the agent', 'Timeout: 60 s'],
        ...['Rollout: all at once', 'Targets (2 of 2 agents): web[1-2]'],
      ].join('\n'),
    )
    expect(texts).toEqual([])
  })
})

describe('A question for which a dialog has no room', () => {
  const command = Array.from({ length: 500 }, (_, index) => `echo line ${index}`).join('\n')

  it.each([
    [0, false],
    [1, true],
  ])(
    'is asked beside a document of all of it, which is closed with it: item %i is %s',
    async (item, answer) => {
      const { keep, texts, open } = documents()
      const { choose } = box()
      const asking = askPerson(questionOf(command, ['web1']), { kind: 'ask' }, { keep }, signal)
      await choose(item)
      expect(await asking).toBe(answer)
      for (const line of command.split('\n')) expect(texts[0]).toContain(`    ${line}\n`)
      expect([...open]).toEqual([])
    },
  )

  it('is a no when it is stopped', async () => {
    const stop = new AbortController()
    const { keep } = documents()
    const { pick } = box()
    const asking = askPerson(questionOf(command, ['web1']), { kind: 'ask' }, { keep }, stop.signal)
    await expect.poll(() => pick.items.length).toBe(2)
    stop.abort()
    expect(await asking).toBe(false)
  })

  it('says in words when what is typed cannot become the name', async () => {
    const { keep } = documents()
    const said: Record<string, unknown> = {}
    Object.assign(vscode.window, {
      showInputBox: async ({ validateInput }: vscode.InputBoxOptions) => {
        for (const typed of ['', 'prod', 'produk', 'production']) said[typed] = validateInput?.(typed)
        return ''
      },
    })
    const asked = { kind: 'type-name', name: 'production' } as const
    expect(await askPerson(questionOf('ls', ['web1']), asked, { keep }, signal)).toBe(false)
    const isPrompt = expect.stringMatching(/^Run it\..*Type production to run it\.$/)
    const isWrong = expect.stringMatching(/^This is not the name of the environment\. Run it\./)
    expect(said).toMatchObject({
      '': { message: isPrompt },
      prod: { message: isPrompt },
      produk: { message: isWrong },
    })
    expect(said.production).toBeUndefined()
  })

  it('shows the document beside the box in which a name is typed', async () => {
    const { keep, texts, open } = documents()
    let prompt = ''
    let openMeanwhile = 0
    Object.assign(vscode.window, {
      showInputBox: async (options: vscode.InputBoxOptions) => {
        prompt = options.prompt ?? ''
        openMeanwhile = open.size
        return 'production'
      },
    })
    const asked = { kind: 'type-name', name: 'production' } as const
    expect(await askPerson(questionOf(command, ['web1']), asked, { keep }, signal)).toBe(true)
    expect(prompt).toContain('Command: in the document beside this box')
    expect(prompt).toContain('Targets (1 of 1 agents): web1')
    expect([texts.length, openMeanwhile, open.size]).toEqual([1, 1, 0])
  })
})

describe('The document of a question', () => {
  it('names each of 10,000 agents in a line of its own, and no line is one that an editor cuts', () => {
    const hosts = Array.from({ length: 10_000 }, (_, index) => `node${(index * 7919) % 100_003}`)
    const lines = questionText(questionOf('x'.repeat(30_000), hosts)).split('\n')
    const shown = new Set(lines)
    expect(hosts.filter((host) => !shown.has(`    ${host}  i-${host}`))).toEqual([])
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThan(150)
  })
})
