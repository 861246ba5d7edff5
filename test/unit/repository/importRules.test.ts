import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

/** A file of each room, and what it may import and what not. Relative to the file's place, as in the sources. */
const rooms: Record<string, { allowed: string[]; forbidden: string[] }> = {
  'src/protocol/filter/plant.ts': {
    allowed: ['../verdict.ts', './queues/x.ts', 'node:crypto', 'node:zlib', 'valibot'],
    forbidden: [
      '../../queues/x.ts',
      '../../master/deep/x.ts',
      '../../page/x.ts',
      '../../console/x.ts',
      '../../cli/x.ts',
      '../../localFleet/x.ts',
      '../../extension.ts',
      '../../../agent/src/x.ts',
      '../../../webview/x.ts',
      'node:fs',
      'node:fs/promises',
      'node:http',
      'node:net',
      'node:child_process',
      'node:dns/promises',
      '@aws-sdk/client-sqs',
      'vscode',
      'fauxqs',
      '@vscode/webview-ui-toolkit',
    ],
  },
  'src/queues/plant.ts': {
    allowed: ['../protocol/x.ts', './x.ts', '@aws-sdk/client-sqs', '@smithy/node-http-handler', 'node:fs'],
    forbidden: ['../master/x.ts', '../console/x.ts', '../../agent/src/x.ts', 'vscode'],
  },
  'src/master/plant.ts': {
    allowed: ['../protocol/x.ts', '../queues/x.ts', 'node:fs'],
    forbidden: ['../console/x.ts', '../cli/x.ts', '../page/x.ts', '@aws-sdk/client-sqs', 'vscode'],
  },
  'src/page/plant.ts': {
    allowed: ['../protocol/x.ts', 'valibot'],
    forbidden: ['../master/x.ts', 'node:path', 'vscode'],
  },
  'src/console/results/plant.ts': {
    allowed: [
      '../../protocol/x.ts',
      '../../queues/x.ts',
      '../../master/x.ts',
      '../../page/x.ts',
      '../x.ts',
      'vscode',
    ],
    forbidden: [
      '../../cli/x.ts',
      '../../extension.ts',
      '../../../webview/x.ts',
      '@aws-sdk/client-sqs',
      'fauxqs',
      '../../../node_modules/fauxqs/dist/x.js',
    ],
  },
  'src/extension.ts': {
    allowed: ['./console/x.ts', './master/x.ts', './queues/x.ts', 'vscode'],
    forbidden: ['./cli/x.ts', '../webview/x.ts', '../agent/src/x.ts', '@aws-sdk/credential-providers'],
  },
  'src/cli/plant.ts': {
    allowed: ['../master/x.ts', '../localFleet/x.ts', '../protocol/x.ts', 'node:child_process'],
    forbidden: ['../console/x.ts', 'vscode', '@aws-sdk/client-sqs'],
  },
  'src/localFleet/plant.ts': {
    allowed: ['../queues/x.ts', '../protocol/x.ts', 'fauxqs', 'node:child_process'],
    forbidden: ['../master/x.ts', '../console/x.ts', '../../agent/src/x.ts', 'vscode', '@aws-sdk/client-sqs'],
  },
  'agent/src/facts/plant.ts': {
    allowed: ['../../../src/protocol/x.ts', '../../../src/queues/x.ts', '../execution/x.ts', 'node:fs'],
    forbidden: [
      '../../../src/master/x.ts',
      '../../../src/console/x.ts',
      'node:child_process',
      '@aws-sdk/client-sqs',
      'vscode',
    ],
  },
  'agent/src/execution/plant.ts': {
    allowed: ['node:child_process', '../../../src/protocol/x.ts'],
    forbidden: ['../../../src/master/x.ts', '@aws-sdk/client-sqs'],
  },
  'webview/replies/plant.ts': {
    allowed: ['../../src/protocol/x.ts', '../../src/page/x.ts', '../ui/x.ts', '@tanstack/virtual-core'],
    forbidden: [
      '../../src/master/x.ts',
      '../../src/queues/x.ts',
      '../../src/console/x.ts',
      '@vscode/webview-ui-toolkit',
      '@microsoft/fast-element',
      'node:zlib',
      'vscode',
    ],
  },
  'webview/ui/plant.ts': {
    allowed: ['@vscode/webview-ui-toolkit', '../x.ts', '../../src/protocol/x.ts'],
    forbidden: ['../../src/console/x.ts', 'node:crypto'],
  },
}

describe('the import rules between rooms', () => {
  let folder: string
  let reported: Map<string, Set<string>>

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'import-rules-'))
    await cp('biome.json', path.join(folder, 'biome.json'))
    for (const [file, { allowed, forbidden }] of Object.entries(rooms)) {
      await mkdir(path.dirname(path.join(folder, file)), { recursive: true })
      await writeFile(path.join(folder, file), [...allowed, ...forbidden].map(importing).join('\n'))
    }
    reported = await lint(folder)
  }, 30_000)

  afterAll(() => rm(folder, { recursive: true, force: true }))

  for (const [file, { allowed, forbidden }] of Object.entries(rooms)) {
    it(`hold in ${path.dirname(file)}${file.endsWith('extension.ts') ? '/extension.ts' : ''}`, () => {
      const found = [...allowed, ...forbidden].filter((name) => reported.get(file)?.has(name))
      expect(found).toEqual(forbidden)
    })
  }

  it('hold for type imports, re-exports and import() as well', async () => {
    const file = 'src/protocol/forms.ts'
    const forms = [
      "import type { A } from '../queues/a.ts'",
      "export type { B } from '../queues/b.ts'",
      "export { c } from '../queues/c.ts'",
      "export const d = import('../queues/d.ts')",
    ]
    await writeFile(path.join(folder, file), forms.join('\n'))
    const found = (await lint(folder)).get(file)
    expect(found).toEqual(new Set(['../queues/a.ts', '../queues/b.ts', '../queues/c.ts', '../queues/d.ts']))
  })
})

function importing(name: string, index: number): string {
  return `import * as x${index} from '${name}'`
}

/** @returns per file the specifiers that an import rule reports */
async function lint(folder: string): Promise<Map<string, Set<string>>> {
  const biome = path.resolve('node_modules/.bin/biome')
  const args = ['lint', '--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none', '.']
  const { stdout } = await promisify(execFile)(biome, args, { cwd: folder }).catch((error) => error)
  const report: { diagnostics: Diagnostic[] } = JSON.parse(stdout)
  const reported = new Map<string, Set<string>>()
  for (const { category, location } of report.diagnostics) {
    if (!/noRestrictedImports|noNodejsModules/.test(category)) continue
    const lines = (await readFile(path.join(folder, location.path), 'utf8')).split('\n')
    const specifier = lines[location.start.line - 1]?.match(/'(.+)'/)?.[1] ?? 'no import'
    reported.set(location.path, (reported.get(location.path) ?? new Set()).add(specifier))
  }
  return reported
}

interface Diagnostic {
  readonly category: string
  readonly location: { readonly path: string; readonly start: { readonly line: number } }
}
