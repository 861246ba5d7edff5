import { stat } from 'node:fs/promises'

/** What tells that a file has changed, or why there is none to look at. Costs one `stat`. */
export async function fileStamp(file: string): Promise<string> {
  return stat(file, { bigint: true }).then(
    ({ mtimeNs, ctimeNs, size, ino, dev }) => `${mtimeNs} ${ctimeNs} ${size} ${ino} ${dev}`,
    ({ code }: NodeJS.ErrnoException) => code ?? 'none',
  )
}
