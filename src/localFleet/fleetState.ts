import type { Environment } from '../queues/environment.ts'

/** What the supervisor tells its clients, whole, whenever it changes: one line of JSON. */
export interface FleetState {
  readonly phase: 'starting' | 'running' | 'stopping'
  readonly supervisorPid: number
  /** Empty while starting. */
  readonly environments: readonly Environment[]
  readonly agents: readonly LocalAgent[]
}

export interface LocalAgent {
  readonly agentId: string
  readonly hostname: string
  readonly environment: string
  /** Absent while it is being started again. */
  readonly pid?: number
  readonly restarts: number
  readonly logFile: string
}

/** What a client says, one line of JSON. Being connected is what keeps the fleet alive. */
export interface FleetRequest {
  readonly request: 'stop'
}
