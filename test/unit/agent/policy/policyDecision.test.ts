import { createHash, generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { parsePolicy } from '../../../../agent/src/policy/policy.ts'
import { evaluatePolicy } from '../../../../agent/src/policy/policyDecision.ts'
import type { Request } from '../../../../agent/src/policy/policyRequest.ts'
import type { Action } from '../../../../src/protocol/action.ts'
import { openBody } from '../../../../src/protocol/envelope.ts'
import { sealSigned } from '../../../support/sealSigned.ts'

const policy = (text: string) => parsePolicy(text, 'policy.yaml')
const shell = (command: string, more: object = {}): Action => ({ kind: 'shell', command, ...more })
const script = (content: string, more: object = {}): Action => ({
  kind: 'script',
  name: 'x',
  content: Buffer.from(content).toString('base64'),
  args: [],
  ...more,
})
const ask = (rules: string, action: Action, more: Partial<Request> = {}) =>
  evaluatePolicy(
    { kind: 'policy', policy: policy(rules), digest: '' },
    {
      senderId: 'AROAEXAMPLE:alice',
      signature: undefined,
      action,
      namesTargets: true,
      ownUser: 'root',
      now: 0,
      ...more,
    },
  )
const allows = (...question: Parameters<typeof ask>) => ask(...question).allowed

describe('a policy', () => {
  it('that is not there allows everything', () => {
    expect(evaluatePolicy({ kind: 'open', why: 'never-set' }, {} as Request)).toEqual({ allowed: true })
  })

  it('without rules allows nothing', () => {
    expect(ask('rules: []', { kind: 'ping' })).toMatchObject({ allowed: false, code: 'policy' })
  })

  it('that requires targets allows no command and no script that names nobody, and all else', () => {
    const rules = '{require_targets: true, rules: [{}]}'
    const nobody = { namesTargets: false }
    expect(allows(rules, shell('id'))).toBe(true)
    expect(ask(rules, shell('id'), nobody)).toMatchObject({ allowed: false, code: 'policy' })
    expect(ask(rules, shell('id'), nobody)).toMatchObject({
      reason: expect.stringMatching(/^The policy requires that commands name their agents/),
    })
    expect(allows(rules, script('id'), nobody)).toBe(false)
    expect(allows(rules, { kind: 'ping' }, nobody)).toBe(true)
    expect(allows('rules: [{}]', shell('id'), nobody)).toBe(true)
  })

  it('tells senders apart', () => {
    const rules = 'rules: [{senders: ["AROAEXAMPLE:*", "AIDA?"]}]'
    expect(allows(rules, { kind: 'ping' })).toBe(true)
    expect(allows(rules, { kind: 'ping' }, { senderId: 'AIDA1' })).toBe(true)
    expect(allows(rules, { kind: 'ping' }, { senderId: 'AIDA12' })).toBe(false)
    expect(ask(rules, { kind: 'ping' }, { senderId: undefined })).toMatchObject({
      reason: 'No rule of the policy applies to the sender (unknown).',
    })
  })

  it('tells actions apart', () => {
    const rules = 'rules: [{name: lookers, actions: [ping, facts]}]'
    expect(allows(rules, { kind: 'facts' })).toBe(true)
    expect(ask(rules, shell('id'))).toMatchObject({ reason: 'lookers does not allow the action shell.' })
  })

  it.each([
    ['systemctl status nginx', true],
    ['systemctl status nginx.service --no-pager', true],
    ['systemctl status', false],
    ['systemctl status x; id', false],
    ['systemctl status x && id', false],
    ['systemctl status x | sh', false],
    ['systemctl status $(id)', false],
    ['systemctl status `id`', false],
    ['systemctl status x\nid', false],
    ['systemctl status x > /etc/passwd', false],
    ['systemctl status x # y', false],
    ['systemctl status \\\nid', false],
    ['FOO=x systemctl status y', false],
    [' systemctl status y', false],
    ['systemctl restart web@7', true],
    ['systemctl restart web@7x', false],
    ['uptime', true],
    ['uptimeX', false],
    ['ls a1b', true],
    ['ls a;b', false],
  ])('with a list of allowed commands says of %j: %s', (command, allowed) => {
    const rules =
      'rules: [{commands: {allow: ["systemctl status *", "/systemctl restart web@\\\\d+/", uptime, "ls a?b"]}}]'
    expect(allows(rules, shell(command))).toBe(allowed)
  })

  it('denies commands that match, in a rule and for every rule, in commands and in scripts', () => {
    const rules = 'deny: ["/\\\\bmkfs\\\\b/", "reboot*"]\nrules: [{commands: {deny: ["/secret/"]}}]'
    expect(allows(rules, shell('ls'))).toBe(true)
    expect(allows(rules, shell('true; mkfs /dev/x'))).toBe(false)
    expect(allows(rules, shell('reboot --force\nls'))).toBe(false)
    expect(allows(rules, shell('cat secret.txt'))).toBe(false)
    expect(allows(rules, script('#!/bin/sh\nmkfs /dev/x\n'))).toBe(false)
    expect(allows(rules, script('"$1" /dev/x', { args: ['mkfs'] }))).toBe(false)
    expect(allows(rules, script('/dev/x', { interpreter: 'mkfs -F' }))).toBe(false)
  })

  it('allows another rule what one denies', () => {
    const rules = 'rules: [{senders: [A], commands: {deny: ["*"]}}, {senders: [B]}]'
    expect(allows(rules, shell('ls'), { senderId: 'A' })).toBe(false)
    expect(allows(rules, shell('ls'), { senderId: 'B' })).toBe(true)
  })

  it('with allowed commands allows no scripts but those that it names, by their own interpreter', () => {
    const digest = createHash('sha256').update('echo ok').digest('hex')
    const commands = 'rules: [{commands: {allow: [uptime]}}]'
    expect(allows(commands, script('echo ok'))).toBe(false)
    const scripts = `rules: [{commands: {allow: [uptime]}, scripts: [${digest.toUpperCase()}]}]`
    expect(allows(scripts, script('echo ok'))).toBe(true)
    expect(allows(scripts, script('echo no'))).toBe(false)
    expect(allows(scripts, script('echo ok', { interpreter: '/bin/sh -x' }))).toBe(false)
  })

  it('with named scripts allows no commands but those that it names', () => {
    const digest = createHash('sha256').update('echo ok').digest('hex')
    const scripts = `rules: [{scripts: [${digest}]}]`
    expect(allows(scripts, script('echo ok'))).toBe(true)
    expect(allows(scripts, shell('echo ok'))).toBe(false)
    expect(allows(scripts, { kind: 'ping' })).toBe(true)
  })

  it('tells users apart, the agent’s own among them', () => {
    const rules = 'rules: [{users: [deploy]}]'
    expect(allows(rules, shell('id', { user: 'deploy' }))).toBe(true)
    expect(allows(rules, shell('id', { user: 'root' }))).toBe(false)
    expect(allows(rules, shell('id'))).toBe(false)
    expect(allows(rules, { kind: 'ping' })).toBe(true)
  })

  it('lets variables through where commands are free, and only named ones where they are not', () => {
    const free = 'rules: [{}]'
    const bound = 'rules: [{commands: {allow: [uptime]}}]'
    const named = 'rules: [{commands: {allow: [uptime]}, environment: ["APP_*"]}]'
    const uptime = (name: string) => shell('uptime', { environment: { [name]: 'x' } })
    expect([free, bound, named].map((rules) => allows(rules, uptime('COLOUR')))).toEqual([true, false, false])
    expect(allows(named, uptime('APP_ENV'))).toBe(true)
    expect(ask(named, uptime('COLOUR'))).toMatchObject({
      reason:
        'rule 1 does not allow the environment variable COLOUR. To allow it, write "COLOUR" under environment in the rule.',
    })
    expect(ask(bound, uptime('COLOUR'))).toMatchObject({
      reason: expect.stringContaining('write environment: ["COLOUR"] in the rule.'),
    })
  })

  it('lets a guarded variable pass only where a rule names it exactly', () => {
    const preload = shell('id', { environment: { A: 'b', LD_PRELOAD: '/tmp/evil.so' } })
    const rule = (environment: string) => `rules: [{environment: [${environment}]}]`
    expect(allows(rule('A, LD_PRELOAD'), preload)).toBe(true)
    for (const pattern of ['"*"', 'A, "LD_*"', 'A, "LD_PRELOA?"', 'A, ld_preload', 'A, "LD_PRELOAD*"']) {
      expect([pattern, allows(rule(pattern), preload)]).toEqual([pattern, false])
    }
    expect(allows('rules: [{users: [root]}]', preload)).toBe(false)
    expect(allows('rules: [{commands: {allow: [id]}, environment: [A, LD_PRELOAD]}]', preload)).toBe(true)
    // Which two rules together would allow.
    expect(allows('rules: [{environment: [LD_PRELOAD]}, {environment: [A]}]', preload)).toBe(false)
    expect(ask('rules: [{name: nobody only, users: [root]}]', preload)).toMatchObject({
      code: 'policy',
      reason:
        'nobody only does not allow the environment variable LD_PRELOAD, which makes the loader or the C library load code, catalogues or settings from files. To allow it, write environment: ["*", "LD_PRELOAD"] in the rule.',
    })
  })

  it('tells directories apart, as they are written and as they really are', () => {
    const rules = 'rules: [{directories: ["/srv/*", "/opt/app/"]}]'
    const inside = (directory: string, found?: string) =>
      allows(
        rules,
        shell('ls', { directory }),
        found === undefined ? {} : { found: { path: found, isOthers: true } },
      )
    for (const path of ['/srv/app', '/srv/app/', '//srv//./app', '/opt/app', '/opt/app//'])
      expect([path, inside(path)]).toEqual([path, true])
    for (const path of [
      '/srv/../etc',
      '/srv/app/..',
      '/etc',
      '/srv',
      '/srv/',
      '/srvx/a',
      '/opt/app/x',
      '/opt/apps',
      '/',
    ])
      expect([path, inside(path)]).toEqual([path, false])
    expect(inside('/srv/current', '/srv/releases/7')).toBe(true)
    expect(inside('/srv/current', '/tmp/prepared')).toBe(false)
    expect(allows(rules, shell('ls'))).toBe(true)
  })

  it('has names with final slashes, and none that are not absolute', () => {
    const at = (pattern: string, directory: string) =>
      allows(`rules: [{directories: ["${pattern}"]}]`, shell('ls', { directory }))
    expect([at('/srv//app/', '/srv/app'), at('/', '/'), at('*/app', '/srv/app')]).toEqual([true, true, true])
    expect([at('srv/app', '/srv/app'), at('/srv/../etc', '/etc'), at('/srv/', '/srv/app')]).toEqual([
      ...[false, false, false],
    ])
  })
})

describe('a rule with certain commands or scripts', () => {
  const digest = createHash('sha256').update('echo ok').digest('hex')
  const command = 'name: web, commands: {allow: ["make -s deploy"]}'
  const scripts = `name: web, scripts: [${digest}]`
  const make = (more: object) => shell('make -s deploy', more)
  const deploy = (more: object) => script('echo ok', more)
  const rule = (parts: string) => `rules: [{${parts}}]`

  it.each([
    ['directory', command, make({ directory: '/srv/app' }), 'directories: [/srv/app]'],
    ['directory of a script', scripts, deploy({ directory: '/srv/app' }), 'directories: ["/srv/*"]'],
    ['user', command, make({ user: 'nobody' }), 'users: [root, nobody]'],
    ['user of a script', scripts, deploy({ user: 'nobody' }), 'users: [nobody]'],
    ['interpreter', scripts, deploy({ interpreter: 'sh  -x ' }), 'interpreters: ["sh -x"]'],
    ['argument', scripts, deploy({ args: ['web', '7'] }), 'arguments: [[], [web, "/[0-9]+/"]]'],
    ['argument, of any kind', scripts, deploy({ args: ['web', '; reboot'] }), 'arguments: any'],
    ['variable', command, make({ environment: { COLOUR: 'red' } }), 'environment: [COLOUR]'],
  ])('allows no other %s than it names', (_, rules, action, naming) => {
    expect(allows(rule(rules), action)).toBe(false)
    expect(allows(rule(`${rules}, ${naming}`), action)).toBe(true)
  })

  it('allows what leaves all of that to the agent, and what names the agent’s own user', () => {
    expect(allows(rule(command), make({}))).toBe(true)
    expect(allows(rule(command), make({ user: 'root' }))).toBe(true)
    expect(allows(rule(scripts), deploy({}))).toBe(true)
    expect(allows(rule(`${command}, directories: []`), make({}))).toBe(true)
    expect(allows(rule(command), { kind: 'ping' })).toBe(true)
    expect(allows(rule(command), make({ user: 'root' }), { ownUser: 'agent' })).toBe(false)
  })

  it.each([
    [
      make({ directory: '/srv/app/' }),
      'the directory /srv/app. To allow it, write directories: ["/srv/app"] in the rule.',
    ],
    [
      make({ user: 'nobody' }),
      'execution as nobody. To allow it, write users: ["root","nobody"] in the rule.',
    ],
    [
      make({ environment: { A: '' } }),
      'the environment variable A. To allow it, write environment: ["A"] in the rule.',
    ],
    [
      deploy({ interpreter: 'bash -x' }),
      'the interpreter bash -x, only that of the #! line. To allow it, write interpreters: ["bash -x"] in the rule.',
    ],
    [
      deploy({ args: ['secret', 'b'] }),
      'this script with these 2 arguments. To allow it, write arguments: [[ARGUMENT1, ARGUMENT2]], or arguments: any, in the rule.',
    ],
  ])('says which part it does not allow, and what to write (%#)', (action, sentence) => {
    const rules = `rules: [{name: web, commands: {allow: ["make -s deploy"]}, scripts: [${digest}]}]`
    expect(ask(rules, action)).toEqual({
      allowed: false,
      code: 'policy',
      reason: `web does not allow ${sentence}`,
    })
  })

  it('says what to add where the part is there', () => {
    const parts =
      'directories: [/srv], users: [deploy], interpreters: [sh], arguments: [[a]], environment: [A]'
    const reasonOf = (more: object, action = make) =>
      (ask(rule(`${action === make ? command : scripts}, ${parts}`), action(more)) as { reason?: string })
        .reason
    expect(reasonOf({ directory: '/etc', user: 'deploy' })).toContain(
      'write "/etc" under directories in the rule.',
    )
    expect(reasonOf({})).toContain('execution as root. To allow it, write "root" under users in the rule.')
    expect(reasonOf({ interpreter: 'zsh' }, deploy)).toContain('write "zsh" under interpreters in the rule.')
    expect(reasonOf({ args: ['b'] }, deploy)).toContain('write [ARGUMENT1] under arguments in the rule.')
    expect(reasonOf({}, deploy)).toContain(
      'this script with no arguments. To allow it, write [] under arguments',
    )
  })

  it.each([
    ['one too few', ['production'], false],
    ['one too many', ['production', 'v1', 'v2'], false],
    ['another order', ['v1', 'production'], false],
    ['an option', ['production', '--force'], false],
    ['something for a shell', ['production', 'v1; id'], false],
    ['a line end', ['production', 'v1\nid'], false],
    ['one that holds both', ['production v1'], false],
    ['exactly these', ['production', 'v1.2'], true],
    ['the other list', ['staging'], true],
    ['none', [], false],
  ])('compares all arguments of a script: %s', (_, args, is) => {
    const lists = 'arguments: [[production, "v*"], [staging]]'
    expect(allows(rule(`${scripts}, ${lists}`), deploy({ args }))).toBe(is)
  })

  it.each(['x y', '-rf', '*', '$(id)', 'a;b', 'ü', '.profile', '~', 'a\tb'])(
    'allows no script by the name %j, which it may use as $0 without quotes',
    (name) => expect(allows(rule(`${scripts}, arguments: any`), deploy({ name }))).toBe(false),
  )

  it('allows by a pattern no directory that users other than root and the run’s can change', () => {
    const at = (directories: string, isOthers: boolean) =>
      ask(rule(`${command}, directories: ["${directories}"]`), make({ directory: '/srv/up/x' }), {
        found: { path: '/srv/up/x', isOthers },
      })
    expect(at('/srv/*', false).allowed).toBe(true)
    expect(at('/srv/up/x', true).allowed).toBe(true)
    expect(at('/srv/*', true)).toMatchObject({
      reason:
        'web allows the directory /srv/up/x only under its exact name, because users other than root can change it. To allow it, write "/srv/up/x" under directories in the rule.',
    })
  })

  it('does not borrow a part from another rule', () => {
    const rules = `rules: [{${command}}, {commands: {allow: [id]}, directories: ["*"], users: [nobody]}]`
    expect(allows(rules, make({ directory: '/tmp' }))).toBe(false)
    expect(allows(rules, make({ user: 'nobody' }))).toBe(false)
  })
})

describe('a rule without certain commands', () => {
  it('allows any directory, user, interpreter and argument that it does not limit', () => {
    const any = script('x', {
      directory: '/tmp',
      user: 'nobody',
      interpreter: 'sh -x',
      args: ['a'],
      name: 'a b',
    })
    expect(allows('rules: [{}]', any)).toBe(true)
    for (const part of ['directories: []', 'users: [root]', 'interpreters: [bash]', 'arguments: [[]]'])
      expect([part, allows(`rules: [{${part}}]`, any)]).toEqual([part, false])
  })
})

describe('a policy that asks for signatures', () => {
  const keys = generateKeyPairSync('ed25519')
  const raw = keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32)
  const openSsh = Buffer.concat([
    Buffer.from([0, 0, 0, 11]),
    Buffer.from('ssh-ed25519'),
    Buffer.from([0, 0, 0, 32]),
    raw,
  ]).toString('base64')
  const signatureBy = (privateKey: typeof keys.privateKey, name = 'alice') => {
    const body = sealSigned(
      { type: 'ack', runId: 'run-00000001', agentId: 'a', hostname: 'h', sentAt: 1, state: 'started' },
      undefined,
      { name, privateKey },
    )
    return openBody(body, 'reply').signature
  }

  it.each([
    ['PEM', JSON.stringify(keys.publicKey.export({ type: 'spki', format: 'pem' }))],
    ['32 bytes', `"${raw.toString('base64')}"`],
    ['OpenSSH', `"ssh-ed25519 ${openSsh} alice@desk"`],
  ])('understands a key as %s', (_, key) => {
    const rules = `keys: {alice: ${key}}\nrules: [{keys: [alice]}]`
    expect(allows(rules, shell('id'), { signature: signatureBy(keys.privateKey) })).toBe(true)
    const stranger = generateKeyPairSync('ed25519').privateKey
    expect(ask(rules, shell('id'), { signature: signatureBy(stranger) })).toMatchObject({ code: 'signature' })
    expect(ask(rules, shell('id'), { signature: signatureBy(keys.privateKey, 'bob') })).toMatchObject({
      code: 'signature',
      reason: 'rule 1 requires the signature of alice; this command is signed by bob.',
    })
    expect(ask(rules, shell('id'))).toMatchObject({ code: 'signature' })
  })

  it('takes a key until it expires, by SQS’s clock', () => {
    const key = keys.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64')
    const rules = `{ keys: { alice: { key: ${key}, expires: 2027-06-01 } }, rules: [{ keys: [alice] }] }`
    const signed = { signature: signatureBy(keys.privateKey) }
    const expiry = Date.UTC(2027, 5, 1)
    expect(allows(rules, shell('id'), { ...signed, now: expiry - 1 })).toBe(true)
    expect(ask(rules, shell('id'), { ...signed, now: expiry })).toMatchObject({
      code: 'signature',
      reason: expect.stringMatching(/^The key alice expired at \d{4}-\d\d-\d\dT.*Z\. Sign with another key/),
    })
    expect(() => policy(rules.replace('2027-06-01', 'some-day'))).toThrow('a date, as in 2027-12-31')
  })
})

describe('a policy file', () => {
  it.each([
    ['rulez: []', /rules|rulez/],
    ['rules: [{sender: [x]}]', /rules\.0\.sender/],
    ['rules: [{arguments: all}]', /rules\.0\.arguments.*any, or a list of lists/],
    ['rules: [{arguments: [a]}]', /rules\.0\.arguments/],
    ['rules: [{interpreter: [a]}]', /rules\.0\.interpreter/],
    ['rules: [{actions: [fly]}]', /rules\.0\.actions\.0/],
    ['rules: [{keys: [bob]}]', /rule 1 uses the key bob, which is not defined under keys/],
    ['keys: {a: short}\nrules: []', /keys\.a is not an ed25519 public key/],
    ['rules: [{commands: {allow: ["/(/"]}}]', /Cannot use the policy/],
    ['rules: [', /Cannot use the policy/],
    ['', /Cannot use the policy/],
  ])('that is %j cannot be used', (text, reason) => {
    expect(() => policy(text)).toThrow(reason)
  })
})

describe('A policy that is too large to be parsed', () => {
  it.each([
    [
      'characters',
      `deny: [${'x'.repeat(1024 * 1024)}]\nrules: []\n`,
      '1048595 characters, more than the limit of',
    ],
    ['patterns', `deny: [${'x,'.repeat(100_000)}]\nrules: []\n`, 'more than 100000 commas, colons'],
  ])('cannot be used, and says so: of too many %s', (_, text, why) => {
    expect(() => policy(text)).toThrow(`Cannot use the policy policy.yaml: ${why}`)
  })
})
