import { openWorkbench, type Workbench, type WorkbenchOptions } from './editor.ts'
import { until } from './until.ts'

/** No AWS anywhere: a developer's own files must not decide about a test. */
export const withoutAws = {
  AWS_CONFIG_FILE: '/nonexistent/config',
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_EC2_METADATA_DISABLED: 'true',
}

/** Nine agents start on two cores: generous, since whoever is late is waited for by condition. */
export const fleetPatience = { timeout: 60_000, interval: 250 }

/** An editor in which the user has started the local fleet, and sees its six agents of `testing`. */
export async function openFleetWorkbench(options: WorkbenchOptions = {}): Promise<Workbench> {
  const workbench = await openWorkbench({ ...options, env: { ...withoutAws, ...options.env } })
  try {
    await workbench.openContainer('EC2 Collective')
    await workbench.runCommand('EC2 Collective: Start Local Fleet')
    await showsAgents(workbench, 'testing', 6)
    return workbench
  } catch (error) {
    await workbench.screenshot('failed to start the local fleet')
    await workbench.close()
    throw error
  }
}

/** Waits until the row of an environment says how many agents it has. */
export async function showsAgents(workbench: Workbench, environment: string, agents: number): Promise<void> {
  const view = workbench.view('Environments')
  let row = ''
  await until(
    async () => {
      // A window that reloads has no rows for a while.
      row = await view.row(environment).then(
        ({ description }) => description,
        () => '',
      )
      return row.includes(`${agents} agents`)
    },
    `${agents} agents of ${environment}`,
    () => `, and saw: ${row}`,
    fleetPatience.timeout,
  )
}
