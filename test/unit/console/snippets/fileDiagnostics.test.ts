import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { EnvironmentList } from '../../../../src/console/declarations/environmentList.ts'
import { WorkspaceFiles } from '../../../../src/console/declarations/workspaceFiles.ts'
import { FileDiagnostics } from '../../../../src/console/snippets/fileDiagnostics.ts'
import { declared, noProfiles } from '../../../support/declared.ts'
import { openDocuments, type TypedDocument } from '../../../support/documents.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { answers, calls } from '../../../support/vscodeStandIn.mjs'

const text = `snippets:
  A:
    environment: tesing
    comand: ls
    command: ls
  B: { environment: elsewhere, command: ls }
  C: { environment: testing, command: ls }
  D: { environment: tesing, command: ls }
`

let folder: string
let document: TypedDocument
let list: EnvironmentList
let diagnostics: FileDiagnostics

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'diagnostics-'))
  await writeFile(path.join(folder, 'a.fleet.yaml'), text)
  document = await openDocuments(folder).open('a.fleet.yaml')
  answers['languages.match'] = 10
  list = new EnvironmentList(new WorkspaceFiles(), noProfiles, async () => {})
  list.setLocal([declared('testing').environment])
  calls.length = 0
  diagnostics = new FileDiagnostics(list)
})
afterEach(async () => {
  delete answers['languages.match']
  diagnostics.dispose()
  list.dispose()
  await rm(folder, { recursive: true, force: true })
})

/** What is marked in the end: texts of the places, with what is said of them. */
const marked = (): string[] => {
  const set = calls.findLast(({ name }) => name.endsWith('createDiagnosticCollection.set'))
  return ((set?.args[1] ?? []) as vscode.Diagnostic[]).map(({ range, message, severity }) => {
    const [start, end] = [range.start, range.end].map(
      (place) => (place as unknown as { offset: number }).offset,
    )
    const kind = severity === vscode.DiagnosticSeverity.Error ? 'error' : 'warning'
    return `${kind} at ${document.getText().slice(start, end)}: ${message}`
  })
}

const all = [
  'error at comand: Unknown key “comand”. Did you mean “command”?',
  'warning at tesing: There is no environment “tesing” in the settings or the workspace.',
  'warning at elsewhere: There is no environment “elsewhere” in the settings or the workspace.',
  'warning at tesing: There is no environment “tesing” in the settings or the workspace.',
]

describe('a workspace file in an editor', () => {
  it('is marked where it is wrong, and where a snippet names an environment that is not there', async () => {
    await expect.poll(marked).toEqual(all)
  })

  it('is looked at again when environments come and go', async () => {
    await expect.poll(marked).toEqual(all)
    list.setLocal([declared('tesing').environment, declared('elsewhere').environment])
    await expect
      .poll(marked)
      .toEqual([
        all[0],
        'warning at testing: There is no environment “testing” in the settings or the workspace.',
      ])
  })

  it('is not marked for what stood in it before', async () => {
    document.type('snippets: {}\n')
    list.setLocal([])
    await expect.poll(marked).toEqual([])
    await list.all()
    expect(marked()).toEqual([])
  })

  it('is marked by the environments that are declared now, in whatever order those of before and of now are read', async () => {
    diagnostics.dispose()
    await everyInterleaving(async (stage) => {
      const changed = new vscode.EventEmitter<void>()
      let names = ['testing']
      const played = {
        onDidChange: changed.event,
        async all() {
          const asked = names
          await stage.pause(asked.join())
          return asked.map((name) => declared(name))
        },
      }
      const checked = new FileDiagnostics(played as unknown as EnvironmentList)
      stage.act('change', () => {
        names = ['tesing', 'elsewhere']
        changed.fire()
      })
      await stage.play()
      expect(marked()).toEqual([
        all[0],
        'warning at testing: There is no environment “testing” in the settings or the workspace.',
      ])
      checked.dispose()
    })
  })

  it('is not marked any more once the extension has ended, whatever is being read at that moment', async () => {
    diagnostics.dispose()
    await everyInterleaving(async (stage) => {
      const played = {
        onDidChange: () => ({ dispose() {} }),
        async all() {
          await stage.pause('the environments')
          return []
        },
      }
      const checked = new FileDiagnostics(played as unknown as EnvironmentList)
      let callsBefore = 0
      stage.act('end', () => {
        checked.dispose()
        callsBefore = calls.length
      })
      await stage.play()
      expect(calls.slice(callsBefore).filter(({ name }) => name.endsWith('Collection.set'))).toEqual([])
    })
  })

  it('offers what was probably meant, where it stands', async () => {
    const fixesAt = async (word: string) => {
      const place = document.positionAt(document.getText().lastIndexOf(word))
      const actions = await diagnostics.provideCodeActions(document, new vscode.Range(place, place))
      return actions.map(({ title }) => title)
    }
    expect(await fixesAt('comand:')).toEqual(['Change to “command”'])
    expect(await fixesAt('tesing\n')).toEqual(['Change to “testing”'])
    expect(await fixesAt('elsewhere')).toEqual([])
    const place = document.positionAt(text.indexOf('comand:'))
    const [fix] = await diagnostics.provideCodeActions(document, new vscode.Range(place, place))
    if (fix?.edit === undefined) throw new Error('there is no fix')
    await vscode.workspace.applyEdit(fix.edit)
    expect(document.getText()).toBe(text.replace('comand:', 'command:'))
  })
})
