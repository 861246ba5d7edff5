import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Built, build } from '../../../scripts/build.mjs'

const root = path.resolve(import.meta.dirname, '../../..')

/**
 * Minified, in KiB (docs/console.md). `host` is what activation loads; `onDemand` what a connection, the results page
 * or the doctor load when they are first wanted, the AWS SDK above all.
 */
const budget = { host: 600, onDemand: 650, page: 250 }

describe('the production build', () => {
  let outdir: string
  let files: Built[]

  beforeAll(async () => {
    outdir = await mkdtemp(path.join(tmpdir(), 'build-'))
    files = await build({ production: true, outdir })
  })

  afterAll(() => rm(outdir, { recursive: true }))

  it('keeps the AWS SDK out of what activation loads', () => {
    const atOnce = host()
    const sdk = atOnce
      .flatMap((file) => file.inputs)
      .filter((input) => /node_modules\/@(aws-sdk|smithy)/.test(input))
    expect(atOnce.length).toBeGreaterThan(0)
    expect(sdk).toEqual([])
  })

  it('keeps the extension host within its budget', () => {
    expect(kib(host())).toBeLessThanOrEqual(budget.host)
  })

  it('keeps what comes on demand within its budget', () => {
    const onDemand = files.filter((file) => file.lazy)
    expect(onDemand.length).toBeGreaterThan(0)
    expect(kib(onDemand)).toBeLessThanOrEqual(budget.onDemand)
  })

  it('keeps the page within its budget', () => {
    const page = files.filter((file) => file.file.includes('/webview/'))
    expect(page.map((file) => path.basename(file.file))).toContain('main.js')
    expect(kib(page)).toBeLessThanOrEqual(budget.page)
  })

  it('leaves the SDK’s warning of an old Node to the agent alone, whose operator chooses its Node', async () => {
    const asks = 'process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'
    const javaScript = files.filter(({ file }) => /\.m?js$/.test(file))
    const sources = await Promise.all(
      javaScript.map(({ file }) => readFile(path.resolve(root, file), 'utf8')),
    )
    const asking = javaScript.filter((_, index) => sources[index]?.includes(asks))
    expect(asking.map(({ file }) => path.basename(file))).toEqual(['ec2-cagent.js'])
  })

  it('makes one file of each program', () => {
    const programs = files.filter((file) => file.file.endsWith('.js') && !file.file.includes('/webview/'))
    const names = programs.map((file) => path.basename(file.file)).sort()
    expect(names).toEqual(['ec2-cagent.js', 'ec2-cmaster.js', 'localFleet.js', 'sqsServer.js'])
  })

  function host(): Built[] {
    return files.filter((file) => file.file.endsWith('.mjs') && !file.lazy)
  }
})

function kib(files: readonly Built[]): number {
  return files.reduce((sum, file) => sum + file.bytes, 0) / 1024
}
