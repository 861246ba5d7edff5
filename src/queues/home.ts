import { homedir } from 'node:os'

/**
 * Gives this process a home directory where it has none: a service without HOME whose user has no name, as in containers.
 * The AWS SDK looks there for its files, also where it needs none, and gives up when the system knows no home.
 * @param variables of this process; `HOME` is set there
 */
export function giveHome(
  variables: Record<string, string | undefined> = process.env,
  ask: () => string = homedir,
): void {
  if (variables.HOME === '') delete variables.HOME
  try {
    ask()
  } catch {
    variables.HOME = '/'
  }
}
