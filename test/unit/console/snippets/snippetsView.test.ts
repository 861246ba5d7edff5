import { beforeEach, describe, expect, it } from 'vitest'
import { SnippetsView } from '../../../../src/console/snippets/snippetsView.ts'
import { openDocuments } from '../../../support/documents.ts'
import { snippetsOf } from '../../../support/snippetsOf.ts'

const folder = '/nonexistent/web'

beforeEach(() => void openDocuments(folder))

describe('the Snippets view', () => {
  it('shows what cannot be used, with the reasons, where it stands among the others', async () => {
    const view = new SnippetsView(
      snippetsOf(folder, {
        'a.fleet.yaml':
          'snippets:\n  A: { command: a }\n  B: { comand: b, command: b }\n  C: [\n  D: { command: d }\noops: 1\n',
      }),
    )
    const rows = (await view.getChildren()).map((node) => view.getTreeItem(node))
    expect(rows.map(({ label, description }) => [label, description])).toEqual([
      ['A', 'a'],
      ['B', 'Unknown key “comand”. Did you mean “command”?'],
      ['C', expect.stringContaining('Not YAML')],
      ['D', 'd'],
      ['a.fleet.yaml', 'Unknown key “oops”. A workspace file has environments, sets and snippets.'],
    ])
    expect(rows[1]?.command?.command).toBe('ec2-collective.openSnippet')
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
    view.dispose()
  })

  it('is by file where there is more than one', async () => {
    const view = new SnippetsView(
      snippetsOf(folder, {
        'a.fleet.yaml': 'snippets: { A: { command: a } }\n',
        'b.fleet.yaml': 'snippets: [\n',
      }),
    )
    const files = await view.getChildren()
    expect(files.map((node) => view.getTreeItem(node).label)).toEqual(['a.fleet.yaml', 'b.fleet.yaml'])
    expect(await view.getChildren(files[1])).toMatchObject([{ kind: 'unusable' }])
    view.dispose()
  })
})
