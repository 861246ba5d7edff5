import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Built, build } from '../../../scripts/build.mjs'

/**
 * Minified, in KiB (docs/console.md). `host` is what activation loads; `onDemand` what a connection, the results page
 * or the doctor load when they are first wanted, the AWS SDK above all.
 */
const budget = { host: 600, onDemand: 550, page: 250 }

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
