import type { ProbedRow } from './recorded.ts'

/** Text of an endpoint, which may contain anything, in one line without control characters. */
export function printed(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
}

/** A row for a terminal; what differs, or is unclear, with the requests and answers that show it. */
export function describeRow({ name, assumed, matters, verdict, seen, evidence }: ProbedRow): string {
  const lines = [
    `${verdict.padEnd(8)} ${name}`,
    `         assumed: ${assumed}`,
    `         seen: ${printed(seen)}`,
    `         depends on it: ${matters}`,
  ]
  const shown = verdict === 'same' ? [] : evidence
  for (const { operation, request, status, answer } of shown) {
    lines.push(`         > ${operation} ${printed(request).slice(0, 300)}`)
    lines.push(`         < ${status} ${printed(answer).slice(0, 300)}`)
  }
  return lines.join('\n')
}

/** As in `40 same, 3 differ, 2 unclear`. */
export function countVerdicts(rows: readonly ProbedRow[]): string {
  const count = (verdict: ProbedRow['verdict']) => rows.filter((row) => row.verdict === verdict).length
  return `${count('same')} same, ${count('differs')} differ, ${count('unclear')} unclear`
}
