import { readFile } from 'node:fs/promises'
import { verifyAuditLines } from '../../../src/chain/auditChain.ts'
import { linesIn } from '../../../src/chain/hashChain.ts'
import { readConfiguration } from '../settings/configuration.ts'

/**
 * Checks the chain of audit lines over these files.
 * @returns the exit code: 1 when a line was changed, removed or inserted
 * @throws Error when a file cannot be read, in words
 */
export async function verifyAudit(
  { files, configFile }: { readonly files: readonly string[]; readonly configFile: string | undefined },
  write: (text: string) => void,
): Promise<number> {
  const named = files.length > 0 ? files : await configuredFile(configFile)
  const texts = await Promise.all(named.map((file) => readFile(file, 'utf8')))
  // A file that ends within a line must not spoil the first line of the next.
  const all = texts.map((text) => (text === '' || text.endsWith('\n') ? text : `${text}\n`)).join('')
  const { lines, first, last, unchained, problems } = verifyAuditLines(linesIn(all))
  for (const problem of problems) write(`${problem}\n`)
  if (unchained > 0)
    write(`${unchained} lines before entry 1 are of an earlier version: nothing vouches for them.\n`)
  if (first === undefined) write('No audit lines found.\n')
  else write(`${lines} lines checked: entries ${first} to ${last}.\n`)
  const restored = all.split('\n').filter(isRestored).length
  if (restored > 0)
    write(
      `${restored} ${restored === 1 ? 'line was' : 'lines were'} written again from the journal: this machine failed, or somebody cut off the log.\n`,
    )
  if (first !== undefined && first > 1) write(`Entries before ${first} are in older files.\n`)
  write(problems.length === 0 ? 'Nothing was changed, removed or inserted.\n' : 'The log is not complete.\n')
  return problems.length === 0 ? 0 : 1
}

function isRestored(line: string): boolean {
  try {
    return 'restored' in JSON.parse(line)
  } catch {
    return false
  }
}

async function configuredFile(configFile: string | undefined): Promise<string[]> {
  const { auditLog, file } = await readConfiguration(configFile)
  if (auditLog === undefined) throw new Error(`general.audit_log is false in ${file}: nothing is audited.`)
  return [auditLog]
}
