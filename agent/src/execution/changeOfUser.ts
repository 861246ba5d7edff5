import { access, constants } from 'node:fs/promises'
import type { Launch } from './processGroup.ts'
import type { User } from './users.ts'

/** `setpriv` (util-linux) gives a user their supplementary groups, which the plain system calls do not. */
const setpriv = '/usr/bin/setpriv'

/**
 * What the new user starts where there are variables: it reads them from descriptor 3 and becomes the program. They are on
 * no command line, where every local user could read them.
 */
const becomeWithVariables = 'eval "$(cat <&3)" && exec 3<&- && exec "$@"'

/** Variables that shells keep for themselves, so that a program cannot be given them through a shell. */
const keptByShells =
  /^(UID|EUID|PPID|BASHOPTS|SHELLOPTS|BASH_VERSINFO|BASH_LINENO|FUNCNAME|GROUPS|DIRSTACK|OPTIND|_)$/

/**
 * Starts a program as another user. Programs that still have the agent's rights see `environment` only, which is the
 * agent's own; `variables`, which the sender of the command chose, are set when the user has changed: `LD_PRELOAD` and
 * the like would otherwise let them do anything as root.
 * @throws Error in words for a variable that cannot be given
 */
export async function asUser(
  { uid, gid }: User,
  launch: Launch,
  variables: Readonly<Record<string, string>>,
  change: string = setpriv,
): Promise<Launch> {
  const isThere = await access(change, constants.X_OK).then(
    () => true,
    () => false,
  )
  const { file, args, environment } = launch
  // The ids change before the program is executed, and nothing else is executed.
  if (!isThere) return { ...launch, environment: { ...environment, ...variables }, as: { uid, gid } }
  const become = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--']
  const entries = Object.entries(variables)
  if (entries.length === 0) return { ...launch, file: change, args: [...become, file, ...args] }
  const kept = entries.find(([name]) => keptByShells.test(name))
  if (kept !== undefined) throw new Error(`the variable ${kept[0]} cannot be given to another user`)
  return {
    ...launch,
    file: change,
    args: [...become, '/bin/sh', '-c', becomeWithVariables, 'sh', file, ...args],
    input: entries.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join(''),
  }
}

/** As one word of a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
