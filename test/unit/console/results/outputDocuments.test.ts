import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { OutputDocuments } from '../../../../src/console/results/outputDocuments.ts'
import type { ShownRun } from '../../../../src/console/results/shownRun.ts'
import { everyInterleaving } from '../../../support/interleavings.ts'
import { agentIdOf, type SimulatedRun, simulateRun } from '../../../support/simulatedRun.ts'

const host = 'web-01'
let simulated: SimulatedRun
/** Listeners of the run at the moment. */
let listeners: number
let run: ShownRun
let uri: vscode.Uri

beforeEach(async () => {
  simulated = await simulateRun([host])
  simulated.write(host, 1, 'first\n')
  await simulated.run.flush()
  listeners = 0
  const { run: real } = simulated
  run = {
    state: real.state,
    output: (...of) => real.output(...of),
    onChange(listener) {
      const stop = real.onChange(listener)
      listeners += 1
      return () => {
        listeners -= 1
        stop()
      }
    },
  }
  const { runId } = simulated.run.state
  const path = `/${runId}/${agentIdOf(host)}/${host}.txt`
  uri = vscode.Uri.from({ scheme: 'ec2-collective-output', path })
})
afterEach(() => simulated.close())

/** What an editor does with a document: it asks for the text, opens it, and asks again after each change. */
function playEditor(find: () => Promise<ShownRun | undefined>) {
  const [opened, closed] = [new vscode.EventEmitter<unknown>(), new vscode.EventEmitter<unknown>()]
  Object.assign(vscode.workspace, {
    onDidOpenTextDocument: opened.event,
    onDidCloseTextDocument: closed.event,
  })
  const documents = new OutputDocuments(find)
  const editor = { text: '' }
  const read = async () => {
    editor.text = await documents.provideTextDocumentContent(uri)
  }
  documents.onDidChange(() => void read())
  const open = async () => {
    await read()
    opened.fire({ uri })
  }
  return { documents, editor, open, read, close: () => closed.fire({ uri }) }
}

describe('The document of an output', () => {
  it('grows with it while it is open', async () => {
    const { documents, editor, open, close } = playEditor(async () => run)
    await open()
    expect(editor.text).toBe('first\n')
    simulated.write(host, 1, 'second\n')
    await expect.poll(() => editor.text, { timeout: 8_000 }).toBe('first\nsecond\n')
    close()
    expect(listeners).toBe(0)
    documents.dispose()
  })

  it('has what came between its text and its being watched', async () => {
    let isRead = false
    const { documents, editor, open } = playEditor(async () => {
      // Asked for a second time, to be watched.
      if (isRead) simulated.write(host, 1, 'second\n')
      isRead = true
      return run
    })
    await open()
    await expect.poll(() => editor.text, { timeout: 8_000 }).toMatch(/^first\nsecond\n/)
    documents.dispose()
  })

  it('is watched once while it is open, and not after it was closed, in whatever order', async () => {
    for (const end of ['close', 'dispose'] as const) {
      await everyInterleaving(
        async (stage) => {
          const { documents, open, read, close } = playEditor(async () => {
            await stage.pause('the history')
            return run
          })
          stage.act('open', async () => {
            await open()
            stage.act('read again', read)
            stage.act(end, () => (end === 'close' ? close() : documents.dispose()))
          })
          for (const each of Object.values(await stage.play())) expect(each.status).toBe('fulfilled')
          expect(listeners).toBe(0)
          documents.dispose()
        },
        { usesDisk: true },
      )
    }
  })

  it('says why it has no text, and is not watched, where its run is gone', async () => {
    const { documents, editor, open } = playEditor(async () => undefined)
    await open()
    expect(editor.text).toBe('This run is no longer in the history.')
    expect(listeners).toBe(0)
    documents.dispose()
  })
})
