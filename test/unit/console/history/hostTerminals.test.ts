import { beforeEach, describe, expect, it } from 'vitest'
import * as vscode from 'vscode'
import { type LoginBy, openHostTerminal } from '../../../../src/console/history/hostTerminals.ts'

const server = { agentId: 'i-01234567', hostname: 'web-01', identity: 'proven' } as const
let typed: { line: string; enters: boolean | undefined; options: vscode.TerminalOptions }[]
let asked = 0

beforeEach(() => {
  ;[typed, asked] = [[], 0]
  Object.assign(vscode.window, {
    createTerminal: (options: vscode.TerminalOptions) => ({
      show() {},
      sendText: (line: string, enters?: boolean) => typed.push({ line, enters, options }),
    }),
  })
})

const open = (of: Partial<Parameters<typeof openHostTerminal>[0]>, by: LoginBy, profile?: string) =>
  openHostTerminal({ ...server, ...of }, by, async () => {
    asked += 1
    return { region: 'eu-west-1', ...(profile !== undefined && { profile }) }
  })

describe('a terminal on a server', () => {
  it('waits for Enter, as the name is what the server says of itself', async () => {
    await open({}, 'ssh')
    expect(typed).toMatchObject([{ line: 'ssh web-01', enters: false }])
    expect(asked).toBe(0)
  })

  it('opens an SSM session at once where the ID is proven, and otherwise waits for Enter, too', async () => {
    await open({}, 'ssm')
    await open({ identity: 'unproven' }, 'ssm')
    expect(typed.map(({ enters }) => enters)).toEqual([true, false])
  })

  it('has the profile that signs, whatever its name is', async () => {
    await open({}, 'ssm', 'my profile')
    expect(typed[0]?.options.env).toEqual({ AWS_PROFILE: 'my profile' })
  })

  it.each([
    ['ssh', { hostname: '-oProxyCommand=reboot' }, 'is not a host name'],
    ['ssm', { agentId: 'web-01' }, 'is not the ID of an instance'],
  ] as const)('is not opened by %s for %o, and nobody is asked for a profile', async (by, of, why) => {
    await expect(open(of, by)).rejects.toThrow(why)
    expect(typed).toEqual([])
    expect(asked).toBe(0)
  })
})
