import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const vsce = join(root, 'node_modules/.bin/vsce')

/** What may be in the package, and nothing else. */
const allowed = [
  /^(package\.json|package\.nls\.json|README\.md|CHANGELOG\.md|LICENSE)$/,
  // The bundle without a language is for translators: English stands in the sources.
  /^l10n\/bundle\.l10n\.[a-z-]+\.json$/,
  /^media\/[\w.-]+\.(svg|png|json)$/,
  /^media\/walkthrough\/[\w-]+\.(md|svg|png)$/,
  /^dist\/[\w-]+\.mjs$/,
  /^dist\/(ec2-cagent|ec2-cmaster|localFleet|sqsServer)\.js$/,
  /^dist\/webview\/main\.(js|css)$/,
]

const needed = [
  'package.json',
  'README.md',
  'LICENSE',
  'dist/extension.mjs',
  'dist/webview/main.js',
  'dist/ec2-cagent.js',
]

describe('the extension package', () => {
  it('holds what the extension needs and no file that is not named here', async () => {
    const { stdout } = await promisify(execFile)(vsce, ['ls', '--no-dependencies'], { cwd: root })
    const files = stdout.trim().split('\n')
    expect(files.filter((file) => !allowed.some((pattern) => pattern.test(file)))).toEqual([])
    expect(files).toEqual(expect.arrayContaining(needed))
  })

  it('is at most 1.25 MiB', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ec2-collective-vsix-'))
    const file = join(directory, 'ec2-collective.vsix')
    try {
      await promisify(execFile)('npm', ['run', 'package', '--', '--out', file], { cwd: root })
      expect((await stat(file)).size).toBeLessThanOrEqual(1.25 * 1024 * 1024)
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })
})
