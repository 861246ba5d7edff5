/** Environment variable that every process of a run carries, so that those who left its group are found too. */
export const runMark = 'EC2_COLLECTIVE_RUN'

/** Several agents may share a server (the local fleet), and one run goes to all of them. */
export function markOf(agentId: string, runId: string): string {
  return `${agentId}/${runId}`
}
