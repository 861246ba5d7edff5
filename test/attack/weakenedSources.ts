import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type Change, type Defence, root } from './attack.ts'
import { runTests } from './vitestRun.ts'

/** What the tests and the products that they start are made of. */
const sources = [
  ...['src', 'agent', 'webview', 'test', 'scripts', 'media', 'l10n', 'docs', 'package.json'],
  ...['package.nls.json', 'tsconfig.json', 'vitest.config.mts', 'README.md', 'LICENSE', 'CHANGELOG.md'],
]

export interface WeakenedSources {
  /**
   * Runs one test without a defence, and puts the sources back.
   *
   * @returns what failed, in the words of the tests; empty if the test passed
   * @throws Error if no test of that name ran, or the code of the defence is not where it is said to be
   */
  failuresWithout(defence: Defence): Promise<string[]>
  remove(): Promise<void>
}

/** A copy of the sources, to take defences out. One test can use it at a time. */
export async function copySources(name: string): Promise<WeakenedSources> {
  const copy = path.join(root, '.cache/attack', name)
  await rm(copy, { recursive: true, force: true })
  await mkdir(path.join(copy, '.cache'), { recursive: true })
  for (const source of sources)
    await cp(path.join(root, source), path.join(copy, source), { recursive: true })
  await symlink(path.join(root, 'node_modules'), path.join(copy, 'node_modules'))
  return {
    async failuresWithout({ changes, test }) {
      const undo = await apply(copy, changes)
      try {
        const { results, output } = await runTests(copy, [test])
        if (results.length === 0)
          throw new Error(`no test of that name ran: ${test}\n${output.slice(-4_000)}`)
        return results.flatMap(({ failures }) => failures)
      } finally {
        await undo()
      }
    },
    remove: () => rm(copy, { recursive: true, force: true }),
  }
}

async function apply(copy: string, changes: readonly Change[]): Promise<() => Promise<void>> {
  const before = new Map<string, string>()
  const undo = async () => {
    for (const [at, text] of before) await writeFile(at, text)
  }
  for (const { file, code, instead } of changes) {
    const at = path.join(copy, file)
    const text = await readFile(at, 'utf8')
    const times = text.split(code).length - 1
    if (times !== 1) {
      await undo()
      throw new Error(`stands ${times} times in ${file}, not once: ${code}`)
    }
    if (!before.has(at)) before.set(at, text)
    await writeFile(
      at,
      text.replace(code, () => instead),
    )
  }
  return undo
}
