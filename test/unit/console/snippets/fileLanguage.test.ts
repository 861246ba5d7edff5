import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type * as vscode from 'vscode'
import type { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import type { Connections } from '../../../../src/console/environments/connections.ts'
import { FileLanguage } from '../../../../src/console/snippets/fileLanguage.ts'
import { unknownFleet } from '../../../../src/master/fleet/fleetSnapshot.ts'
import { type Audience, reachOf } from '../../../../src/master/fleet/reach.ts'
import { declared } from '../../../support/declared.ts'
import { knownAgent } from '../../../support/knownAgent.ts'

const agents = ['web-01', 'web-02', 'db-01'].map((name) =>
  knownAgent(name, { facts: { hostname: name, role: name.slice(0, -3) } }),
)
const master = { reach: (request: Audience) => reachOf({ ...unknownFleet, agents }, request) }
const connections = { opened: () => [{ declared: declared('testing'), master }] } as unknown as Connections
const list = { all: async () => [declared('testing')] } as unknown as EnvironmentList

let language: FileLanguage
beforeEach(() => {
  language = new FileLanguage(list, connections)
})
afterEach(() => language.dispose())

/** A text with a `|` where the cursor is. */
function at(marked: string): [vscode.TextDocument, vscode.Position] {
  const cursor = marked.indexOf('|')
  const text = marked.replace('|', '')
  const document = {
    getText: (range?: { start: number; end: number }) =>
      range === undefined ? text : text.slice(range.start, range.end),
    offsetAt: (position: number) => position,
    positionAt: (offset: number) => offset,
  }
  return [document as unknown as vscode.TextDocument, cursor as unknown as vscode.Position]
}
const hover = (marked: string) => {
  const [content] = [language.provideHover(...at(marked))?.contents].flat()
  return (content as vscode.MarkdownString | undefined)?.value
}
const offered = async (marked: string) =>
  (await language.provideCompletionItems(...at(marked))).map(({ label, insertText }) => insertText ?? label)

const sets = 'sets:\n  canaries: [web-01, db-01]\n  web: role=web\n'

describe('In a workspace file', () => {
  it('a set shows what it stands for, and how many agents that is', () => {
    const shown = hover(sets.replace('canaries', 'cana|ries'))
    expect(shown).toContain('hostname=web-01,db-01')
    expect(shown).toContain('testing: 2 of 3 agents match')
  })

  it('a filter with sets shows both, too', () => {
    const shown = hover(`${sets}snippets:\n  S:\n    command: ls\n    filter: "@web and |@canaries"\n`)
    expect(shown).toContain('role=web and hostname=web-01,db-01')
    expect(shown).toContain('testing: 1 of 3 agents match')
  })

  it('sets are completed in filters, in quotes where YAML needs them', async () => {
    const snippet = (filter: string) => `${sets}snippets:\n  S:\n    command: ls\n    filter: ${filter}\n`
    expect(await offered(snippet('@|'))).toEqual(['"@canaries"', '"@web"'])
    expect(await offered(snippet('"@c|"'))).toEqual(['@canaries'])
    expect(await offered(snippet('role=web and @w|'))).toEqual(['@web'])
  })

  it('a set is completed as a filter is, and not by itself', async () => {
    expect(await offered(`${sets}  mine: "@|"`)).toEqual(['@canaries', '@web'])
    expect(await offered(`sets:\n  a: role=web\n  mine: "@m|"`)).toEqual([])
    expect(await offered(`${sets}  mine: role=|`)).toContain('web')
  })
})
