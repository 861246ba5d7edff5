import { describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { RunLinks } from '../../../../src/console/history/runLinks.ts'
import type { Shown } from '../../../../src/console/results/shownRun.ts'
import { linkToRun, runIdInLink } from '../../../../src/run/runLink.ts'
import { deferred } from '../../../support/deferred.ts'

const link = (path: string, query = '', fragment = '') => ({ path, query, fragment })

describe('a link to a run', () => {
  it('names the run, and nothing else', () => {
    const text = linkToRun('vscode', 'casey.ec2-collective', 'run-0001-abcd')
    expect(text).toBe('vscode://casey.ec2-collective/run/run-0001-abcd')
    const { pathname } = new URL(text)
    expect(runIdInLink(link(pathname))).toBe('run-0001-abcd')
  })

  it.each([
    link('/run/'),
    link('/run/short'),
    link('/run/../../etc'),
    link('/run/run-0001-abcd/again'),
    link('/send/run-0001-abcd'),
    link('/run/run-0001-abcd', 'command=reboot'),
    link('/run/run-0001-abcd', '', 'again'),
    link('/run/run-0001-abcd\n'),
    link(`/run/${'a'.repeat(65)}`),
  ])('is none when it has anything else in it: %o', (uri) => {
    expect(runIdInLink(uri)).toBeUndefined()
  })
})

describe('opening links to runs', () => {
  const uri = (path: string) => link(path) as vscode.Uri
  const known = {} as Shown

  /** What was shown, looked for and said; messages stay until they are dismissed. */
  function played(found: Shown | undefined) {
    const said: string[] = []
    const shown: Shown[] = []
    const looked: string[] = []
    const dismissed = deferred<void>()
    Object.assign(vscode.window, {
      showWarningMessage: (text: string) => {
        said.push(text)
        return dismissed.promise
      },
    })
    const links = new RunLinks(
      {
        look: async (runId) => {
          looked.push(runId)
          return found
        },
      },
      { show: async (run) => void shown.push(run) },
      (error) => said.push(String(error)),
    )
    return { links, said, shown, looked, dismissed }
  }

  it('shows the run', async () => {
    const { links, shown } = played(known)
    await links.handleUri(uri('/run/run-0001-abcd'))
    expect(shown).toEqual([known])
  })

  it('says that a run is unknown, and looks for nothing that is no run', async () => {
    const unknown = played(undefined)
    unknown.dismissed.resolve()
    await unknown.links.handleUri(uri('/run/run-0001-abcd'))
    expect(unknown.said).toEqual([expect.stringContaining('run-0001-abcd is not in the history')])
    await unknown.links.handleUri(uri('/run/../secret'))
    expect(unknown.looked).toEqual(['run-0001-abcd'])
  })

  it('says it once, however many links come', async () => {
    const { links, said, looked, dismissed } = played(undefined)
    const flood = Array.from({ length: 1000 }, () => links.handleUri(uri('/run/run-0001-abcd')))
    await Promise.all(flood.slice(1))
    expect(looked).toHaveLength(1)
    expect(said).toHaveLength(1)
    dismissed.resolve()
    await Promise.all(flood)
  })
})
