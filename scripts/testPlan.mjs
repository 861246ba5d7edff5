// @ts-check
// Which test files which command runs. `npm test` has 15 minutes on two cores; what takes longer than its share, or
// changes the machine that it runs on, is for `npm run test:nightly` (CONTRIBUTING.md).

/**
 * @typedef {object} TestRun
 * @property {string} name shown when it ends
 * @property {string} project of vitest.config.mts
 * @property {string[]} [files] of the project that are run; default: all
 * @property {string[]} [without] files of the project that are not run
 * @property {Record<string, string>} [variables] of its environment
 */

/**
 * Integration tests mostly wait. These share nothing with one another (each has its own queue server, directories and
 * agents), so two of them can run at a time. The others need the machine for themselves: they measure, start dozens of
 * processes, or build into `dist/`.
 */
const sideBySide = [
  ...['page', 'partners', 'cli', 'conformance', 'queues'].map((folder) => `test/integration/${folder}/`),
  ...['broadcast', 'factsSweep', 'misbehaviour', 'stopEverything', 'twoMasters'].map(
    (name) => `test/integration/master/${name}.test.ts`,
  ),
  'test/integration/sqsProbe/program.test.ts',
  ...['confirmedAgents', 'faultProxy', 'hiddenCommands', 'hostilePeers', 'whatSqsDoes'].map(
    (name) => `test/integration/faults/${name}.test.ts`,
  ),
  ...['auditing', 'commands', 'execution', 'facts', 'policyAttacks'].map(
    (name) => `test/integration/agent/${name}.test.ts`,
  ),
]

/** Each takes most of a minute, and shows at length what others show in small. */
const long = [
  'test/integration/faults/masterUnderFaults.test.ts',
  'test/integration/master/fleetOfFifty.test.ts',
  'test/integration/sqsProbe/rows.test.ts',
]

/** @type {Readonly<Record<'daily' | 'nightly', readonly TestRun[]>>} */
export const testPlan = {
  daily: [
    { name: 'unit', project: 'unit' },
    {
      ...{ name: 'integration, two at a time', project: 'integration', files: sideBySide },
      variables: { INTEGRATION_WORKERS: '2' },
    },
    { name: 'integration', project: 'integration', without: [...sideBySide, ...long] },
    { name: 'attack', project: 'attack' },
    { name: 'e2e', project: 'e2e' },
  ],
  nightly: [
    { name: 'nightly', project: 'nightly' },
    { name: 'long', project: 'integration', files: long },
    {
      ...{ name: 'kills', project: 'integration', files: ['test/integration/agent/kills.test.ts'] },
      variables: { AGENT_KILLS: '300' },
    },
    { name: 'package', project: 'package' },
  ],
}
