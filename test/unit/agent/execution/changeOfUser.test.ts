import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asUser } from '../../../../agent/src/execution/changeOfUser.ts'
import { execute } from '../../../../agent/src/execution/execute.ts'
import type { ExecutableAction } from '../../../../agent/src/execution/preparation.ts'
import { ProcessGroup } from '../../../../agent/src/execution/processGroup.ts'
import { runMark } from '../../../../agent/src/execution/runMark.ts'
import { ownUser } from '../../../../agent/src/execution/users.ts'

/** Only root can become somebody else. */
const asRoot = it.runIf(process.getuid?.() === 0)

let directory: string
/** Everybody may write here. */
let open: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'change-of-user-'))
  chmodSync(directory, 0o711)
  open = join(directory, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

async function run(action: ExecutableAction, mark: string = randomUUID()) {
  let output = ''
  const outcome = await execute(
    action,
    {
      ...{ mark, shell: '/bin/sh', stateDir: directory, ownUser: ownUser(), variables: {} },
      ...{ timeoutMs: 30_000, killGraceMs: 1000 },
      onOutput: ({ bytes }) => {
        output += Buffer.from(bytes).toString()
        return undefined
      },
    },
    new AbortController().signal,
  )
  return { outcome, output }
}

const asNobody = (command: string, environment: Record<string, string> = {}) =>
  run({ kind: 'shell', command, user: 'nobody', environment })

/** Variables that act on a program before its first line, with what shows that they did: a file at `proof`. */
const acting: Readonly<Record<string, (proof: string) => Record<string, string>>> = {
  'LD_DEBUG of the loader': (proof) => ({ LD_DEBUG: 'files', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG with all of its output': (proof) => ({ LD_DEBUG: 'all', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG with statistics': (proof) => ({ LD_DEBUG: 'statistics', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG of the search for libraries': (proof) => ({
    ...{ LD_DEBUG: 'libs', LD_DEBUG_OUTPUT: proof, LD_LIBRARY_PATH: open },
  }),
  'LD_DEBUG of bindings': (proof) => ({ LD_DEBUG: 'bindings', LD_BIND_NOW: '1', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG of symbols': (proof) => ({ LD_DEBUG: 'symbols', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG of versions': (proof) => ({ LD_DEBUG: 'versions', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG of relocations': (proof) => ({ LD_DEBUG: 'reloc', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG of scopes': (proof) => ({ LD_DEBUG: 'scopes', LD_DEBUG_OUTPUT: proof }),
  'LD_DEBUG beside a library that is not there': (proof) => ({
    ...{ LD_DEBUG: 'files', LD_DEBUG_OUTPUT: proof, LD_PRELOAD: '/nonexistent/evil.so' },
  }),
}

/** Who wrote the proofs. */
const writers = () => new Set(readdirSync(open).map((name) => statSync(join(open, name)).uid))

describe('a run as another user', () => {
  asRoot.each(Object.entries(acting))(
    'lets %s act on its own program, and on none that is still root',
    async (_, variables) => {
      const { outcome } = await asNobody('true', variables(join(open, 'proof')))
      expect(outcome).toEqual({ kind: 'exited', code: 0 })
      expect(writers().has(0)).toBe(false)
      expect(writers().size).toBe(1)
    },
  )

  asRoot('would be root where its variables were set before its user changed', async () => {
    const { uid, gid } = { uid: 65534, gid: 65534 }
    const nobody = { name: 'nobody', uid, gid, home: '/' }
    const environment = {
      PATH: process.env.PATH ?? '',
      LD_DEBUG: 'files',
      LD_DEBUG_OUTPUT: join(open, 'proof'),
    }
    const launch = { file: '/bin/true', args: [], directory: '/', environment }
    const group = await ProcessGroup.start(await asUser(nobody, launch, {}), randomUUID(), () => {})
    await group.ended
    expect(writers().has(0)).toBe(true)
  })

  asRoot.each([
    ['plain text', 'hello'],
    ['nothing', ''],
    ['quotes', `it's "so" 'it' ''''`],
    ['what a shell would execute', '$(touch /owned) `touch /owned` ; touch /owned; $x \\'],
    ['lines', 'one\ntwo\n\nthree\n'],
    ['the end of a here-document', "'\nEOF\nexport OWNED=1\n'"],
    ['other characters', 'ü\u4e00\u{1f680}\t\r\u0001'],
    ['100,000 characters', 'x'.repeat(100_000)],
    ['backslashes', '\\\\n\\0\\'],
    ['what looks like an option', '--init-groups'],
  ])('is given variables with %s as they are', async (_, value) => {
    const { output } = await asNobody('printf %s "$VALUE" "$OWNED"', { VALUE: value })
    expect(output).toBe(value)
  })

  asRoot('has its variables on no command line, and no descriptor of the agent’s', async () => {
    const look =
      'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -c s3cr3t-v; for d in 3 4 5 6; do [ -e /proc/self/fd/$d ] && echo $d; done; id -un'
    const { output } = await asNobody(look.replace('s3cr3t-v', 's3cr[3]t-value'), { TOKEN: 's3cr3t-value' })
    expect(output).toBe('0\nnobody\n')
  })

  asRoot.each(['UID', 'EUID', 'PPID', 'SHELLOPTS', 'OPTIND'])(
    'is not started with %s, which a shell keeps for itself',
    async (name) => {
      const { outcome } = await asNobody('touch ran', { [name]: '0' })
      expect(outcome).toEqual({
        kind: 'not-executed',
        reason: `the variable ${name} cannot be given to another user`,
      })
    },
  )

  asRoot('keeps the mark by which the agent finds its processes', async () => {
    const action = {
      kind: 'shell',
      command: `printf %s "$${runMark}"`,
      user: 'nobody',
      environment: { [runMark]: 'x' },
    } as const
    expect((await run(action, 'the-mark')).output).toBe('the-mark')
    const own = { kind: 'shell', command: action.command, environment: action.environment } as const
    expect((await run(own, 'the-mark')).output).toBe('the-mark')
  })
})

describe('the script of another user', () => {
  const script = (text: string): ExecutableAction => ({
    ...{
      kind: 'script',
      name: 'deploy.sh',
      content: Buffer.from(text).toString('base64'),
      args: [],
      user: 'nobody',
    },
  })

  asRoot(
    'lies in a folder of root’s, beside which its user can put nothing, and is gone afterwards',
    async () => {
      const attempts = [
        ...[
          'mkdir d',
          'touch x',
          'ln -s /etc d',
          'ln /etc/hostname h',
          'mv deploy.sh other',
          'rm -f deploy.sh',
        ],
        ...['rmdir .', 'chmod 777 .', 'mv ../run-* ../other', 'mkfifo p'],
      ]
      const text = [
        'cd "$(dirname "$0")"',
        'stat -c %U:%a .',
        ...attempts.map((attempt) => `(${attempt}) 2>/dev/null && echo "${attempt}"`),
        'true',
      ]
      const { output, outcome } = await run(script(text.join('\n')))
      expect(outcome).toEqual({ kind: 'exited', code: 0 })
      expect(output).toBe('root:711\n')
      expect(readdirSync(join(directory, 'scripts'))).toEqual([])
    },
  )

  asRoot('that makes itself something else is deleted, and nothing else', async () => {
    writeFileSync(join(directory, 'victim'), 'root only', { mode: 0o600 })
    const { outcome } = await run(script('chmod 777 "$0"; echo changed >"$0"; exit 0'))
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect(readdirSync(join(directory, 'scripts'))).toEqual([])
    expect(readdirSync(directory).sort()).toEqual(['open', 'scripts', 'victim'])
  })
})
