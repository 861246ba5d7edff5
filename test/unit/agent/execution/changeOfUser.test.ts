import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { asUser } from '../../../../agent/src/execution/changeOfUser.ts'
import { execute } from '../../../../agent/src/execution/execute.ts'
import type { ExecutableAction, WhyNot } from '../../../../agent/src/execution/preparation.ts'
import { ProcessGroup } from '../../../../agent/src/execution/processGroup.ts'
import { unlimited } from '../../../../agent/src/execution/runLimits.ts'
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

async function run(
  action: ExecutableAction,
  mark: string = randomUUID(),
  whyNot: WhyNot = async () => undefined,
  timeoutMs = 30_000,
) {
  let output = ''
  const outcome = await execute(
    action,
    {
      ...{
        mark,
        shell: '/bin/sh',
        stateDir: directory,
        ownUser: ownUser(),
        variables: { RUN_ID: 'the run' },
      },
      whyNot,
      ...{ timeoutMs, killGraceMs: 1000, limit: async () => unlimited },
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

  /** Every way in which something starts for a run. */
  const starts: Readonly<Record<string, object>> = {
    'a command': { kind: 'shell', command: 'true' },
    'a command in a directory': { kind: 'shell', command: 'true', directory: '/usr' },
    'a script with a #! line': { kind: 'script', content: '#!/bin/cat\n' },
    'a script without one': { kind: 'script', content: 'true' },
    'a script with an interpreter': { kind: 'script', content: 'x', interpreter: '/bin/cat -u' },
    'a script with arguments': { kind: 'script', content: 'true', args: ['a'] },
    'a script by env': { kind: 'script', content: '#!/usr/bin/env cat\n' },
  }

  asRoot.each(Object.entries(starts))('lets variables act on nothing of root’s: %s', async (_, start) => {
    const variables = { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(open, 'proof') }
    const content =
      'content' in start ? { content: Buffer.from(String(start.content)).toString('base64') } : {}
    const action = { name: 'x', args: [], ...start, ...content, user: 'nobody', environment: variables }
    const { outcome } = await run(action as unknown as ExecutableAction)
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect([...writers()]).toEqual([65534])
  })

  asRoot('lets variables act on nothing of root’s when it is stopped after its timeout', async () => {
    const environment = { LD_DEBUG: 'files', LD_DEBUG_OUTPUT: join(open, 'proof') }
    const action = { kind: 'shell', command: 'trap "" TERM; sleep 300', user: 'nobody', environment } as const
    expect((await run(action, randomUUID(), undefined, 300)).outcome).toEqual({ kind: 'timed-out' })
    // Its own program may not even have been loaded by then.
    expect(writers().has(0)).toBe(false)
  })

  asRoot('would be root where its variables were set before its user changed', async () => {
    const { uid, gid } = { uid: 65534, gid: 65534 }
    const nobody = { name: 'nobody', uid, gid, home: '/' }
    const environment = {
      PATH: process.env.PATH ?? '',
      LD_DEBUG: 'files',
      LD_DEBUG_OUTPUT: join(open, 'proof'),
    }
    const launch = { file: '/bin/true', args: [], directory: '/', environment }
    const group = await ProcessGroup.start(
      await asUser(nobody, launch, {}, 'exactly'),
      randomUUID(),
      () => {},
    )
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

  asRoot.each([undefined, 'nobody'])('keeps what the agent says of it (as %s)', async (user) => {
    const environment = { RUN_ID: 'another', OTHER: 'x' }
    const as = user === undefined ? {} : { user }
    expect((await run({ kind: 'shell', command: 'echo $RUN_ID $OTHER', environment, ...as })).output).toBe(
      'the run x\n',
    )
  })

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

describe('the directory of a run', () => {
  const at = (user: string | undefined, path: string, command = 'pwd -P', whyNot?: WhyNot) =>
    run(
      { kind: 'shell', command, directory: path, ...(user === undefined ? {} : { user }) },
      randomUUID(),
      whyNot,
    )

  asRoot('is entered with the rights of its user, who may enter less than root', async () => {
    const closed = join(directory, 'closed')
    mkdirSync(join(closed, 'inner'), { recursive: true })
    writeFileSync(join(closed, 'inner/secret'), 'for root only')
    chmodSync(closed, 0o700)
    expect((await at(undefined, join(closed, 'inner'), 'cat secret')).output).toBe('for root only')
    for (const path of [closed, join(closed, 'inner'), join(closed, 'inner/'), join(closed, 'inner/..')]) {
      const { output, outcome } = await at('nobody', path, 'cat secret; cat inner/secret; echo ran')
      expect(outcome).toEqual({ kind: 'exited', code: 126 })
      expect(output).toMatch(/^ec2-cagent: nobody cannot enter .*closed/)
      expect(output).not.toContain('ran')
    }
  })

  asRoot.each([undefined, 'nobody'])('is where it runs, with PWD and no OLDPWD (as %s)', async (user) => {
    symlinkSync('open', join(directory, 'link'))
    const { output } = await at(user, join(directory, 'link/'), 'pwd -P; echo "$PWD"; env | grep -c ^OLDPWD=')
    expect(output).toBe(`${realpathSync(open)}\n${realpathSync(open)}\n0\n`)
  })

  asRoot.each(['with a space', "it's", '$(id)', '-P', '*', 'a\\nb', 'ü', 'new\nline', 'end\n', '"'])(
    'may be called %j',
    async (name) => {
      const path = join(open, name)
      mkdirSync(path)
      for (const user of [undefined, 'nobody']) {
        const { output, outcome } = await at(user, path)
        expect([outcome, output]).toEqual([{ kind: 'exited', code: 0 }, `${realpathSync(path)}\n`])
      }
    },
  )

  it('is told as it really is, before anything starts in it, to what decides about it', async () => {
    symlinkSync('open', join(directory, 'link'))
    const seen: unknown[] = []
    const { outcome, output } = await at(undefined, join(directory, 'link/.'), 'echo ran', async (found) => {
      seen.push([found?.path, found?.isOthers])
      return 'web does not allow it'
    })
    expect(seen).toEqual([[realpathSync(open), true]])
    expect([outcome, output]).toEqual([{ kind: 'not-executed', reason: 'web does not allow it' }, ''])
  })

  /** What a user who owns a part of the path does between the decision and the start. */
  const exchanges: Readonly<Record<string, (path: string, evil: string) => void>> = {
    'a link to another': (path, evil) => {
      renameSync(path, `${path}.old`)
      symlinkSync(evil, path)
    },
    'a link to one whose name goes on with a line end': (path) => {
      mkdirSync(`${path}\n`)
      renameSync(path, `${path}.old`)
      symlinkSync(`${path}\n`, path)
    },
    'a link to what is not there': (path) => {
      renameSync(path, `${path}.old`)
      symlinkSync('/nonexistent', path)
    },
    nothing: (path) => renameSync(path, `${path}.old`),
    'a file': (path) => {
      renameSync(path, `${path}.old`)
      writeFileSync(path, '')
    },
  }

  asRoot.each(Object.entries(exchanges))(
    'is not another when it is exchanged for %s between decision and start',
    async (_, exchange) => {
      const path = join(open, 'app')
      const evil = join(open, 'evil')
      for (const user of [undefined, 'nobody']) {
        mkdirSync(evil)
        mkdirSync(path)
        const { output, outcome } = await at(user, path, 'pwd -P', async () => {
          exchange(realpathSync(path), realpathSync(evil))
          return undefined
        })
        // Root is in the directory that was decided about, wherever it is now; another user in none.
        if (user === undefined) expect(output).toBe(`${realpathSync(`${path}.old`)}\n`)
        else
          expect([outcome, output]).toEqual([
            { kind: 'exited', code: 126 },
            expect.stringContaining('cannot enter'),
          ])
        for (const name of readdirSync(open)) rmSync(join(open, name), { recursive: true })
      }
    },
  )

  asRoot('is the root directory where the user may not enter their home', async () => {
    const user = { name: 'nobody', uid: 65534, gid: 65534, home: '/root' }
    const home = join(directory, 'home')
    mkdirSync(home, { mode: 0o700 })
    const launch = {
      file: '/bin/pwd',
      args: [],
      directory: home,
      environment: { PATH: process.env.PATH ?? '' },
    }
    let output = ''
    const group = await ProcessGroup.start(
      await asUser(user, launch, {}, 'ifPossible'),
      randomUUID(),
      ({ bytes }) => {
        output += Buffer.from(bytes).toString()
      },
    )
    expect(await group.ended).toEqual({ kind: 'exited', code: 0 })
    expect(output).toBe('/\n')
  })

  asRoot('and its variables are the same without setpriv', async () => {
    const user = { name: 'nobody', uid: 65534, gid: 65534, home: '/' }
    const launch = {
      ...{ file: '/bin/sh', args: ['-c', 'id -u; pwd -P; echo "$A"'], directory: realpathSync(open) },
      environment: { PATH: process.env.PATH ?? '' },
    }
    let output = ''
    const changed = await asUser(user, launch, { A: "it's" }, 'exactly', '/nonexistent/setpriv')
    const group = await ProcessGroup.start(changed, randomUUID(), ({ bytes }) => {
      output += Buffer.from(bytes).toString()
    })
    await group.ended
    expect(output).toBe(`65534\n${realpathSync(open)}\nit's\n`)
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

  /** What a process that the script leaves behind does while root removes the script, in the folder of the script. */
  const leftovers: Readonly<Record<string, string>> = {
    'a folder exchanged for a link': 'mkdir d; rmdir d; ln -s VICTIM d',
    'the script exchanged for a link': 'ln -sf VICTIM/keep deploy.sh',
    'the script exchanged for a folder': 'rm -f deploy.sh; mkdir deploy.sh; ln -s VICTIM deploy.sh/d',
    'the script exchanged for a link to a folder': 'mv deploy.sh x; ln -s VICTIM deploy.sh',
    'the folder exchanged for a link': 'mv "$PWD" "$PWD.old"; ln -s VICTIM "$PWD"',
    'the folder of all scripts exchanged': 'mv .. ../../old; ln -s VICTIM ../../scripts',
    'a link in the folder of all scripts': 'ln -s VICTIM ../run-000000',
    'the folder opened to all': 'chmod 777 . ..',
    'a hard link beside the script': 'ln VICTIM/keep x; ln deploy.sh y',
    'a pipe in the place of the script': 'rm -f deploy.sh; mkfifo deploy.sh',
  }

  asRoot.each(Object.entries(leftovers))('makes root delete nothing by %s', async (_, attack) => {
    const victim = join(directory, 'victim')
    mkdirSync(victim, { mode: 0o700 })
    for (const name of ['keep', 'deploy.sh']) writeFileSync(join(victim, name), 'root only', { mode: 0o600 })
    const [tries, successes] = [join(open, 'tries'), join(open, 'successes')]
    const once = `{ ${attack.replaceAll('VICTIM', victim)}; } 2>/dev/null && touch ${successes}`
    const text = [
      'cd "$(dirname "$0")"',
      // A session of its own, with no part of the run's output: it goes on when the script has ended.
      `setsid /bin/sh -c 'while [ -e deploy.sh ]; do ${once}; touch ${tries}; done' </dev/null >/dev/null 2>&1 &`,
      `until [ -e ${tries} ]; do :; done`,
    ]
    const { outcome } = await run(script(text.join('\n')))
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect(readdirSync(open)).toEqual(['tries'])
    expect(readdirSync(victim).sort()).toEqual(['deploy.sh', 'keep'])
    expect(readdirSync(join(directory, 'scripts'))).toEqual([])
    expect(readdirSync(directory).sort()).toEqual(['open', 'scripts', 'victim'])
  })

  asRoot.each(['.', '..'])('is not executed by the name %j, and leaves nothing behind', async (name) => {
    const { outcome } = await run({ ...script('id'), name } as ExecutableAction)
    expect(outcome.kind).toBe('not-executed')
    expect(readdirSync(join(directory, 'scripts'))).toEqual([])
  })

  asRoot('that makes itself something else is deleted, and nothing else', async () => {
    writeFileSync(join(directory, 'victim'), 'root only', { mode: 0o600 })
    const { outcome } = await run(script('chmod 777 "$0"; echo changed >"$0"; exit 0'))
    expect(outcome).toEqual({ kind: 'exited', code: 0 })
    expect(readdirSync(join(directory, 'scripts'))).toEqual([])
    expect(readdirSync(directory).sort()).toEqual(['open', 'scripts', 'victim'])
  })
})
