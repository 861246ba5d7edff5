import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, it } from 'vitest'

/** Lines that a file of one idea has at most. */
const mostLines = 250

describe('the files of the sources', () => {
  it(`have at most ${mostLines} lines, unless docs/architecture.md says why`, async () => {
    const large = new Map<string, number>()
    for (const file of await sources()) {
      const lines = (await readFile(file, 'utf8')).split('\n').length - 1
      if (lines > mostLines) large.set(file, lines)
    }
    const explained = await reasons()
    const unexplained = [...large].filter(([file]) => !explained.has(file))
    const needless = [...explained.keys()].filter((file) => !large.has(file))
    expect(unexplained, 'split them, or give a reason under "Files over 250 lines"').toEqual([])
    expect(needless, 'are shorter now: delete their reason').toEqual([])
  })

  it('give a reason, not only a name, where they are longer', async () => {
    for (const [file, reason] of await reasons()) expect(reason.length, file).toBeGreaterThan(20)
  })
})

async function sources(): Promise<string[]> {
  const found = await Promise.all(
    ['src', 'agent/src', 'webview'].map(async (top) =>
      (await readdir(top, { recursive: true })).map((file) => path.posix.join(top, file)),
    ),
  )
  return found.flat().filter((file) => /\.(ts|css)$/.test(file))
}

/** By file what docs/architecture.md says about its length. */
async function reasons(): Promise<Map<string, string>> {
  const document = await readFile('docs/architecture.md', 'utf8')
  const section = document.split('## Files over 250 lines')[1]?.split('\n## ')[0] ?? ''
  return new Map(
    [...section.matchAll(/^- `([^`]+)`: (.+)$/gm)].map(([, file = '', reason = '']) => [file, reason]),
  )
}
