import { access, constants } from 'node:fs/promises'
import type { Launch } from './processGroup.ts'
import type { User } from './users.ts'

/** `setpriv` (util-linux) gives a user their supplementary groups, which the plain system calls do not. */
const setpriv = '/usr/bin/setpriv'

/**
 * What the new user starts, with a directory and a program with its arguments: it enters the directory and becomes the program.
 * Only now are the rights those of the user, who may enter less than root. `exactly`: where the directory is no longer the
 * one with this real path, because a part of the path was exchanged, nothing is executed. (A path may end with a line end,
 * which `$( )` would drop.)
 */
const enter = {
  exactly: `{ cd -P -- "$1" 2>/dev/null && [ "$(pwd -P; echo .)" = "$1
." ] || { printf 'ec2-cagent: %s cannot enter %s\\n' "$(id -un)" "$1" >&2; exit 126; }; }`,
  ifPossible: '{ cd -P -- "$1" 2>/dev/null || cd /; }',
}
const become = 'unset OLDPWD && shift && exec "$@"'
/** The same with variables, read from descriptor 3: on no command line, where every local user could read them. */
const becomeWithVariables = 'unset OLDPWD && shift && eval "$(cat <&3)" && exec 3<&- && exec "$@"'

/** Variables that shells keep for themselves, so that a program cannot be given them through a shell. */
const keptByShells =
  /^(UID|EUID|PPID|BASHOPTS|SHELLOPTS|BASH_VERSINFO|BASH_LINENO|FUNCNAME|GROUPS|DIRSTACK|OPTIND|_)$/

/**
 * Starts a program as another user. Programs that still have the agent's rights see `environment` only, which is the
 * agent's own; `variables`, which the sender of the command chose, are set when the user has changed: `LD_PRELOAD` and
 * the like would otherwise let them do anything as root. The directory, too, is entered with the user's rights.
 * @param how whether the directory must be what it was when it was looked up
 * @throws Error in words for a variable that cannot be given
 */
export async function asUser(
  { uid, gid }: User,
  launch: Launch,
  variables: Readonly<Record<string, string>>,
  how: keyof typeof enter,
  change: string = setpriv,
): Promise<Launch> {
  const { file, args, environment, directory } = launch
  const entries = Object.entries(variables)
  const kept = entries.find(([name]) => keptByShells.test(name))
  if (kept !== undefined) throw new Error(`the variable ${kept[0]} cannot be given to another user`)
  const text = `${enter[how]} && ${entries.length === 0 ? become : becomeWithVariables}`
  const started = ['/bin/sh', '-c', text, 'sh', directory, file, ...args] as const
  const input =
    entries.length === 0
      ? {}
      : { input: entries.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join('') }
  const isThere = await access(change, constants.X_OK).then(
    () => true,
    () => false,
  )
  if (isThere) {
    const ids = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--']
    return { file: change, args: [...ids, ...started], directory: '/', environment, ...input }
  }
  // The ids change before the program is executed, and nothing else is executed.
  const [shell, ...rest] = started
  return { file: shell, args: rest, directory: '/', environment, ...input, as: { uid, gid } }
}

/** As one word of a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}
