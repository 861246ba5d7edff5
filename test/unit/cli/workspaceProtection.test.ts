import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Arguments, parseArguments } from '../../../src/cli/arguments.ts'
import { environmentOf } from '../../../src/cli/configuration.ts'
import { protectingFile } from '../../../src/cli/workspaceProtection.ts'

const guarded = 'environments:\n  production:\n    region: eu-west-1\n    protected: true\n'
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workspace-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

async function write(file: string, text = guarded): Promise<string> {
  const path = join(folder, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
  return path
}

describe('An environment is protected for ec2-cmaster', () => {
  it.each([
    ['.vscode/ec2-collective.yaml', '.'],
    ['.vscode/ec2-collective.yaml', 'deploy/scripts'],
    ['shop.fleet.yaml', 'deploy'],
    ['teams/shop/shop.fleet.yaml', 'deploy/scripts'],
  ])('by %s of the workspace, run in its directory %s', async (file, directory) => {
    await write('.git/HEAD', '')
    await mkdir(join(folder, directory), { recursive: true })
    const path = await write(file)
    expect(protectingFile('production', join(folder, directory))).toBe(path)
    expect(protectingFile('testing', join(folder, directory))).toBeUndefined()
  })

  it('by an entry that cannot be used, and by a file that is not YAML', async () => {
    const path = await write(
      '.vscode/ec2-collective.yaml',
      'environments:\n  production: { protected: true, colour: 7 }\n',
    )
    expect(protectingFile('production', folder)).toBe(path)
    await write('.vscode/ec2-collective.yaml', 'environments: [production: {protected: true}\n\t- "\n')
    expect(protectingFile('production', folder)).toBe(path)
  })

  it('by any of several files, whatever the others say', async () => {
    await write('.vscode/ec2-collective.yaml', guarded.replace('true', 'false'))
    const path = await write('shop.fleet.yaml')
    expect(protectingFile('production', folder)).toBe(path)
  })

  it('not by a file below a directory that is no workspace, nor by one in node_modules', async () => {
    await write('other/shop.fleet.yaml')
    expect(protectingFile('production', folder)).toBeUndefined()
    await write('.git/HEAD', '')
    await write('node_modules/x/shop.fleet.yaml')
    await rm(join(folder, 'other'), { recursive: true })
    expect(protectingFile('production', folder)).toBeUndefined()
  })

  it('in doubt: what is no file is neither waited for nor read without end', async () => {
    for (const target of ['/dev/zero', '/dev/tty', join(folder, 'pipe'), join(folder, 'huge')]) {
      execFileSync('mkfifo', [join(folder, 'pipe')])
      await writeFile(join(folder, 'huge'), '')
      await truncate(join(folder, 'huge'), 2 ** 40)
      await symlink(target, join(folder, 'x.fleet.yaml'))
      expect(() => protectingFile('production', folder), target).toThrow(/Cannot read .*x\.fleet\.yaml/)
      for (const file of ['pipe', 'huge', 'x.fleet.yaml']) await rm(join(folder, file))
    }
  })

  it('in doubt: a file that cannot be read is an error', async () => {
    await mkdir(join(folder, '.vscode/ec2-collective.yaml'), { recursive: true })
    expect(() => protectingFile('production', folder)).toThrow(/which may say that production is protected/)
  })
})

describe('ec2-cmaster in a workspace', () => {
  it('takes nothing else from a workspace', async () => {
    await write(
      '.vscode/ec2-collective.yaml',
      `environments:
  production:
    region: us-east-1
    profile: theirs
    endpoint: https://sqs.example.com
    protected: true
    queues: { commands: theirs_master }
`,
    )
    await write(
      '.vscode/settings.json',
      '{ "ec2Collective.environments": { "production": { "region": "us-east-1", "endpoint": "https://sqs.example.com" } } }',
    )
    await write('ec2-cmaster.json', '{ "aws": { "endpoint": "https://sqs.example.com" } }')
    const args = parseArguments(['-e', 'production', '--everyone', '--', 'uptime']) as Arguments
    expect(environmentOf(args, { AWS_REGION: 'eu-west-1' }, folder)).toEqual({
      name: 'production',
      region: 'eu-west-1',
      queues: { commands: 'production_master', replies: 'production_agent', facts: 'production_facts' },
      protected: true,
    })
  })

  it('stays protected by its variable, whatever a workspace says', async () => {
    await write(
      '.vscode/ec2-collective.yaml',
      'environments:\n  production: { region: eu-west-1, protected: false }\n',
    )
    const args = parseArguments(['-e', 'production', '--everyone', '--', 'uptime']) as Arguments
    const env = { AWS_REGION: 'eu-west-1', EC2_COLLECTIVE_PROTECTED: ',staging,production' }
    expect(environmentOf(args, env, folder).protected).toBe(true)
    expect(environmentOf(args, { AWS_REGION: 'eu-west-1' }, folder).protected).toBe(false)
  })
})
