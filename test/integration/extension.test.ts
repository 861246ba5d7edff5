import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Activation } from '../support/activateExtension.mjs'

const program = fileURLToPath(new URL('../support/activateExtension.mjs', import.meta.url))
const extension = fileURLToPath(new URL('../../dist/extension.mjs', import.meta.url))

/** The design's target (docs/console.md). It takes some 3 ms. */
const budgetMs = 50

async function activate(file: string): Promise<Activation> {
  const { stdout } = await promisify(execFile)(process.execPath, [program, file])
  return JSON.parse(stdout)
}

describe('activate()', () => {
  const activations: Activation[] = []

  beforeAll(async () => {
    for (let start = 0; start < 5; start += 1) activations.push(await activate(extension))
  })

  it('touches neither disk nor network nor processes, and sets no timer', () => {
    for (const { io } of activations) expect(io).toEqual([])
  })

  it('asks the editor for nothing: it only registers', () => {
    const registers =
      /\.(register|on)[A-Z]\w+$|\.create(OutputChannel|StatusBarItem|TreeView|DiagnosticCollection)$/
    const [first] = activations
    const others = first?.calls.filter((call) => !registers.test(call))
    expect(others).toEqual(['window.createOutputChannel.info'])
    expect(first?.calls.filter((call) => call === 'commands.registerCommand').length).toBeGreaterThan(30)
  })

  it(`takes at most ${budgetMs} ms`, () => {
    const [, , median = Number.NaN] = activations
      .map(({ milliseconds }) => milliseconds)
      .sort((a, b) => a - b)
    expect(median).toBeLessThanOrEqual(budgetMs)
  })
})

describe('the watch over activate()', () => {
  let folder: string

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'activation-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([
    [
      'a file read at once',
      "import { readFileSync } from 'node:fs'",
      'readFileSync(new URL(import.meta.url))',
    ],
    [
      'a file read later',
      "import { stat } from 'node:fs/promises'",
      "void Promise.resolve().then(() => stat('.'))",
    ],
    ['a connection', "import { connect } from 'node:net'", "connect(9, '127.0.0.1').on('error', () => {})"],
    ['a request', "import http from 'node:http'", "http.get('http://localhost:9').on('error', () => {})"],
    ['a process', "import { spawn } from 'node:child_process'", "spawn('true')"],
    ['a timer', '', 'setInterval(() => {}, 1000)'],
  ])('sees %s', async (_what, imports, act) => {
    const file = path.join(folder, 'extension.mjs')
    await writeFile(file, `${imports}\nexport function activate() { ${act} }\n`)
    expect((await activate(file)).io).not.toEqual([])
  })
})
