import { readdirSync, readlinkSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ProcessGroup } from '../../../../agent/src/execution/processGroup.ts'
import { until } from '../../../support/until.ts'

/** As a server without time does. */
function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

describe('a process group', () => {
  it('loses no output when its agent gets too little of the processor to read it in time', async () => {
    let isBusy = true
    const hog = () => {
      block(110)
      if (isBusy) setImmediate(hog)
    }
    setImmediate(hog)
    const outputs: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const together = Array.from({ length: 8 }, async () => {
        let output = ''
        const launch = { file: '/bin/sh', args: ['-c', 'echo hello'], directory: '/', environment: {} }
        const group = await ProcessGroup.start(launch, 'test', ({ bytes }) => {
          output += bytes.toString()
          block(30)
        })
        await group.ended
        outputs.push(output)
      })
      await Promise.all(together)
    }
    isBusy = false
    expect(outputs).toEqual(Array(40).fill('hello\n'))
  })

  it.each([
    ['longer than the system allows', 'x'.repeat(4_000_000)],
    ['with NUL', 'a\0b'],
  ])('that cannot be started leaves no pipe open: %s', async (_, argument) => {
    const launch = { file: '/bin/true', args: [argument], directory: '/', environment: {} }
    for (let attempt = 0; attempt < 10; attempt += 1) {
      await expect(ProcessGroup.start(launch, 'test', () => {})).rejects.toThrow()
    }
    // Two pairs, with four descriptors each, wait for what is started next.
    await until(() => openPipes() <= 8, 'the pipes to be closed')
  })
})

function openPipes(): number {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return targets.filter((target) => target.includes('/ec2-cagent-')).length
}
