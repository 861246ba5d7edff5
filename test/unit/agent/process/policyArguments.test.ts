import { describe, expect, it } from 'vitest'
import { parseInvocation } from '../../../../agent/src/process/arguments.ts'

const parse = (line: string) => parseInvocation(['policy', ...line.split(' ').filter((word) => word !== '')])

describe('ec2-cagent policy', () => {
  it('tests a command as it follows --, with its own options', () => {
    expect(parse('test --sender AROAX:me --user deploy -- ls -l --user x')).toMatchObject({
      kind: 'policy-test',
      sender: 'AROAX:me',
      user: 'deploy',
      action: { kind: 'shell', command: 'ls -l --user x' },
    })
  })

  it('tests a script with its arguments, and what executes nothing', () => {
    expect(parse('test --sender AIDAX --script a.sh -- one two')).toMatchObject({
      action: { kind: 'script', file: 'a.sh', args: ['one', 'two'] },
    })
    expect(parse('test --sender AIDAX --action ping')).toMatchObject({ action: { kind: 'ping' } })
  })

  it('asks for unique ids, and says how to find one by its name', () => {
    expect(parse('init --operators AROAABCDEFGH --viewers AIDAABCDEFGH')).toMatchObject({
      kind: 'policy-init',
      operators: ['AROAABCDEFGH'],
      pipelines: [],
      viewers: ['AIDAABCDEFGH'],
      print: false,
    })
    expect(() => parse('init --operators arn:aws:iam::123456789012:role/teams/Ops')).toThrow(
      'aws iam get-role --role-name Ops --query Role.RoleId',
    )
    expect(() => parse('init --operators arn:aws:iam::123456789012:user/jane')).toThrow(
      'get-user --user-name jane',
    )
    expect(() => parse('init --operators Ops')).toThrow('unique id')
  })

  it.each([
    ['', 'policy init or policy test'],
    ['rm', 'Unknown argument "policy rm"'],
    ['init', 'needs --operators'],
    ['test -- ls', 'needs --sender'],
    ['test --sender A', 'needs a command'],
    ['test --sender A --action shell', 'ping or facts'],
    ['test --sender A --action ping -- ls', 'has no command'],
    ['test --sender A --nonsense -- ls', '--nonsense'],
  ])('does not accept "%s"', (line, reason) => {
    expect(() => parse(line)).toThrow(reason)
  })
})
