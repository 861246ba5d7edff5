import * as vscode from 'vscode'
import type { DeclaredEnvironment } from '../../declarations/declaredEnvironment.ts'
import { loginOf } from './awsFiles.ts'
import type { Profiles } from './profiles.ts'

/** "Log In with AWS SSO…": `aws sso login` in a terminal, where the user sees what it does. */
export function logIn(
  ask: (clicked: unknown, title: string) => Promise<DeclaredEnvironment | undefined>,
  profiles: Profiles,
) {
  return async (clicked?: unknown) => {
    const declared = await ask(clicked, vscode.l10n.t('Log In'))
    if (declared === undefined) return
    const name = profiles.nameFor(declared.environment) ?? 'default'
    const login = loginOf(name, await profiles.list())
    if (login === undefined) {
      throw new Error(
        vscode.l10n.t(
          'The profile {0} has no login. Renew its keys in ~/.aws, or choose another profile.',
          name,
        ),
      )
    }
    const terminal = vscode.window.createTerminal({ name: vscode.l10n.t('AWS login') })
    terminal.show()
    const verb = login.kind === 'login' ? 'login' : 'sso login'
    terminal.sendText(`aws ${verb} --profile '${login.name.replaceAll("'", `'\\''`)}'`)
  }
}
