import { accessFindings } from './accessFindings.ts'
import type { Finding } from './finding.ts'
import type { Probe } from './probe.ts'
import { queueFindings } from './queueFindings.ts'

/** Judges a probe. Errors first; what is wrong with the connection as a whole is said once. */
export function diagnoseProbe(probe: Probe): Finding[] {
  const findings = [...accessFindings(probe), ...queueFindings(probe)]
  return findings.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'))
}
