import { accessFindings } from './accessFindings.ts'
import type { Finding } from './finding.ts'
import type { Probe } from './probe.ts'
import { queueFindings } from './queueFindings.ts'

/** The findings of a probe. Errors first; a problem of the connection as a whole is reported once. */
export function diagnoseProbe(probe: Probe): Finding[] {
  const findings = [...accessFindings(probe), ...queueFindings(probe)]
  return findings.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}
