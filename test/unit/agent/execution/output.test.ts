import { randomUUID } from 'node:crypto'
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { execute } from '../../../../agent/src/execution/execute.ts'
import type { ExecutableAction } from '../../../../agent/src/execution/preparation.ts'
import { unlimited } from '../../../../agent/src/execution/runLimits.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'

const asRoot = it.runIf(process.getuid?.() === 0)

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'output-'))
  chmodSync(directory, 0o711)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function run(action: Partial<ExecutableAction>) {
  const streams = { 1: '', 2: '' }
  const outcome = await execute(
    { kind: 'shell', command: 'true', ...action } as ExecutableAction,
    {
      ...{ mark: randomUUID(), shell: '/bin/sh', stateDir: directory, ownUser: ownUser(), variables: {} },
      ...{
        timeoutMs: 30_000,
        killGraceMs: 1000,
        whyNot: async () => undefined,
        limit: async () => unlimited,
      },
      onOutput: ({ stream, bytes }) => {
        streams[stream] += Buffer.from(bytes).toString()
        return undefined
      },
    },
    new AbortController().signal,
  )
  return { outcome, stdout: streams[1], stderr: streams[2] }
}

/** Programs that open their output by its name. */
const opening: readonly [command: string, stdout: string, stderr: string][] = [
  ['echo x >/dev/stderr', '', 'x\n'],
  ['echo x >/dev/stdout', 'x\n', ''],
  ['set -e; echo x | tee /dev/stderr; echo y', 'x\ny\n', 'x\n'],
  ['echo x >>/dev/stdout', 'x\n', ''],
  ['printf x | dd of=/dev/stdout 2>/dev/null', 'x', ''],
  ['echo x >/proc/self/fd/2', '', 'x\n'],
  ['cp /dev/null /dev/stdout && echo x', 'x\n', ''],
  ['[ -p /dev/stdout ] && [ -p /dev/stderr ] && echo pipes', 'pipes\n', ''],
  ['sh -c "echo x >/dev/stderr"', '', 'x\n'],
  ['(echo x >/dev/fd/2)', '', 'x\n'],
]

describe('the output of a command', () => {
  it.each(opening)('can be opened by its name: %s', async (command, stdout, stderr) => {
    expect(await run({ command })).toEqual({ outcome: { kind: 'exited', code: 0 }, stdout, stderr })
  })

  asRoot.each(opening)('can be opened by its name as another user: %s', async (command, stdout, stderr) => {
    expect(await run({ command, user: 'nobody' })).toMatchObject({ stdout, stderr })
  })

  it('is whole when it goes through a filter that ends after the command', async () => {
    const command = "exec bash -c 'exec > >(sleep 0.4; sed s/^/[x]/) 2>&1; echo important; exit 3'"
    const { outcome, stdout, stderr } = await run({ command })
    expect([outcome, stdout, stderr]).toEqual([{ kind: 'exited', code: 3 }, '[x]important\n', ''])
  })

  it('is whole where a background process says something once the command has ended', async () => {
    expect(await run({ command: '(sleep 0.3; echo late) & echo early' })).toMatchObject({
      stdout: 'early\nlate\n',
      stderr: '',
    })
  })

  it('says that it was still open where a background process keeps it', async () => {
    const { outcome, stderr } = await run({ command: 'sleep 20 & echo started' })
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect(stderr).toMatch(/^\[The output was still open when the command was answered/)
  })

  it('says so, without waiting, where a process keeps it that has left the group of the command', async () => {
    const command = "setsid sh -c 'sleep 20; echo late' & sleep 0.2; echo early"
    const { outcome, stdout, stderr } = await run({ command })
    expect([outcome, stdout]).toEqual([{ kind: 'exited', code: 0 }, 'early\n'])
    expect(stderr).toMatch(/^\[The output was still open when the command was answered/)
  })

  it.each(['setsid sleep 20 >/dev/null 2>&1 & sleep 0.1', 'nohup sleep 20 >/dev/null 2>&1 &'])(
    'is complete where a daemon has closed it: %s',
    async (command) => {
      expect(await run({ command })).toEqual({
        outcome: { kind: 'exited', code: 0 },
        stdout: '',
        stderr: '',
      })
    },
  )
})

describe('a command that a real-time signal ends', () => {
  it.each([
    ['kill -34 $$', 'SIGRTMIN'],
    ['echo x; kill -64 $$', 'SIGRTMAX'],
    ['exec perl -e "kill 37, $$"', 'SIGRTMIN+3'],
    // Until it has become `sleep`, what is in the background has the output open, and the end of that would come later.
    [
      'sleep 20 >/dev/null 2>&1 & until [ "$(readlink /proc/$!/fd/2)" = /dev/null ]; do :; done; kill -35 $$',
      'SIGRTMIN+1',
    ],
  ])('has not succeeded: %s', async (command, signal) => {
    expect((await run({ command })).outcome).toEqual({ kind: 'signalled', signal })
  })

  it('is told from one that ends with the same number as its exit code', async () => {
    expect((await run({ command: 'exit 34' })).outcome).toEqual({ kind: 'exited', code: 34 })
  })
})

describe('a script', () => {
  const script = (content: string | Uint8Array, more: object = {}) =>
    run({
      ...{ kind: 'script', name: 'x.sh', args: [] },
      content: Buffer.from(content).toString('base64'),
      ...more,
    })

  it('whose bytes an editor has changed is refused before anything runs', async () => {
    const { outcome } = await script('#!/bin/sh\r\ntouch ran\r\n', { directory })
    expect(outcome).toEqual({
      kind: 'not-executed',
      reason: expect.stringMatching(/CRLF.*Nothing was executed$/),
    })
    expect(readdirSync(directory)).not.toContain('ran')
  })

  it('may be in what its interpreter takes', async () => {
    const outcome = { kind: 'exited', code: 0 }
    expect(await script('print(1)\r\n', { interpreter: 'true' })).toMatchObject({ outcome })
  })

  it('is refused in words where an argument contains NUL', async () => {
    const { outcome } = await script('true', { args: ['a\0b'] })
    expect(outcome).toEqual({
      kind: 'not-executed',
      reason: expect.stringContaining('contains a NUL character'),
    })
  })

  asRoot('can be read by its user whatever umask the agent has', async () => {
    const before = process.umask(0o077)
    try {
      expect(await script('#!/bin/sh\nid -un\n', { user: 'nobody' })).toMatchObject({ stdout: 'nobody\n' })
    } finally {
      process.umask(before)
    }
  })
})

describe('a command of several lines', () => {
  it('is refused where they end as on Windows', async () => {
    const { outcome } = await run({ command: 'cd /tmp\r\nrm -rf "$DIR"\r\n' })
    expect(outcome).toMatchObject({ kind: 'not-executed', reason: expect.stringContaining('CRLF') })
  })

  it('may have carriage returns that are its own', async () => {
    expect((await run({ command: "printf 'a\rb'" })).stdout).toBe('a\rb')
  })
})
